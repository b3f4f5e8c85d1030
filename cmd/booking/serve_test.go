package main

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/shumbooking/shumbooking/platform/health"
	"github.com/shumbooking/shumbooking/platform/httpapi"
)

// serveHealth runs a server of nothing but health, and returns its URL and how it ended.
func serveHealth(ctx context.Context, t *testing.T, linger time.Duration) (base string, ended chan error) {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	h := health.New(health.Config{Log: log})
	h.Started()
	api := httpapi.New(httpapi.Config{Title: "Test", Version: "0", Log: log, Metrics: prometheus.NewRegistry()})
	h.Register(api)
	handler, err := api.Build()
	if err != nil {
		t.Fatal(err)
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended = make(chan error, 1)
	s := server{listener: listener, handler: handler, health: h, log: log, linger: linger}
	go func() { ended <- s.run(ctx) }()
	return "http://" + listener.Addr().String(), ended
}

// Load balancers must be able to see that a server drains before it refuses connections.
func TestDrainingServerStillAnswers(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	base, ended := serveHealth(ctx, t, 2*time.Second)
	eventually(t, "/ready answers 200", func() bool {
		status, _ := fetch(t, base+"/ready")
		return status == http.StatusOK
	})
	stop()
	eventually(t, "/ready says draining", func() bool {
		status, body := fetch(t, base+"/ready")
		return status == http.StatusServiceUnavailable && strings.Contains(body, `"draining"`)
	})
	if status, _ := fetch(t, base+"/live"); status != http.StatusOK {
		t.Errorf("GET /live = %d while draining, want 200", status)
	}
	if err := <-ended; err != nil {
		t.Errorf("run() = %v, want nil", err)
	}
	if status, _ := fetch(t, base+"/live"); status != 0 {
		t.Errorf("GET /live = %d after the end, want no answer", status)
	}
}

func TestHeadersAreLimited(t *testing.T) {
	t.Parallel()
	base, _ := serveHealth(t.Context(), t, 0)
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, base+"/live", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Long", strings.Repeat("x", 2*maxHeaderBytes))
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("a header of %d bytes gets %d, want 431", 2*maxHeaderBytes, res.StatusCode)
	}
}
