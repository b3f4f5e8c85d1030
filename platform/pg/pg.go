// Package pg connects to PostgreSQL: a pool with limits fit for serving
// requests, transactions that are repeated when the server asks for it, and
// errors told apart by what a caller can do about them.
package pg

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	defaultMaxConns = 16
	acquireTimeout  = 2 * time.Second
)

// Open makes a pool for serving requests. It does not connect: use Wait for that.
//
// Acquiring a connection takes 2 s at most, whatever deadline the context has.
// A statement may run for 2 s, wait for a lock for 1.5 s, and a transaction may
// sit idle for 10 s. Notices of the server go to log.
//
// Statements are prepared once per connection and planned without their
// parameters (plan_cache_mode=force_generic_plan): planning the search costs
// more than running it, and the server's own choice between generic and custom
// plans flips after five executions, by estimates that do not know about a
// walk that stops at the page size. A query whose best plan depends on a
// parameter, such as a substring, opts out through CollectCustom.
func Open(ctx context.Context, c Config, log *slog.Logger) (*pgxpool.Pool, error) {
	return open(ctx, c, log, map[string]string{
		"statement_timeout":                   "2000",
		"lock_timeout":                        "1500",
		"idle_in_transaction_session_timeout": "10000",
		"plan_cache_mode":                     "force_generic_plan",
	})
}

// OpenForJobs is Open for work that nobody waits for: a statement may run for
// 30 s, wait for a lock for 10 s, and a transaction may sit idle for 60 s. The
// server chooses the plans.
func OpenForJobs(ctx context.Context, c Config, log *slog.Logger) (*pgxpool.Pool, error) {
	return open(ctx, c, log, map[string]string{
		"statement_timeout":                   "30000",
		"lock_timeout":                        "10000",
		"idle_in_transaction_session_timeout": "60000",
	})
}

func open(ctx context.Context, c Config, log *slog.Logger, settings map[string]string) (*pgxpool.Pool, error) {
	cc, err := c.ConnConfig()
	if err != nil {
		return nil, err
	}
	// pgxpool accepts only a configuration of its own making; the connection's
	// part is replaced as a whole.
	pc, err := pgxpool.ParseConfig(c.dsn())
	if err != nil {
		return nil, fmt.Errorf("database configuration: %w", err)
	}
	maps.Copy(cc.RuntimeParams, settings)
	cc.RuntimeParams["jit"] = "off" // Compiling a plan takes longer than any statement here runs.
	cc.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		log.Warn("postgres notice", "severity", n.Severity, "code", n.Code, "message", n.Message)
	}
	cc.Tracer = newObserver(c)
	pc.ConnConfig = cc
	pc.AfterConnect = scanInUTC
	pc.MaxConns = cmp.Or(c.MaxConns, defaultMaxConns)
	pc.MaxConnLifetimeJitter = 10 * time.Minute
	pc.PingTimeout = acquireTimeout
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, fmt.Errorf("open database pool: %w", err)
	}
	return pool, nil
}

// scanInUTC makes instants read from the connection print in UTC, whatever the
// time zone of the process.
func scanInUTC(_ context.Context, conn *pgx.Conn) error {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	return nil
}

// Wait returns once the database answers, trying again with growing pauses of
// up to 2 s, or with an error when ctx ends first.
func Wait(ctx context.Context, pool *pgxpool.Pool, log *slog.Logger) error {
	pause := 25 * time.Millisecond
	for {
		err := pool.Ping(ctx)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return fmt.Errorf("wait for the database: %w", err)
		}
		log.Warn("database does not answer yet", "error", err, "retry_in", pause)
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait for the database: %w", err)
		case <-time.After(pause):
		}
		pause = min(2*pause, 2*time.Second)
	}
}
