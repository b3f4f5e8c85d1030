package pg

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// acquireLimit bounds how long a request waits for a free connection. The
// context that a tracer returns serves the acquisition alone, so the limit is
// on the wait and not on the queries that follow, and every way into the pool
// (Query, Begin, SendBatch, CopyFrom) has it.
type acquireLimit struct{}

var (
	_ pgxpool.AcquireTracer = acquireLimit{}
	_ pgx.QueryTracer       = acquireLimit{}
)

type cancelKey struct{}

// TraceAcquireStart gives the acquisition its deadline.
func (acquireLimit) TraceAcquireStart(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireStartData) context.Context {
	ctx, cancel := context.WithTimeout(ctx, acquireTimeout)
	return context.WithValue(ctx, cancelKey{}, cancel)
}

// TraceAcquireEnd releases the deadline's timer.
func (acquireLimit) TraceAcquireEnd(ctx context.Context, _ *pgxpool.Pool, _ pgxpool.TraceAcquireEndData) {
	if cancel, ok := ctx.Value(cancelKey{}).(context.CancelFunc); ok {
		cancel()
	}
}

// TraceQueryStart does nothing: a tracer of connections must have it.
func (acquireLimit) TraceQueryStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryStartData) context.Context {
	return ctx
}

// TraceQueryEnd does nothing: a tracer of connections must have it.
func (acquireLimit) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}
