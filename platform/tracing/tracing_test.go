package tracing_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/propagation"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/shumbooking/shumbooking/platform/proctest"
	"github.com/shumbooking/shumbooking/platform/tracing"
	"github.com/shumbooking/shumbooking/platform/tracing/tracingtest"
)

// forever is longer than any test lasts.
const forever = 24 * time.Hour

// lines collects a log.
type lines struct{ proctest.Transcript }

// lost returns how many spans each line says are lost.
func (l *lines) lost(t *testing.T) (spans []int) {
	t.Helper()
	for text := range strings.Lines(l.String()) {
		var line struct {
			Msg, Err string
			Spans    int
		}
		if err := json.Unmarshal([]byte(text), &line); err != nil || line.Msg != "traces are lost" || line.Err == "" {
			t.Errorf("log line %s: %v, want one of lost traces and why", text, err)
		}
		spans = append(spans, line.Spans)
	}
	return spans
}

// provide returns a provider that sends to a collector, and its log.
func provide(t *testing.T, handle http.HandlerFunc) (*tracing.Provider, *lines) {
	t.Helper()
	server := httptest.NewServer(handle)
	t.Cleanup(server.Close)
	log := new(lines)
	p := tracing.New(t.Context(), tracing.Config{
		Endpoint: server.URL, Timeout: forever, Log: slog.New(slog.NewJSONHandler(log, nil)),
	})
	t.Cleanup(p.Stop)
	return p, log
}

// record makes n spans.
func record(t *testing.T, p *tracing.Provider, n int) {
	t.Helper()
	for range n {
		_, span := p.Tracer().Start(t.Context(), "work")
		span.End()
	}
}

func TestExport(t *testing.T) {
	t.Parallel()
	for _, gzip := range []bool{false, true} {
		collector := tracingtest.New(t)
		p := tracing.New(t.Context(), tracing.Config{
			Endpoint: collector.Base() + tracingtest.Path, Gzip: gzip, Headers: map[string]string{"Authorization": "Bearer key"},
			Resource: []attribute.KeyValue{attribute.String("service.name", "first"), attribute.String("service.name", "second")},
			Log:      slog.New(slog.DiscardHandler),
		})
		ctx, above := p.Tracer().Start(t.Context(), "above")
		_, below := tracing.Start(ctx, "below", trace.WithSpanKind(trace.SpanKindClient))
		below.End()
		above.End()
		p.Stop()
		parents, children := collector.Named("above"), collector.Named("below")
		if len(parents) != 1 || len(children) != 1 || children[0].Parent != parents[0].ID || children[0].Trace != tracing.ID(ctx) {
			t.Fatalf("gzip %t: got %+v and %+v, want one span below the other", gzip, parents, children)
		}
		if got := parents[0].Resource["service.name"]; got != "second" {
			t.Errorf("service.name: got %q, want the last that was given", got)
		}
		for _, h := range collector.Headers() {
			if h.Get("Authorization") != "Bearer key" || h.Get("Content-Type") != "application/x-protobuf" || (h.Get("Content-Encoding") == "gzip") != gzip {
				t.Errorf("gzip %t: headers %v", gzip, h)
			}
		}
	}
}

// TestStart_NotRecorded begins spans where there is nothing to begin them below.
func TestStart_NotRecorded(t *testing.T) {
	t.Parallel()
	p := tracing.New(t.Context(), tracing.Config{Sampler: sdktrace.NeverSample(), Log: slog.New(slog.DiscardHandler)})
	defer p.Stop()
	unsampled, _ := p.Tracer().Start(t.Context(), "unsampled")
	for name, ctx := range map[string]context.Context{"no span": t.Context(), "unsampled": unsampled} {
		got, span := tracing.Start(ctx, "below")
		if got != ctx || span.IsRecording() || tracing.IsRecording(ctx) || tracing.ID(ctx) != "" {
			t.Errorf("%s: Start() = another context or a recorded span, want neither", name)
		}
	}
	carrier := propagation.MapCarrier{}
	if tracing.Inject(t.Context(), carrier); len(carrier) != 0 {
		t.Errorf("Inject() without a span writes %v, want nothing", carrier)
	}
	if tracing.Inject(unsampled, carrier); !strings.HasSuffix(carrier["traceparent"], "-00") {
		t.Errorf("Inject() of what is not recorded writes %v, want that it is not", carrier)
	}
}

//nolint:paralleltest // What others allocate meanwhile would count.
func TestStart_AllocatesNothing(t *testing.T) {
	ctx := t.Context()
	if n := testing.AllocsPerRun(100, func() { tracing.Start(ctx, "below") }); n != 0 {
		t.Errorf("Start() where nothing is recorded allocates %v times, want 0", n)
	}
}

func TestNilProvider(t *testing.T) {
	t.Parallel()
	var p *tracing.Provider
	if p.Tracer() != nil {
		t.Error("Tracer() of no provider is a tracer")
	}
	p.Stop()
}

// TestCollectorIsBusy refuses a batch for the moment. It is sent again.
func TestCollectorIsBusy(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout} {
		var requests atomic.Int64
		p, log := provide(t, func(w http.ResponseWriter, _ *http.Request) {
			if requests.Add(1) == 1 {
				w.WriteHeader(status)
			}
		})
		record(t, p, 1)
		p.Stop()
		if n, lost := requests.Load(), log.lost(t); n != 2 || lost != nil {
			t.Errorf("after %d: %d requests, lost %v, want a second that succeeds", status, n, lost)
		}
	}
}

// TestCollectorRefuses gives answers after which the same must not be sent again.
func TestCollectorRefuses(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusBadRequest, http.StatusUnauthorized, http.StatusInternalServerError, http.StatusTemporaryRedirect} {
		var requests atomic.Int64
		p, log := provide(t, func(w http.ResponseWriter, _ *http.Request) {
			requests.Add(1)
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
		})
		record(t, p, 3)
		p.Stop()
		if n, lost := requests.Load(), log.lost(t); n != 1 || len(lost) != 1 || lost[0] != 3 {
			t.Errorf("%d: %d requests, lost %v, want one, and a line about 3 spans", status, n, lost)
		}
	}
}

// TestCollectorKeepsFew takes a batch and tells that not all of it is kept.
func TestCollectorKeepsFew(t *testing.T) {
	t.Parallel()
	p, log := provide(t, func(w http.ResponseWriter, _ *http.Request) {
		// partial_success { rejected_spans: 2 error_message: "no" }
		_, _ = w.Write([]byte{0x0a, 0x06, 0x08, 0x02, 0x12, 0x02, 'n', 'o'})
	})
	record(t, p, 3)
	p.Stop()
	if lost := log.lost(t); len(lost) != 1 || lost[0] != 2 {
		t.Errorf("lost: got %v, want a line about 2 spans", lost)
	}
}

// TestCollectorHangs has one that never answers. Neither spans nor the end wait for it: else this test would not end.
func TestCollectorHangs(t *testing.T) {
	t.Parallel()
	release := make(chan struct{})
	p, log := provide(t, func(http.ResponseWriter, *http.Request) { <-release })
	defer close(release)
	record(t, p, 10_000)
	p.Stop()
	sum := 0
	for _, n := range log.lost(t) {
		sum += n
	}
	if sum == 0 {
		t.Error("the log tells of no lost spans")
	}
}

// TestLossesAreToldOnce loses batch after batch. The first is told at once, those of the minute after it together.
func TestLossesAreToldOnce(t *testing.T) {
	t.Parallel()
	p, log := provide(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadRequest) })
	const spans = 4000 // Fewer than may wait, and more than go into a few batches.
	record(t, p, spans)
	p.Stop()
	lost := log.lost(t)
	if len(lost) != 2 || lost[0]+lost[1] != spans {
		t.Errorf("lost: got lines about %v spans, want two about %d", lost, spans)
	}
}
