package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
	"github.com/shumbooking/shumbooking/platform/tracing/tracingtest"
)

const (
	claimedTrace = "0af7651916cd43dd8448eb211c80319c"
	claimedSpan  = "b7ad6b7169203331"
)

// traced is an API whose requests are traced.
type traced struct {
	*apitest.Client
	collector *tracingtest.Collector
	flush     func()
	log       bytes.Buffer
}

type thingParams struct {
	ID   int64  `path:"id" minimum:"1" example:"1"`
	Mode string `query:"mode" maxLength:"100"`
}

func newTraced(t *testing.T) *traced {
	t.Helper()
	c := &traced{collector: tracingtest.New(t)}
	tracer, flush := c.collector.Tracer(t)
	c.flush = flush
	cfg := httpapi.Config{
		Tracer: tracer, Log: slog.New(slog.NewJSONHandler(&c.log, nil)), TrustedProxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")},
		Admit: func(*http.Request, httpapi.Demand) (httpapi.Admission, error) {
			return httpapi.Admission{Caller: "7"}, nil
		},
	}
	c.Client = apitest.Build(t, cfg, func(api *httpapi.API) {
		rt := httpapi.Route{Pattern: "GET /things/{id}", ID: "getThing", Tag: "T", Summary: "Thing", Access: httpapi.Public, Errors: []errs.Kind{errs.NotFound}}
		httpapi.Handle(api, rt, func(_ context.Context, p *thingParams) (*httpapi.Empty, error) {
			switch p.Mode {
			case "absent":
				return nil, errs.NotFound.New("")
			case "broken":
				return nil, errors.New("the disk is full\nand so on")
			case "panic":
				panic("the roof is open")
			}
			return &httpapi.Empty{}, nil
		})
		httpapi.Handle(api, httpapi.Route{Pattern: "GET /live", ID: "live", Tag: "T", Summary: "Live", Access: httpapi.Public, Probe: true},
			func(context.Context, *struct{}) (*httpapi.Empty, error) { return &httpapi.Empty{}, nil })
		httpapi.Mount(api, "/foreign/", http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	})
	return c
}

// span sends a request and returns its span.
func (c *traced) span(t *testing.T, r *http.Request) tracingtest.Span {
	t.Helper()
	c.Send(r)
	c.flush()
	spans := c.collector.Spans()
	if len(spans) != 1 {
		t.Fatalf("%s %s: got %d spans, want one", r.Method, r.URL, len(spans))
	}
	return spans[0]
}

func get(target string) *http.Request {
	r := httptest.NewRequest(http.MethodGet, target, nil)
	r.Header.Set("X-Request-Id", "request-1")
	return r
}

func TestSpan(t *testing.T) {
	t.Parallel()
	for mode, want := range map[string]struct {
		code, status string
		failed       bool
	}{
		"":       {code: "204"},
		"absent": {code: "404"},
		"broken": {code: "500", failed: true, status: "the disk is full"},
		"panic":  {code: "500", failed: true, status: "panic: the roof is open"},
	} {
		c := newTraced(t)
		s := c.span(t, get("/things/5?mode="+mode))
		if s.Name != "GET /things/{id}" || s.Kind != "SPAN_KIND_SERVER" || s.Parent != "" || s.Links != nil {
			t.Errorf("%q: span %+v, want the root of a trace by the name of its route", mode, s)
		}
		if got := s.Attributes["http.response.status_code"]; got != want.code || s.Failed != want.failed || s.Status != want.status {
			t.Errorf("%q: code %s, failed %t, status %q, want %+v", mode, got, s.Failed, s.Status, want)
		}
		for name, value := range map[string]string{"http.request.method": "GET", "http.route": "/things/{id}", "enduser.id": "7"} {
			if got := s.Attributes[name]; got != value {
				t.Errorf("%q: %s is %q, want %q", mode, name, got, value)
			}
		}
		if !strings.Contains(s.Text, `"request-1"`) || strings.Contains(s.Text, "things/5") || strings.Contains(s.Text, "mode=") {
			t.Errorf("%q: span %s, want the request id and neither path nor query", mode, s.Text)
		}
		var line struct {
			TraceID string `json:"trace_id"`
		}
		if err := json.Unmarshal(c.log.Bytes(), &line); err != nil || line.TraceID != s.Trace {
			t.Errorf("%q: log %s, want trace_id %s", mode, &c.log, s.Trace)
		}
	}
}

func TestSpan_Mount(t *testing.T) {
	t.Parallel()
	if s := newTraced(t).span(t, get("/foreign/a/b")); s.Name != "GET /foreign/" {
		t.Errorf("span: got %q, want the name of the mount", s.Name)
	}
}

// TestNoSpan sends what is not worth a trace: probes, and what no route is for.
func TestNoSpan(t *testing.T) {
	t.Parallel()
	c := newTraced(t)
	for _, target := range []string{"/live", "/nowhere"} {
		c.Send(get(target))
	}
	c.flush()
	if spans := c.collector.Spans(); len(spans) != 0 || strings.Contains(c.log.String(), "trace_id") {
		t.Errorf("got spans %v and log %s, want no trace", spans, &c.log)
	}
}

// TestTraceParent lets those say which trace a request is part of whose word counts, and others claim it.
func TestTraceParent(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, peer, header   string
		trace, parent, links string
		spans                int
	}{
		{"trusted", "10.1.2.3:9", "00-" + claimedTrace + "-" + claimedSpan + "-01", claimedTrace, claimedSpan, "", 1},
		{"trusted, not recorded", "10.1.2.3:9", "00-" + claimedTrace + "-" + claimedSpan + "-00", "", "", "", 0},
		{"trusted, broken", "10.1.2.3:9", "00-" + claimedTrace + "-01", "", "", "", 1},
		{"stranger", "203.0.113.7:9", "00-" + claimedTrace + "-" + claimedSpan + "-01", "", "", claimedTrace, 1},
		{"stranger, not recorded", "203.0.113.7:9", "00-" + claimedTrace + "-" + claimedSpan + "-00", "", "", claimedTrace, 1},
	} {
		c := newTraced(t)
		r := get("/things/5")
		r.RemoteAddr = tt.peer
		r.Header.Set("Traceparent", tt.header)
		r.Header.Set("Tracestate", "vendor=claimed-state")
		r.Header.Set("Baggage", "user=claimed-baggage")
		c.Send(r)
		c.flush()
		spans := c.collector.Spans()
		if len(spans) != tt.spans {
			t.Fatalf("%s: got %d spans, want %d", tt.name, len(spans), tt.spans)
		}
		for _, s := range spans {
			if tt.trace != "" && s.Trace != tt.trace || tt.trace == "" && s.Trace == claimedTrace ||
				s.Parent != tt.parent || strings.Join(s.Links, " ") != tt.links {
				t.Errorf("%s: got %+v, want %+v", tt.name, s, tt)
			}
			if tt.trace == "" && strings.Contains(s.Text, "claimed-state") || strings.Contains(s.Text, "claimed-baggage") {
				t.Errorf("%s: the span has what a client wrote: %s", tt.name, s.Text)
			}
		}
	}
}
