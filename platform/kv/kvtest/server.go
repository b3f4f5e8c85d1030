//go:build unix

package kvtest

import (
	"errors"
	"net"
	"strconv"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/shumbooking/shumbooking/platform/kv"
)

// A Server is a redis-server of a test's own, to be hurt.
type Server struct {
	tb testing.TB
	*server
}

// Start returns a server that ends with the test. It keeps nothing when it is killed.
func Start(tb testing.TB) *Server {
	tb.Helper()
	started, err := launch(tb.Context(), "0")
	if err != nil {
		tb.Fatalf("kvtest: %v", err)
	}
	s := &Server{tb: tb, server: started}
	tb.Cleanup(func() { s.Kill() })
	return s
}

// Config returns how to reach the server, with the timeout and the pause of the real program.
func (s *Server) Config() kv.Config {
	host, port, err := net.SplitHostPort(s.addr)
	if err != nil {
		s.tb.Fatalf("kvtest: %v", err)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		s.tb.Fatalf("kvtest: %v", err)
	}
	return kv.Config{Host: host, Port: number}
}

// Kill ends the server at once.
func (s *Server) Kill() {
	s.signal(syscall.SIGKILL)
	<-s.exited
}

// Pause lets the server take connections and answer nothing, until Resume.
func (s *Server) Pause() { s.signal(syscall.SIGSTOP) }

// Resume ends a Pause.
func (s *Server) Resume() { s.signal(syscall.SIGCONT) }

// Restart starts a killed server again, empty, at the same address.
func (s *Server) Restart() {
	s.tb.Helper()
	_, port, err := net.SplitHostPort(s.addr)
	if err == nil {
		s.server, err = launch(s.tb.Context(), port)
	}
	if err != nil {
		s.tb.Fatalf("kvtest: restart: %v", err)
	}
}

// Flush empties the server, scripts included.
func (s *Server) Flush() {
	s.tb.Helper()
	client := redis.NewClient(&redis.Options{Addr: s.addr})
	ctx := s.tb.Context()
	if err := errors.Join(client.FlushAll(ctx).Err(), client.ScriptFlush(ctx).Err(), client.Close()); err != nil {
		s.tb.Fatalf("kvtest: flush: %v", err)
	}
}

func (s *Server) signal(sig syscall.Signal) {
	select {
	case <-s.exited:
	default:
		_ = s.cmd.Process.Signal(sig) // it may end meanwhile
	}
}
