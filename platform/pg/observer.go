package pg

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/shumbooking/shumbooking/platform/tracing"
)

// An observer makes spans of what is asked of the database, where what asks is recorded, by the semantic conventions
// of OpenTelemetry. They have the SQL, which is constant here, and never its arguments; of an error they have the
// code, as its text may quote a value.
type observer struct {
	acquireLimit
	silence silence

	// server is what all spans have in common.
	server []attribute.KeyValue
}

var (
	_ pgx.QueryTracer    = (*observer)(nil)
	_ pgx.BatchTracer    = (*observer)(nil)
	_ pgx.CopyFromTracer = (*observer)(nil)
	_ pgx.PrepareTracer  = (*observer)(nil)
	_ pgx.ConnectTracer  = (*observer)(nil)
)

func newObserver(c Config, log *slog.Logger) *observer {
	return &observer{silence: silence{log: log}, server: []attribute.KeyValue{
		semconv.DBSystemNamePostgreSQL, semconv.DBNamespace(c.Name),
		semconv.ServerAddress(c.Host), semconv.ServerPort(cmp.Or(c.Port, defaultPort)),
	}}
}

// start begins a span. Its callers ask before whether it would be recorded.
func (o *observer) start(ctx context.Context, name string, attrs ...attribute.KeyValue) context.Context {
	ctx, _ = tracing.Start(ctx, name, trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(o.server...), trace.WithAttributes(attrs...))
	return ctx
}

// endSpan ends a span as the error says.
func endSpan(span trace.Span, err error) {
	if err != nil && span.IsRecording() {
		code := codeOf(err)
		span.SetAttributes(semconv.ErrorTypeKey.String(code))
		span.SetStatus(codes.Error, code)
	}
	span.End()
}

// codeOf returns what may be told of an error: the code of the server, or that there was no answer.
func codeOf(err error) string {
	if e, ok := errors.AsType[*pgconn.PgError](err); ok {
		return e.Code
	}
	switch {
	case errors.Is(err, context.Canceled):
		return "canceled"
	case errors.Is(err, context.DeadlineExceeded):
		return "timeout"
	default:
		return "_OTHER"
	}
}

// end ends the span that start began, if it did: without one that is recorded above, ctx has none that is.
func end(ctx context.Context, err error) { endSpan(trace.SpanFromContext(ctx), err) }

// TraceQueryStart implements pgx.QueryTracer.
func (o *observer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	ctx = o.silence.limit(ctx, 1)
	if !tracing.IsRecording(ctx) {
		return ctx
	}
	summary := summarize(data.SQL)
	return o.start(ctx, summary, semconv.DBQuerySummary(summary), semconv.DBQueryText(strings.TrimSpace(data.SQL)))
}

// TraceQueryEnd implements pgx.QueryTracer.
func (o *observer) TraceQueryEnd(ctx context.Context, conn *pgx.Conn, data pgx.TraceQueryEndData) {
	end(ctx, data.Err)
	o.silence.end(ctx, conn, data.Err)
}

// TraceBatchStart implements pgx.BatchTracer.
func (o *observer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchStartData) context.Context {
	ctx = o.silence.limit(ctx, data.Batch.Len())
	if !tracing.IsRecording(ctx) {
		return ctx
	}
	summary := summarizeBatch(data.Batch)
	return o.start(ctx, "BATCH "+summary, semconv.DBQuerySummary(summary), semconv.DBOperationBatchSize(data.Batch.Len()))
}

func summarizeBatch(batch *pgx.Batch) string {
	summaries := make([]string, 0, maxTargets)
	for _, query := range batch.QueuedQueries[:min(batch.Len(), maxTargets)] {
		summaries = append(summaries, summarize(query.SQL))
	}
	return strings.Join(summaries, "; ")
}

// TraceBatchQuery implements pgx.BatchTracer. A statement of a batch is an event at the moment in which its result was
// read: all were sent together, so that none has a beginning of its own.
func (o *observer) TraceBatchQuery(ctx context.Context, _ *pgx.Conn, data pgx.TraceBatchQueryData) {
	span := trace.SpanFromContext(ctx)
	if !span.IsRecording() {
		return
	}
	attrs := []attribute.KeyValue{semconv.DBQueryText(strings.TrimSpace(data.SQL))}
	if data.Err != nil {
		attrs = append(attrs, semconv.ErrorTypeKey.String(codeOf(data.Err)))
	}
	span.AddEvent(summarize(data.SQL), trace.WithAttributes(attrs...))
}

// TraceBatchEnd implements pgx.BatchTracer.
func (o *observer) TraceBatchEnd(ctx context.Context, conn *pgx.Conn, data pgx.TraceBatchEndData) {
	end(ctx, data.Err)
	o.silence.end(ctx, conn, data.Err)
}

// TraceCopyFromStart implements pgx.CopyFromTracer.
func (o *observer) TraceCopyFromStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceCopyFromStartData) context.Context {
	if !tracing.IsRecording(ctx) {
		return ctx
	}
	return o.start(ctx, "COPY "+strings.Join(data.TableName, "."))
}

// TraceCopyFromEnd implements pgx.CopyFromTracer.
func (o *observer) TraceCopyFromEnd(ctx context.Context, _ *pgx.Conn, data pgx.TraceCopyFromEndData) {
	end(ctx, data.Err)
}

// TracePrepareStart implements pgx.PrepareTracer. A connection prepares each statement once, which is a round trip.
func (o *observer) TracePrepareStart(ctx context.Context, _ *pgx.Conn, data pgx.TracePrepareStartData) context.Context {
	if !tracing.IsRecording(ctx) {
		return ctx
	}
	return o.start(ctx, "PREPARE "+summarize(data.SQL))
}

// TracePrepareEnd implements pgx.PrepareTracer.
func (o *observer) TracePrepareEnd(ctx context.Context, _ *pgx.Conn, data pgx.TracePrepareEndData) {
	end(ctx, data.Err)
}

// TraceConnectStart implements pgx.ConnectTracer.
func (o *observer) TraceConnectStart(ctx context.Context, _ pgx.TraceConnectStartData) context.Context {
	ctx = context.WithValue(ctx, connectingKey{}, true)
	if !tracing.IsRecording(ctx) {
		return ctx
	}
	return o.start(ctx, "connect")
}

// TraceConnectEnd implements pgx.ConnectTracer.
func (o *observer) TraceConnectEnd(ctx context.Context, data pgx.TraceConnectEndData) {
	end(ctx, data.Err)
}
