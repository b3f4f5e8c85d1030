// Package tracing tells an OpenTelemetry collector what was done for whom, and how long it took.
//
// A [Provider] is made where a collector is configured, and given to what begins a trace: the requests of an API and
// the runs of jobs. What happens on their way, such as a statement of the database, is a span below that in its
// context ([Start]): who makes such spans needs no setting, and where nothing is recorded looks at the context alone.
//
// Spans are sent in the background, in batches. What the collector does not take in time is lost, and the log says
// so once a minute at most: nothing waits for it but the end of the program, for FlushTimeout.
package tracing

import (
	"context"
	"log/slog"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"
	"go.opentelemetry.io/otel/trace/noop"
)

const (
	// FlushTimeout is how long Stop takes at most.
	FlushTimeout = 2 * time.Second
	// DefaultTimeout is how long a batch of spans may be on its way.
	DefaultTimeout = 10 * time.Second
	// maxQueue is how many spans wait at most. Those of more are dropped.
	maxQueue = 4096
)

// scope names what makes the spans.
const scope = "github.com/shumbooking/shumbooking"

// Config says where spans are sent, and which. Fields without "optional" are required.
type Config struct {
	// Endpoint is the URL that takes spans as OTLP over HTTP, such as "https://collector.example:4318/v1/traces".
	Endpoint string
	// Headers are sent with each batch; optional.
	Headers map[string]string
	// Gzip compresses the batches; optional.
	Gzip bool
	// Timeout is how long a batch may be on its way, repetitions included; optional, DefaultTimeout by default.
	Timeout time.Duration
	// Sampler chooses what is recorded; optional, by default all but what others who called chose not to.
	Sampler sdktrace.Sampler
	// Resource describes this process; optional.
	Resource []attribute.KeyValue
	// Log is told, once a minute at most, of spans that were lost.
	Log *slog.Logger
}

// A Provider records spans and sends them. A nil Provider does neither.
type Provider struct {
	sdk      *sdktrace.TracerProvider
	exporter *exporter
	life     context.Context
	end      context.CancelFunc
}

// New returns a Provider, which works until it is stopped, beyond the end of ctx. It connects to nothing yet.
func New(ctx context.Context, c Config) *Provider {
	if c.Timeout == 0 {
		c.Timeout = DefaultTimeout
	}
	if c.Sampler == nil {
		c.Sampler = sdktrace.ParentBased(sdktrace.AlwaysSample())
	}
	life, end := context.WithCancel(context.WithoutCancel(ctx))
	e := &exporter{log: c.Log, now: time.Now, idle: make(chan struct{})}
	e.client = newClient(life, c, e.report)
	e.otlp = otlptrace.NewUnstarted(e.client)
	p := &Provider{exporter: e, life: life, end: end}
	p.sdk = sdktrace.NewTracerProvider(
		sdktrace.WithSampler(c.Sampler),
		sdktrace.WithResource(resource.NewWithAttributes(semconv.SchemaURL, c.Resource...)),
		// The limits stand here, so that none comes from variables that no template names.
		sdktrace.WithRawSpanLimits(spanLimits()),
		sdktrace.WithBatcher(e, sdktrace.WithMaxQueueSize(maxQueue), sdktrace.WithExportTimeout(c.Timeout+time.Second)),
	)
	return p
}

func spanLimits() sdktrace.SpanLimits {
	return sdktrace.SpanLimits{
		AttributeValueLengthLimit: 4096, AttributeCountLimit: 64, EventCountLimit: 128, LinkCountLimit: 8,
		AttributePerEventCountLimit: 16, AttributePerLinkCountLimit: 16,
	}
}

// Tracer returns what begins traces, or nil where nothing is recorded.
func (p *Provider) Tracer() trace.Tracer {
	if p == nil {
		return nil
	}
	return p.sdk.Tracer(scope)
}

// Stop sends what was recorded, for FlushTimeout at most. What is left then is lost, as the log tells.
func (p *Provider) Stop() {
	if p == nil {
		return
	}
	// The end of its life breaks off what is on its way, and what comes after that at once.
	defer time.AfterFunc(FlushTimeout, p.end).Stop()
	_ = p.sdk.Shutdown(p.life) // The exporter knows what is lost.
	<-p.exporter.idle
	p.end()
	p.exporter.sayRest()
}

// IsRecording reports whether what is done in ctx is recorded.
func IsRecording(ctx context.Context) bool { return trace.SpanFromContext(ctx).IsRecording() }

// Start begins a span below that of ctx, by the provider that made it. Where that is not recorded, or there is none,
// it returns ctx and a span that does nothing.
func Start(ctx context.Context, name string, opts ...trace.SpanStartOption) (context.Context, trace.Span) {
	above := trace.SpanFromContext(ctx)
	if !above.IsRecording() {
		return ctx, noop.Span{}
	}
	return above.TracerProvider().Tracer(scope).Start(ctx, name, opts...)
}

// ID returns the id of the trace that what is done in ctx is recorded in, or "".
func ID(ctx context.Context) string {
	if c := trace.SpanContextFromContext(ctx); c.IsSampled() {
		return c.TraceID().String()
	}
	return ""
}

// Inject writes where in its trace ctx is (W3C Trace Context) to carrier, if it is in one.
func Inject(ctx context.Context, carrier propagation.TextMapCarrier) {
	propagation.TraceContext{}.Inject(ctx, carrier)
}

// Extract returns ctx with the place in a trace that carrier tells of, if it does. Nothing else is taken from there:
// there is no baggage.
func Extract(ctx context.Context, carrier propagation.TextMapCarrier) context.Context {
	return propagation.TraceContext{}.Extract(ctx, carrier)
}
