package tracing

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
)

// logPause is how long nothing is said of spans that are lost, once it was.
const logPause = time.Minute

// An exporter sends spans, and tells itself of those that are lost: an error that it returned would go to the handler
// of errors that the SDK keeps for the whole process.
type exporter struct {
	client *client
	otlp   *otlptrace.Exporter
	log    *slog.Logger
	now    func() time.Time
	// idle is closed when nothing more will be sent.
	idle chan struct{}

	mu   sync.Mutex
	lost int64
	last error
	said time.Time
}

var _ sdktrace.SpanExporter = (*exporter)(nil)

// ExportSpans implements sdktrace.SpanExporter. It returns no error.
func (e *exporter) ExportSpans(ctx context.Context, spans []sdktrace.ReadOnlySpan) error {
	if err := e.otlp.ExportSpans(ctx, spans); err != nil {
		e.report(int64(len(spans)), err)
	}
	return nil
}

// Shutdown implements sdktrace.SpanExporter. It is called once, after the last of ExportSpans.
func (e *exporter) Shutdown(ctx context.Context) error {
	defer close(e.idle)
	return e.client.Stop(ctx)
}

// report notes that n spans are lost because of err, and says so unless it has just been said of others.
func (e *exporter) report(n int64, err error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.lost, e.last = e.lost+n, err
	if now := e.now(); e.said.IsZero() || now.Sub(e.said) >= logPause {
		e.said = now
		e.say()
	}
}

// sayRest says what was not said yet.
func (e *exporter) sayRest() {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.lost > 0 {
		e.say()
	}
}

func (e *exporter) say() {
	e.log.Warn("traces are lost", "spans", e.lost, "err", e.last)
	e.lost = 0
}
