package pg

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	statementTimeout = 2 * time.Second
	// silenceGrace is how long after the server ought to have ended a statement its answer is waited for.
	silenceGrace = time.Second
	// farewell is how long a broken connection may try to cancel its statement and to end in good order.
	farewell = time.Second
	// A connection that was used within trustTime is believed to work. pingTimeout is for others; within
	// acquireTimeout it leaves time to make another.
	trustTime   = time.Second
	pingTimeout = time.Second
)

// errSilent is why a statement ends that has no answer by the time at which the server would have ended it.
var errSilent = errors.New("the database does not answer")

// A silence ends the statements of requests that have no answer when the server itself would long have ended them.
// Then the connection is dead, however alive it looks: packets are dropped, or something in between holds it open.
// What befell one befell most likely all of its pool, so that all of them are replaced, once.
type silence struct {
	pool *pgxpool.Pool
	log  *slog.Logger
	// patience is what the server gives a statement; without it statements are not ended here.
	patience time.Duration
	// era counts how often all connections were replaced. What is found out about those of an era before is not news.
	era atomic.Int64
}

// eraKey is where a connection has the era in which it was made.
const eraKey = "era"

// note writes down when a connection was made.
func (s *silence) note(conn *pgx.Conn) { conn.PgConn().CustomData()[eraKey] = s.era.Load() }

type limitKey struct{}

// limit gives so many statements, sent together, their time. Nobody waits for a context without a deadline: such
// statements may have more time from the server, and have all of it here.
func (s *silence) limit(ctx context.Context, statements int) context.Context {
	if s.patience == 0 {
		return ctx
	}
	// Each has a time of its own from the server. Those that wait for locks come first.
	end := time.Now().Add(time.Duration(min(statements, 2))*s.patience + silenceGrace)
	if deadline, ok := ctx.Deadline(); !ok || deadline.Before(end) {
		return ctx
	}
	ctx, cancel := context.WithDeadlineCause(ctx, end, errSilent)
	return context.WithValue(ctx, limitKey{}, cancel)
}

// end releases what limit holds, and judges the connection by how its statements ended.
func (s *silence) end(ctx context.Context, conn *pgx.Conn, err error) {
	if err != nil && errors.Is(context.Cause(ctx), errSilent) {
		s.replaceAll(conn)
	}
	if cancel, ok := ctx.Value(limitKey{}).(context.CancelFunc); ok {
		cancel()
	}
}

// isDoubtful reports whether a connection that the pool is about to give away is broken, as far as is known. It asks
// those that were idle. The pool would do that itself, and not tell what came of it.
func (s *silence) isDoubtful(ctx context.Context, p pgxpool.ShouldPingParams) bool {
	if p.IdleDuration < trustTime {
		return false
	}
	asking, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	if p.Conn.Ping(asking) == nil {
		return false
	}
	if asking.Err() != nil && ctx.Err() == nil {
		s.replaceAll(p.Conn)
	}
	return true
}

func (s *silence) replaceAll(conn *pgx.Conn) {
	era, ok := conn.PgConn().CustomData()[eraKey].(int64)
	if !ok || !s.era.CompareAndSwap(era, era+1) {
		return
	}
	s.log.Warn("the database does not answer on a connection, all are replaced")
	s.pool.Reset()
}

// hangUp bounds the time for which a broken connection keeps its place in the pool. Left alone it would try for 15 s
// to end in good order, and a pool of such connections would be full.
func hangUp(conn *pgx.Conn) {
	if !conn.IsClosed() {
		return // It is whole, and retired.
	}
	timer := time.NewTimer(farewell)
	defer timer.Stop()
	select {
	case <-conn.PgConn().CleanupDone():
	case <-timer.C:
		_ = conn.PgConn().Conn().Close() // It may be closed by now.
	}
}
