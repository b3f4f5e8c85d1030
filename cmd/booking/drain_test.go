package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/platform/health"
	"github.com/shumbooking/shumbooking/platform/proctest"
)

// A drained is a server that a test tells to stop.
type drained struct {
	t       *testing.T
	addr    string
	health  *health.Health
	stop    func()
	ended   chan error
	release func() // ends a linger without end
}

// loopback listens on a free port.
func loopback(t *testing.T) net.Listener {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return listener
}

// serveToDrain runs s with a handler, ready for requests.
func serveToDrain(t *testing.T, s server, handler http.HandlerFunc) *drained {
	t.Helper()
	s.listener = loopback(t)
	return runToDrain(t, s, handler)
}

// runToDrain is serveToDrain with the listener that s has.
func runToDrain(t *testing.T, s server, handler http.HandlerFunc) *drained {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	listener := s.listener
	s.handler, s.log = handler, slog.New(slog.DiscardHandler)
	s.health = health.New(health.Config{Log: s.log})
	s.health.Started()
	d := &drained{
		t: t, addr: listener.Addr().String(), health: s.health, stop: stop, ended: make(chan error, 1),
		release: func() { _ = listener.Close() },
	}
	t.Cleanup(d.release)
	go func() { d.ended <- s.run(ctx) }()
	return d
}

// drain tells the server to stop and returns when it knows.
func (d *drained) drain() {
	d.t.Helper()
	d.stop()
	proctest.Eventually(d.t, "the server drains", func() bool {
		r, err := d.health.Ready(context.WithoutCancel(d.t.Context()), nil)
		return err == nil && r.Status == "draining"
	})
}

// awaitRefusal returns when the server takes no more connections.
func (d *drained) awaitRefusal() {
	d.t.Helper()
	proctest.Eventually(d.t, "new connections are refused", func() bool {
		conn, err := new(net.Dialer).DialContext(d.t.Context(), "tcp", d.addr)
		if err == nil {
			hangUp(conn)
		}
		return err != nil
	})
}

// A talk is a connection on which requests are made by hand.
type talk struct {
	t *testing.T
	net.Conn
	answers *bufio.Reader
}

func (d *drained) dial() *talk {
	d.t.Helper()
	conn, err := new(net.Dialer).DialContext(d.t.Context(), "tcp", d.addr)
	if err != nil {
		d.t.Fatal(err)
	}
	d.t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(proctest.Patience)); err != nil {
		d.t.Fatal(err)
	}
	return &talk{t: d.t, Conn: conn, answers: bufio.NewReader(conn)}
}

func (c *talk) ask(path string) { fmt.Fprintf(c, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path) }

// wantAnswer reads an answer, and checks whether it is the last of the connection.
func (c *talk) wantAnswer(status int, last string) {
	c.t.Helper()
	res, err := http.ReadResponse(c.answers, nil)
	if err != nil {
		c.t.Fatalf("the answer is lost: %v", err)
	}
	res.Body.Close()
	got := "kept"
	if res.Close {
		got = "closed"
	}
	if res.StatusCode != status || got != last {
		c.t.Errorf("got %s on a connection to be %s, want %d and %s", res.Status, got, status, last)
	}
}

// gate lets requests for /slow wait until it is opened; arrived gets a value for each.
func gate(arrived, open chan struct{}) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/slow":
			arrived <- struct{}{}
			<-open
			fmt.Fprint(w, "done")
		case "/nothing":
			w.WriteHeader(http.StatusNoContent)
		case "/hint":
			w.WriteHeader(http.StatusEarlyHints)
			w.WriteHeader(http.StatusNotFound)
		}
	}
}

// Proxies keep connections. Each answer of a draining server makes one less, and the server closes none by itself.
func TestDrainingServerDismisses(t *testing.T) {
	t.Parallel()
	arrived, open := make(chan struct{}), make(chan struct{})
	d := serveToDrain(t, server{linger: time.Hour}, gate(arrived, open))
	busy := d.dial()
	var idle []*talk
	for _, path := range []string{"/", "/nothing"} {
		for range 2 {
			c := d.dial()
			c.ask(path)
			idle = append(idle, c)
		}
	}
	for i, status := range []int{200, 200, 204, 204} {
		idle[i].wantAnswer(status, "kept")
	}
	busy.ask("/slow")
	<-arrived
	d.drain()
	close(open)
	busy.wantAnswer(http.StatusOK, "closed")
	for i, want := range []struct {
		path   string
		status int
	}{{"/", 200}, {"/nothing", 204}, {"/slow", 200}} {
		if want.path == "/slow" {
			go func() { <-arrived }()
		}
		idle[i].ask(want.path)
		idle[i].wantAnswer(want.status, "closed")
	}
	fresh := d.dial()
	fresh.ask("/hint")
	hint, err := http.ReadResponse(fresh.answers, nil)
	if err != nil {
		t.Fatal(err)
	}
	hint.Body.Close()
	if hint.StatusCode != http.StatusEarlyHints || hint.Close {
		t.Errorf("before the answer got %+v, want 103 that closes nothing", hint)
	}
	fresh.wantAnswer(http.StatusNotFound, "closed")
	d.release()
	if err := <-d.ended; err == nil || !strings.Contains(err.Error(), "serve HTTP") {
		t.Errorf("run() = %v when its listener is gone, want an error of serving", err)
	}
}

// Who has connected is heard, also when the request comes after the listener was closed.
func TestConnectedBeforeTheEnd(t *testing.T) {
	t.Parallel()
	d := serveToDrain(t, server{}, gate(nil, nil))
	late := d.dial()
	known := d.dial()
	known.ask("/")
	known.wantAnswer(http.StatusOK, "kept") // Now the one before it has been accepted as well.
	d.stop()
	d.awaitRefusal()
	late.ask("/")
	late.wantAnswer(http.StatusOK, "closed")
	if err := <-d.ended; err != nil {
		t.Errorf("run() = %v, want nil", err)
	}
}

// What takes longer than there is time is broken off, and told.
func TestStopEndsInTime(t *testing.T) {
	t.Parallel()
	arrived, open := make(chan struct{}), make(chan struct{})
	defer close(open)
	d := serveToDrain(t, server{limit: time.Millisecond}, gate(arrived, open))
	c := d.dial()
	c.ask("/slow")
	<-arrived
	d.stop()
	if err := <-d.ended; err == nil || !strings.Contains(err.Error(), "drain HTTP") {
		t.Errorf("run() = %v with a request left, want an error of draining", err)
	}
	if res, err := http.ReadResponse(c.answers, nil); err == nil {
		res.Body.Close()
		t.Errorf("the request that was left got %s, want the connection to end", res.Status)
	}
}

// A tornListener is one that does not close cleanly.
type tornListener struct{ net.Listener }

var errTorn = errors.New("torn")

func (l tornListener) Close() error { return errors.Join(errTorn, l.Listener.Close()) }

// Who is lost with the listener is told. Who is served is served to the end.
func TestTornListenerBreaksNothingOff(t *testing.T) {
	t.Parallel()
	arrived, open := make(chan struct{}), make(chan struct{})
	d := runToDrain(t, server{listener: tornListener{loopback(t)}}, gate(arrived, open))
	c := d.dial()
	c.ask("/slow")
	<-arrived
	d.stop()
	d.awaitRefusal()
	close(open)
	c.wantAnswer(http.StatusOK, "closed")
	if err := <-d.ended; !errors.Is(err, errTorn) {
		t.Errorf("run() = %v, want the error of the listener", err)
	}
}

// Where nobody was told to send requests, there is nobody to wait for.
func TestStopBeforeReadiness(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	ctx, stop := context.WithCancel(t.Context())
	stop()
	s := server{
		listener: loopback(t), handler: http.NotFoundHandler(), health: health.New(health.Config{Log: log}), log: log,
		linger: 10 * proctest.Patience,
	}
	if err := s.run(ctx); err != nil {
		t.Errorf("run() = %v, want nil", err)
	}
}

// The times fit into each other: a proxy's pause into the linger, and all into the 30 s of an orchestrator.
func TestTimesOfTheEnd(t *testing.T) {
	t.Parallel()
	const proxyPause, grace, closing = 3 * time.Second, 30 * time.Second, 5 * time.Second
	if lingerTime <= proxyPause {
		t.Errorf("the linger of %v is no longer than the %v that proxies keep idle connections", lingerTime, proxyPause)
	}
	if lingerTime+readTimeout > stopTimeout {
		t.Errorf("of %v, %v leave no %v for a last request", stopTimeout, lingerTime, readTimeout)
	}
	if stopTimeout+closing > grace {
		t.Errorf("%v and what is closed after them do not fit into %v", stopTimeout, grace)
	}
}
