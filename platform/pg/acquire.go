package pg

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"go.opentelemetry.io/otel/trace"

	"github.com/shumbooking/shumbooking/platform/tracing"
)

// noteworthyWait is a wait for a connection that is told in traces. Below it one was free.
const noteworthyWait = time.Millisecond

// acquireLimit bounds how long a request waits for a free connection. The
// context that a tracer returns serves the acquisition alone, so the limit is
// on the wait and not on the queries that follow, and every way into the pool
// (Query, Begin, SendBatch, CopyFrom) has it.
type acquireLimit struct{}

var _ pgxpool.AcquireTracer = acquireLimit{}

type acquisitionKey struct{}

// An acquisition is a wait for a connection.
type acquisition struct {
	start  time.Time
	cancel context.CancelFunc
}

// TraceAcquireStart gives the acquisition its deadline.
func (acquireLimit) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	start := time.Now()
	ctx, cancel := context.WithDeadline(ctx, start.Add(acquireTimeout))
	return context.WithValue(ctx, acquisitionKey{}, acquisition{start: start, cancel: cancel})
}

// TraceAcquireEnd releases the deadline's timer, and makes a span of a wait.
func (acquireLimit) TraceAcquireEnd(ctx context.Context, _ *pgxpool.Pool, data pgxpool.TraceAcquireEndData) {
	a, ok := ctx.Value(acquisitionKey{}).(acquisition)
	if !ok {
		return
	}
	a.cancel()
	if data.Err == nil && time.Since(a.start) < noteworthyWait {
		return
	}
	_, span := tracing.Start(ctx, "wait for a connection", trace.WithTimestamp(a.start))
	endSpan(span, data.Err)
}
