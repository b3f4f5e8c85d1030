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
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	defaultMaxConns = 16
	acquireTimeout  = 2 * time.Second
	// requestConnectTimeout leaves a place in the pool to a new try soon after a server is back that did not answer.
	requestConnectTimeout = 3 * time.Second
)

// Open makes a pool for serving requests. It does not connect: use Wait for that.
//
// Acquiring a connection takes 2 s at most, whatever deadline the context has.
// A statement may run for 2 s, wait for a lock for 1.5 s, and a transaction may
// sit idle for 10 s. Notices of the server go to log.
//
// A statement whose context has a deadline fails when the server is silent for
// a second longer than that; then all connections are replaced. If it was a
// COMMIT, nobody knows whether it took place.
//
// Statements are prepared once per connection and planned without their
// parameters (plan_cache_mode=force_generic_plan): planning the search costs
// more than running it, and the server's own choice between generic and custom
// plans flips after five executions, by estimates that do not know about a
// walk that stops at the page size. A query whose best plan depends on a
// parameter, such as a substring, opts out through CollectCustom.
func Open(ctx context.Context, c Config, log *slog.Logger) (*pgxpool.Pool, error) {
	pc, o, err := poolConfig(c, log, map[string]string{
		"statement_timeout":                   strconv.FormatInt(statementTimeout.Milliseconds(), 10),
		"lock_timeout":                        "1500",
		"idle_in_transaction_session_timeout": "10000",
		"plan_cache_mode":                     "force_generic_plan",
	})
	if err != nil {
		return nil, err
	}
	pc.ConnConfig.ConnectTimeout = requestConnectTimeout
	o.silence.patience = statementTimeout
	return open(ctx, pc, o)
}

// OpenForJobs is Open for work that nobody waits for: a statement may run for
// 30 s, wait for a lock for 10 s, and a transaction may sit idle for 60 s. The
// server chooses the plans.
func OpenForJobs(ctx context.Context, c Config, log *slog.Logger) (*pgxpool.Pool, error) {
	pc, o, err := poolConfig(c, log, map[string]string{
		"statement_timeout":                   "30000",
		"lock_timeout":                        "10000",
		"idle_in_transaction_session_timeout": "60000",
	})
	if err != nil {
		return nil, err
	}
	return open(ctx, pc, o)
}

func open(ctx context.Context, pc *pgxpool.Config, o *observer) (*pgxpool.Pool, error) {
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return nil, fmt.Errorf("open database pool: %w", err)
	}
	o.silence.pool = pool // No connection is made before one is asked for.
	return pool, nil
}

// poolConfig returns what all pools have in common, and what observes their connections.
func poolConfig(c Config, log *slog.Logger, settings map[string]string) (*pgxpool.Config, *observer, error) {
	cc, err := c.ConnConfig()
	if err != nil {
		return nil, nil, err
	}
	// pgxpool accepts only a configuration of its own making; the connection's
	// part is replaced as a whole.
	pc, err := pgxpool.ParseConfig(c.dsn())
	if err != nil {
		return nil, nil, fmt.Errorf("database configuration: %w", err)
	}
	maps.Copy(cc.RuntimeParams, settings)
	cc.RuntimeParams["jit"] = "off" // Compiling a plan takes longer than any statement here runs.
	cc.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) {
		log.Warn("postgres notice", "severity", n.Severity, "code", n.Code, "message", n.Message)
	}
	o := newObserver(c, log)
	cc.Tracer, cc.DialFunc = o, dial
	pc.ConnConfig = cc
	pc.AfterConnect = func(_ context.Context, conn *pgx.Conn) error {
		o.silence.note(conn)
		scanInUTC(conn)
		return nil
	}
	pc.BeforeClose = hangUp
	pc.MaxConns = cmp.Or(c.MaxConns, defaultMaxConns)
	pc.MaxConnLifetimeJitter = 10 * time.Minute
	pc.ShouldPing, pc.PingTimeout = o.silence.isDoubtful, pingTimeout
	return pc, o, nil
}

// scanInUTC makes instants read from the connection print in UTC, whatever the
// time zone of the process.
func scanInUTC(conn *pgx.Conn) {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
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
