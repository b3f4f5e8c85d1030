package kv_test

import (
	"context"
	"io"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/platform/kv"
	"github.com/shumbooking/shumbooking/platform/kv/kvtest"
)

// wireTo returns cfg through a wire on which nothing passes before so many connections are made, and a function by which
// those made until then fall silent: they stay open, and Redis hears nothing of them any more.
func wireTo(t *testing.T, cfg kv.Config, conns int32) (kv.Config, func()) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	redis := net.JoinHostPort(cfg.Host, strconv.Itoa(cfg.Port))
	var made atomic.Int32
	var silent atomic.Bool
	all := make(chan struct{})
	ctx, end := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			number := made.Add(1)
			if number == conns {
				close(all)
			}
			context.AfterFunc(ctx, func() { _ = near.Close() })
			running.Go(func() {
				<-all
				relay(ctx, near, redis, func() bool { return number <= conns && silent.Load() })
			})
		}
	})
	t.Cleanup(func() {
		_ = listener.Close()
		end()
		running.Wait()
	})
	cfg.Host, cfg.Port = "127.0.0.1", listener.Addr().(*net.TCPAddr).Port
	return cfg, func() { silent.Store(true) }
}

// relay passes on what either side says until one of them ends it. Of what a silent client says nothing is passed on.
func relay(ctx context.Context, near net.Conn, to string, isSilent func() bool) {
	defer func() { _ = near.Close() }() // The other side may have ended it.
	far, err := new(net.Dialer).DialContext(ctx, "tcp", to)
	if err != nil {
		return
	}
	go func() { // It ends when the other direction does.
		_, _ = io.Copy(near, far)
		_ = near.Close()
	}()
	defer func() { _ = far.Close() }()
	buffer := make([]byte, 4096)
	for {
		n, err := near.Read(buffer)
		if err != nil {
			return
		}
		if isSilent() {
			continue
		}
		if _, err := far.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// One call finds out that all connections are dead, and the next that is let through has another.
func TestSilentConnections(t *testing.T) {
	t.Parallel()
	const conns = 5
	cfg, fallSilent := wireTo(t, kvtest.Config(t), conns)
	cfg.Timeout, cfg.Pause = 2*time.Second, 20*time.Millisecond
	b := setup(t, cfg)
	var calls sync.WaitGroup
	for range conns {
		calls.Go(func() {
			if err := b.ping(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	calls.Wait()
	fallSilent()
	wantAway(t, "a connection that fell silent", b.ping(t.Context()))
	b.clock.passPause()
	if err := b.ping(t.Context()); err != nil {
		t.Errorf("the call after the pause: %v", err)
	}
}
