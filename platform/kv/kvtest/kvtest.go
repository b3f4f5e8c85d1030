// Package kvtest gives tests a Redis.
//
// Each test binary runs a redis-server if that is installed. Else it uses the one at TEST_REDIS_ADDR (host:port), which
// must have been started with --databases 4096, and without that, one in the process. What fails, stops and restarts is
// a [Server], which needs redis-server.
package kvtest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/shumbooking/shumbooking/platform/kv"
)

// Patience is the timeout of clients in tests that are not about timeouts: a busy machine is not a Redis that is away.
const Patience = 20 * time.Second

// databases is how many a started server has, one for each test of a binary.
const databases = 4096

// shared is the server of this test binary. It ends with the process.
var shared = sync.OnceValues(func() (*place, error) {
	if _, err := exec.LookPath("redis-server"); err != nil {
		if addr := os.Getenv("TEST_REDIS_ADDR"); addr != "" {
			return newPlace(addr)
		}
		m, err := miniredis.Run()
		if err != nil {
			return nil, err
		}
		return newPlace(m.Addr())
	}
	s, err := launch(context.Background(), "0") //nolint:forbidigo // it is for all tests
	if err != nil {
		return nil, err
	}
	return newPlace(s.addr)
})

// A place is where databases are.
type place struct {
	host string
	port int
	next atomic.Int64
}

func newPlace(addr string) (*place, error) {
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		return nil, err
	}
	p := &place{host: host}
	// Other test binaries may use the same server.
	p.next.Store(rand.Int64N(databases)) //nolint:gosec // chance, not secrecy
	p.port, err = strconv.Atoi(port)
	return p, err
}

// Config returns how to reach an empty database of a test's own, with all the time that a busy machine needs.
func Config(tb testing.TB) kv.Config {
	tb.Helper()
	p, err := shared()
	if err != nil {
		tb.Fatalf("kvtest: %v", err)
	}
	c := kv.Config{Host: p.host, Port: p.port, DB: int(p.next.Add(1)-1) % databases, Timeout: Patience}
	client := redis.NewClient(&redis.Options{Addr: net.JoinHostPort(c.Host, strconv.Itoa(c.Port)), DB: c.DB})
	if err := errors.Join(client.FlushDB(tb.Context()).Err(), client.Close()); err != nil {
		tb.Fatalf("kvtest: empty database %d: %v", c.DB, err)
	}
	return c
}

// New returns a client of an empty database of the test's own.
func New(tb testing.TB) *kv.Client {
	tb.Helper()
	return Open(tb, Config(tb))
}

// Open returns a client that is closed when the test ends.
func Open(tb testing.TB, cfg kv.Config) *kv.Client {
	tb.Helper()
	c := kv.Open(cfg)
	tb.Cleanup(func() {
		if err := c.Close(); err != nil {
			tb.Errorf("close the client: %v", err)
		}
	})
	return c
}

// launch starts a server on a port, which may be 0 for any, and waits until it answers.
func launch(ctx context.Context, port string) (*server, error) {
	for range 10 {
		s, err := launchOnce(ctx, port)
		if err == nil || port != "0" {
			return s, err
		}
	}
	return nil, errors.New("redis-server finds no free port")
}

// A server is a running redis-server.
type server struct {
	addr   string
	cmd    *exec.Cmd
	exited chan struct{}
}

func launchOnce(ctx context.Context, port string) (*server, error) {
	if port == "0" {
		// redis-server takes 0 for no port at all.
		free, err := freePort(ctx)
		if err != nil {
			return nil, err
		}
		port = free
	}
	cmd := exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", //nolint:noctx,gosec // ends with the process
		"--databases", strconv.Itoa(databases), "--daemonize", "no")
	cmd.SysProcAttr = dieWithParent()
	cmd.Dir = os.TempDir()
	s := &server{addr: net.JoinHostPort("127.0.0.1", port), cmd: cmd, exited: make(chan struct{})}
	if err := s.begin(); err != nil {
		return nil, err
	}
	return s, s.await(ctx)
}

func freePort(ctx context.Context) (string, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	_, port, err := net.SplitHostPort(l.Addr().String())
	return port, errors.Join(err, l.Close())
}

// await returns when the server answers.
func (s *server) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, Patience)
	defer cancel()
	client := redis.NewClient(&redis.Options{Addr: s.addr, MaxRetries: -1})
	var last error
	for {
		info, err := client.InfoMap(ctx, "server").Result()
		// Another server may have taken the port first.
		if err == nil && info["Server"]["process_id"] == strconv.Itoa(s.cmd.Process.Pid) {
			return client.Close()
		}
		select {
		case <-s.exited:
			return errors.Join(errors.New("redis-server ended"), client.Close())
		case <-ctx.Done():
			return fmt.Errorf("redis-server does not answer: %w", errors.Join(cmp.Or(last, err), client.Close()))
		case <-time.After(5 * time.Millisecond):
			last = err
		}
	}
}
