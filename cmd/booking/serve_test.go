package main

import (
	"bufio"
	"context"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/shumbooking/shumbooking/platform/health"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/proctest"
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
	proctest.Eventually(t, "/ready answers 200", func() bool {
		status, _ := fetch(t, base+"/ready")
		return status == http.StatusOK
	})
	stop()
	proctest.Eventually(t, "/ready says draining", func() bool {
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

// The limits are those that the README promises: what waits for them would take a minute.
func TestServerHasLimits(t *testing.T) {
	t.Parallel()
	s := server{log: slog.New(slog.DiscardHandler)}.http()
	for name, limit := range map[string][2]time.Duration{
		"header": {s.ReadHeaderTimeout, 5 * time.Second}, "request": {s.ReadTimeout, 15 * time.Second},
		"answer": {s.WriteTimeout, 30 * time.Second}, "pause": {s.IdleTimeout, time.Minute},
	} {
		if limit[0] != limit[1] {
			t.Errorf("a %s may take %v, want %v", name, limit[0], limit[1])
		}
	}
	if s.MaxHeaderBytes != 16<<10 {
		t.Errorf("a header may have %d bytes, want 16 KiB", s.MaxHeaderBytes)
	}
}

// TestRawRequests sends what no client library sends. What net/http refuses before there is a request gets its few
// plain words, on a connection that it closes; everything after that is the API's to answer.
func TestRawRequests(t *testing.T) {
	t.Parallel()
	base, _ := serveHealth(t.Context(), t, 0)
	for _, tt := range []struct {
		request string
		status  int
		media   string
	}{
		{"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 204, ""},
		{"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 404, "application/problem+json"},
		{"BREW /live HTTP/1.1\r\nHost: a\r\n\r\n", 405, "application/problem+json"},
		{"TRACE /live HTTP/1.1\r\nHost: a\r\n\r\n", 405, "application/problem+json"},
		{"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 404, "application/problem+json"},
		{"GET http://a/nothing HTTP/1.1\r\nHost: a\r\n\r\n", 404, "application/problem+json"},
		{"GET /%00 HTTP/1.1\r\nHost: a\r\n\r\n", 404, "application/problem+json"},
		{"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400, "text/plain; charset=utf-8"},
		{"GET /live\r\n\r\n", 400, "text/plain; charset=utf-8"},
		{"GET /live HTTP/1.1\r\n\r\n", 400, "text/plain; charset=utf-8"},
		{"GET /live HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", 400, "text/plain; charset=utf-8"},
		{"GET /live HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "text/plain; charset=utf-8"},
		{"GET /live HTTP/1.1\r\nHost: a\r\nX y: z\r\n\r\n", 400, "text/plain; charset=utf-8"},
		{"POST /live HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 405, "application/problem+json"},
		{"POST /live HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx", 400, "text/plain; charset=utf-8"},
		{"POST /live HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip\r\n\r\n", 501, "text/plain; charset=utf-8"},
		{"GET /live HTTP/3.0\r\nHost: a\r\n\r\n", 505, "text/plain; charset=utf-8"},
	} {
		status, header := sendRaw(t, strings.TrimPrefix(base, "http://"), tt.request)
		if got := header.Get("Content-Type"); status != tt.status || got != tt.media {
			t.Errorf("%q = %d %q, want %d %q", tt.request, status, got, tt.status, tt.media)
		}
		if ours := header.Get("X-Request-Id") != ""; ours != (header.Get("X-Content-Type-Options") == "nosniff") {
			t.Errorf("%q: the API answers without its headers: %v", tt.request, header)
		}
	}
}

// sendRaw returns the answer to bytes that need not be a request.
func sendRaw(t *testing.T, address, request string) (status int, header http.Header) {
	t.Helper()
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(proctest.Patience)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, request); err != nil {
		t.Fatal(err)
	}
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("%q: %v", request, err)
	}
	defer res.Body.Close()
	return res.StatusCode, res.Header
}
