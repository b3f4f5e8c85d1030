//go:build unix

package pg_test

import (
	"context"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

// A wire leads to a server. Its connections can fall silent: they stay open, and nothing passes any more.
type wire struct {
	network, address string
	running          sync.WaitGroup

	mu     sync.Mutex
	silent chan struct{} // closed when those made until then are to be silent
}

// wireTo returns a wire to the database of c, and c through it.
func wireTo(t *testing.T, c pg.Config) (*wire, pg.Config) {
	t.Helper()
	w := &wire{network: "tcp", address: net.JoinHostPort(c.Host, strconv.Itoa(c.Port)), silent: make(chan struct{})}
	if strings.HasPrefix(c.Host, "/") {
		w.network, w.address = "unix", filepath.Join(c.Host, ".s.PGSQL."+strconv.Itoa(c.Port))
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, hangUp := context.WithCancel(context.WithoutCancel(t.Context()))
	t.Cleanup(func() {
		_ = listener.Close()
		hangUp()
		w.running.Wait()
	})
	w.running.Go(func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			w.running.Go(func() { w.join(ctx, near) })
		}
	})
	c.Host, c.Port, c.SSLMode = "127.0.0.1", listener.Addr().(*net.TCPAddr).Port, "disable"
	return w, c
}

// join passes on what either side of a connection says until one of them ends it, and for a silent one the client.
func (w *wire) join(ctx context.Context, near net.Conn) {
	far, err := new(net.Dialer).DialContext(ctx, w.network, w.address)
	if err != nil {
		_ = near.Close()
		return
	}
	w.mu.Lock()
	silent := w.silent
	w.mu.Unlock()
	forget := context.AfterFunc(ctx, func() { _, _ = near.Close(), far.Close() })
	defer forget()
	var sides sync.WaitGroup
	for _, side := range [][2]net.Conn{{near, far}, {far, near}} {
		sides.Go(func() {
			_, _ = io.Copy(side[0], hearing{side[1], silent})
			_, _ = near.Close(), far.Close()
		})
	}
	sides.Wait()
}

func (w *wire) fallSilent() {
	w.mu.Lock()
	defer w.mu.Unlock()
	close(w.silent)
	w.silent = make(chan struct{})
}

// hearing hears what the other side says until it is silent.
type hearing struct {
	net.Conn

	silent <-chan struct{}
}

func (h hearing) Read(p []byte) (int, error) {
	for {
		n, err := h.Conn.Read(p)
		select {
		case <-h.silent:
			if err != nil {
				return 0, err
			}
		default:
			return n, err
		}
	}
}

// openWired returns a pool of so many connections, all made, and the wire they go through.
func openWired(t *testing.T, conns int32) (*pgxpool.Pool, *wire) {
	t.Helper()
	w, c := wireTo(t, pgtest.Config(t))
	c.MaxConns = conns
	pool := pgtest.Open(t, c)
	makeAll(t, pool)
	return pool, w
}

// makeAll has all connections of a pool made.
func makeAll(t *testing.T, pool *pgxpool.Pool) {
	t.Helper()
	for range pool.Config().MaxConns {
		conn, err := pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Release()
	}
}

// ask runs a statement as for somebody who waits for a minute.
func ask(t *testing.T, pool *pgxpool.Pool, sql string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	_, err := pool.Exec(ctx, sql)
	if ctx.Err() != nil {
		t.Errorf("%s: nothing ended it but the patience of its caller", sql)
	}
	return err
}

// Connections that fall silent in a statement fail that one alone, even if they are all that the pool may have.
func TestSilence_UnderWay(t *testing.T) {
	t.Parallel()
	const busy = 4
	pool, w := openWired(t, busy)
	var running sync.WaitGroup
	for range busy {
		running.Go(func() {
			err := ask(t, pool, "SELECT pg_sleep(1.5)")
			if !errors.Is(err, context.DeadlineExceeded) || !pg.IsUnavailable(err) {
				t.Errorf("a silent statement: got error %v, want one of an unavailable database", err)
			}
		})
	}
	for pool.Stat().AcquiredConns() < busy {
		if t.Context().Err() != nil {
			t.Fatal("the statements do not begin")
		}
	}
	w.fallSilent()
	running.Wait()
	for range busy {
		if err := ask(t, pool, "SELECT 1"); err != nil {
			t.Errorf("after the others are replaced: %v", err)
		}
	}
}

// Connections that fell silent while nobody used them fail nobody, however many there are.
func TestSilence_Idle(t *testing.T) {
	t.Parallel()
	pool, w := openWired(t, 8)
	if err := ask(t, pool, "SELECT pg_sleep(1.2)"); err != nil { // Until the others count as idle.
		t.Fatal(err)
	}
	held, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer held.Release()
	w.fallSilent()
	for range 8 {
		if err := ask(t, pool, "SELECT 1"); err != nil {
			t.Errorf("a statement on a pool of silent connections: %v", err)
		}
	}
}

// Who goes away says nothing about the connection of others.
func TestSilence_ClientGone(t *testing.T) {
	t.Parallel()
	pool, _ := openWired(t, 4)
	for _, ended := range []error{context.Canceled, context.DeadlineExceeded} {
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if errors.Is(ended, context.Canceled) {
			time.AfterFunc(50*time.Millisecond, cancel)
		}
		if _, err := pool.Exec(ctx, "SELECT pg_sleep(1)"); !errors.Is(err, ended) {
			t.Errorf("a statement whose client goes away: got error %v, want %v", err, ended)
		}
	}
	makeAll(t, pool)
	if got := pool.Stat().NewConnsCount(); got > 4+2 {
		t.Errorf("%d connections were made, want no more than the first 4 and one for each that was broken off", got)
	}
}

// Statements for which nobody waits take the time that the server gives them.
func TestSilence_NobodyWaits(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	if _, err := pool.Exec(t.Context(), "SET statement_timeout = 0; SELECT pg_sleep(3.3)"); err != nil {
		t.Errorf("a long statement without a deadline: %v", err)
	}
}
