package main

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"github.com/shumbooking/shumbooking/migrations"
	"github.com/shumbooking/shumbooking/platform/health"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
	"github.com/shumbooking/shumbooking/platform/proctest"
)

// A wire leads to a server and can be cut.
type wire struct {
	path, network, address string

	mu       sync.Mutex
	listener net.Listener
	conns    []net.Conn
}

// wireTo returns a wire to the database of c, and c through it.
func wireTo(t *testing.T, c pg.Config) (*wire, pg.Config) {
	t.Helper()
	w := &wire{network: "tcp", address: net.JoinHostPort(c.Host, strconv.Itoa(c.Port))}
	socket := ".s.PGSQL." + strconv.Itoa(c.Port)
	if strings.HasPrefix(c.Host, "/") {
		w.network, w.address = "unix", filepath.Join(c.Host, socket)
	}
	c.Host = t.TempDir()
	w.path = filepath.Join(c.Host, socket)
	w.mend(t)
	t.Cleanup(w.cut)
	return w, c
}

func (w *wire) mend(t *testing.T) {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "unix", w.path)
	if err != nil {
		t.Fatal(err)
	}
	w.mu.Lock()
	w.listener = listener
	w.mu.Unlock()
	ctx := context.WithoutCancel(t.Context())
	go func() {
		for {
			near, err := listener.Accept()
			if err != nil {
				return
			}
			w.join(ctx, near)
		}
	}()
}

func (w *wire) join(ctx context.Context, near net.Conn) {
	far, err := new(net.Dialer).DialContext(ctx, w.network, w.address)
	if err != nil {
		hangUp(near)
		return
	}
	w.mu.Lock()
	w.conns = append(w.conns, near, far)
	w.mu.Unlock()
	for _, ends := range [][2]net.Conn{{near, far}, {far, near}} {
		go func() {
			_, _ = io.Copy(ends[0], ends[1])
			hangUp(ends[0])
		}()
	}
}

// hangUp closes a connection that may be closed already.
func hangUp(c net.Conn) { _ = c.Close() }

func (w *wire) cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.listener.Close()
	for _, c := range w.conns {
		hangUp(c)
	}
	w.conns = nil
}

// newTestApplication returns an application that has not started, on a database of its own behind a wire, and on
// a Redis of its own.
func newTestApplication(t *testing.T, c pg.Config) (*application, *wire, *miniredis.Miniredis) {
	t.Helper()
	w, c := wireTo(t, c)
	r := miniredis.RunT(t)
	s, err := readSettings(environmentFor(c, map[string]string{"REDIS_HOST": r.Host(), "REDIS_PORT": r.Port()}), serving)
	if err != nil {
		t.Fatal(err)
	}
	a, err := newApplication(t.Context(), s, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.employ(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.close(); err != nil {
			t.Error(err)
		}
	})
	return a, w, r
}

// runWorker lets the application run jobs until the test ends.
func (a *application) runWorker(t *testing.T) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := a.worker.Run(ctx); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		stop()
		running.Wait()
	})
}

// eventuallyAnswers waits until the endpoint has the status, and returns the answer.
func eventuallyAnswers(t *testing.T, c *apitest.Client, path, status string, code int) *apitest.Response {
	t.Helper()
	var res *apitest.Response
	proctest.Eventually(t, path+" says "+status, func() bool {
		res = c.Do("GET", path, nil)
		var body struct{ Status string }
		return json.Unmarshal(res.Body, &body) == nil && body.Status == status
	})
	return res.Want(code)
}

func TestOutages(t *testing.T) {
	t.Parallel()
	a, wire, redis := newTestApplication(t, pgtest.Config(t))
	c := apitest.Wrap(t, a.handler, a.api.Document())
	eventuallyAnswers(t, c, "/ready", "starting", http.StatusServiceUnavailable)
	if err := a.start(t.Context(), adminSettings{}); err != nil {
		t.Fatal(err)
	}
	eventuallyAnswers(t, c, "/ready", "ready", http.StatusOK)
	eventuallyAnswers(t, c, "/health", "degraded", http.StatusOK)
	a.runWorker(t)
	eventuallyAnswers(t, c, "/health", "ok", http.StatusOK)

	redis.Close()
	eventuallyAnswers(t, c, "/health", "degraded", http.StatusOK)
	var ready health.Readiness
	eventuallyAnswers(t, c, "/ready", "ready", http.StatusOK).Decode(&ready)
	if ready.Checks["redis"].Status != "down" || ready.Checks["postgres"].Status != "up" {
		t.Errorf("without Redis the checks are %+v, want redis down and postgres up", ready.Checks)
	}
	c.Do("GET", "/countries", nil).Want(http.StatusOK)

	wire.cut()
	res := eventuallyAnswers(t, c, "/ready", "unavailable", http.StatusServiceUnavailable)
	down := eventuallyAnswers(t, c, "/health", "down", http.StatusServiceUnavailable)
	for _, body := range [][]byte{res.Body, down.Body} {
		if strings.Contains(string(body), "dial") || strings.Contains(string(body), "PGSQL") {
			t.Errorf("the answer tells how the database is reached: %s", body)
		}
	}
	c.Do("GET", "/live", nil).Want(http.StatusOK)
	refused := c.Do("GET", "/countries", nil)
	refused.WantProblem(http.StatusServiceUnavailable, "service_unavailable")
	if refused.Header.Get("Retry-After") == "" {
		t.Error("503 without Retry-After")
	}

	wire.mend(t)
	if err := redis.Restart(); err != nil {
		t.Fatal(err)
	}
	eventuallyAnswers(t, c, "/health", "ok", http.StatusOK)
	eventuallyAnswers(t, c, "/ready", "ready", http.StatusOK)
	// A connection that was used a moment before it broke is found out by the first request that gets it.
	proctest.Eventually(t, "the catalogue is read", func() bool { return c.Do("GET", "/countries", nil).Status == http.StatusOK })
}

// A busy service must not look like one without a database: it would be taken out and its load put on others.
func TestBusyPoolIsReady(t *testing.T) {
	t.Parallel()
	a, _, _ := newTestApplication(t, pgtest.Config(t))
	c := apitest.Wrap(t, a.handler, a.api.Document())
	if err := a.start(t.Context(), adminSettings{}); err != nil {
		t.Fatal(err)
	}
	for range a.pool.Config().MaxConns {
		conn, err := a.pool.Acquire(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Release()
	}
	c.Do("GET", "/ready", nil).Want(http.StatusOK)
	c.Do("GET", "/countries", nil).WantProblem(http.StatusServiceUnavailable, "service_unavailable")
}

func TestOldSchemaIsNotReady(t *testing.T) {
	t.Parallel()
	config := pgtest.Config(t)
	a, _, _ := newTestApplication(t, config)
	c := apitest.Wrap(t, a.handler, a.api.Document())
	if err := a.start(t.Context(), adminSettings{}); err != nil {
		t.Fatal(err)
	}
	eventuallyAnswers(t, c, "/ready", "ready", http.StatusOK)
	if err := migrations.Down(t.Context(), config, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	var ready health.Readiness
	eventuallyAnswers(t, c, "/ready", "unavailable", http.StatusServiceUnavailable).Decode(&ready)
	if ready.Checks["schema"].Status != "down" || ready.Checks["postgres"].Status != "up" {
		t.Errorf("the checks are %+v, want schema down and postgres up", ready.Checks)
	}
}

// Before there is a schema, requests are told to come back instead of that something broke.
func TestRequestsBeforeTheStart(t *testing.T) {
	t.Parallel()
	a, _, _ := newTestApplication(t, pgtest.Empty(t))
	c := apitest.Wrap(t, a.handler, a.api.Document())
	c.Do("GET", "/live", nil).Want(http.StatusOK)
	c.Do("GET", "/countries", nil).WantProblem(http.StatusServiceUnavailable, "service_unavailable")
}
