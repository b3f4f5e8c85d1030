//go:build unix

package migrations_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shumbooking/shumbooking/migrations"
	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
	"github.com/shumbooking/shumbooking/platform/proctest"
)

func TestUpDownUp(t *testing.T) {
	t.Parallel()
	c := pgtest.Empty(t)
	pool := pgtest.Open(t, c)
	empty := schema(t, pool)
	up(t, c)
	full := schema(t, pool)
	if len(full) <= len(empty) {
		t.Fatalf("schema after up: got %d objects, want more than %d", len(full), len(empty))
	}
	latest := check(t, pool).Latest
	for version := latest - 1; version >= 0; version-- {
		if err := migrations.Down(t.Context(), c, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
		if got := check(t, pool).Current; got != version {
			t.Fatalf("version after down: got %d, want %d", got, version)
		}
	}
	if got := schema(t, pool); !slices.Equal(got, empty) {
		t.Errorf("left in the schema at version 0: got %v, want %v", got, empty)
	}
	if err := migrations.Down(t.Context(), c, slog.New(slog.DiscardHandler)); err == nil {
		t.Error("down at version 0: got no error")
	}
	up(t, c)
	if got := schema(t, pool); !slices.Equal(got, full) {
		t.Errorf("schema after up, down, up: got %v, want %v", got, full)
	}
}

func TestTo(t *testing.T) {
	t.Parallel()
	c := pgtest.Empty(t)
	pool := pgtest.Open(t, c)
	for _, version := range []int32{1, 0, 1} {
		if err := migrations.To(t.Context(), c, version, slog.New(slog.DiscardHandler)); err != nil {
			t.Fatal(err)
		}
		if got := check(t, pool).Current; got != version {
			t.Errorf("version: got %d, want %d", got, version)
		}
	}
	for _, version := range []int32{-1, 1000} {
		if err := migrations.To(t.Context(), c, version, slog.New(slog.DiscardHandler)); err == nil {
			t.Errorf("to version %d: got no error", version)
		}
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	c := pgtest.Empty(t)
	pool := pgtest.Open(t, c)
	s := check(t, pool)
	if s.Current != 0 || s.Latest == 0 || len(s.Pending) != int(s.Latest) || s.Ready() {
		t.Errorf("empty database: got %+v, want everything pending", s)
	}
	if want := "001_"; !strings.HasPrefix(s.Pending[0], want) {
		t.Errorf("first pending: got %s, want %s...", s.Pending[0], want)
	}
	up(t, c)
	if s := check(t, pool); s.Current != s.Latest || len(s.Pending) != 0 || !s.Ready() {
		t.Errorf("after up: got %+v, want nothing pending", s)
	}
}

// During a rolling update the old program starts on the new schema.
func TestUp_NewerDatabase(t *testing.T) {
	t.Parallel()
	c := pgtest.Config(t)
	pool := pgtest.Open(t, c)
	newer := check(t, pool).Latest + 1
	if _, err := pool.Exec(t.Context(), "UPDATE schema_version SET version = $1", newer); err != nil {
		t.Fatal(err)
	}
	up(t, c)
	if s := check(t, pool); s.Current != newer || !s.Ready() {
		t.Errorf("got %+v, want version %d and ready", s, newer)
	}
}

func TestUp_Concurrently(t *testing.T) {
	t.Parallel()
	c := pgtest.Empty(t)
	var log proctest.Transcript
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			if err := migrations.Up(t.Context(), c, slog.New(slog.NewTextHandler(&log, nil))); err != nil {
				t.Errorf("up: %v", err)
			}
		})
	}
	group.Wait()
	if got, want := strings.Count(log.String(), "msg=migrating"), int(check(t, pgtest.Open(t, c)).Latest); got != want {
		t.Errorf("migrations run by 4 at once: got %d, want %d", got, want)
	}
}

// Whoever waits must not hold a snapshot, or CREATE INDEX CONCURRENTLY in the
// process it waits for never ends.
func TestUp_WaitsWithoutSnapshot(t *testing.T) {
	t.Parallel()
	c := pgtest.Empty(t)
	pool := pgtest.Open(t, c)
	first := holdGate(t, c)
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error, 1)
	log := &signalWriter{signal: make(chan struct{})}
	go func() { waiting <- migrations.Up(ctx, c, slog.New(slog.NewTextHandler(log, nil))) }()
	<-log.signal
	if _, err := first.Exec(t.Context(), "CREATE TABLE t (n int)"); err != nil {
		t.Fatal(err)
	}
	if _, err := first.Exec(t.Context(), "CREATE INDEX CONCURRENTLY ON t (n)"); err != nil {
		t.Errorf("create index beside a waiter: %v", err)
	}
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Errorf("waiter: got error %v, want canceled", err)
	}
	if got := check(t, pool).Current; got != 0 {
		t.Errorf("version while the gate is held: got %d, want 0", got)
	}
}

// holdGate takes the lock of a migrating process.
func holdGate(t *testing.T, c pg.Config) *pgx.Conn {
	t.Helper()
	cc, err := c.ConnConfig()
	if err != nil {
		t.Fatal(err)
	}
	cc.RuntimeParams["statement_timeout"] = "5000"
	conn, err := pgx.ConnectConfig(t.Context(), cc)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	if _, err := conn.Exec(t.Context(), "SELECT pg_advisory_lock($1)", migrations.Gate); err != nil {
		t.Fatal(err)
	}
	return conn
}

func up(t *testing.T, c pg.Config) {
	t.Helper()
	if err := migrations.Up(t.Context(), c, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
}

func check(t *testing.T, pool *pgxpool.Pool) migrations.Status {
	t.Helper()
	s, err := migrations.Check(t.Context(), pool)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// schema lists what migrations make: relations with their columns, functions,
// types, constraints. The version table is not counted, nor are extensions: the
// database may have had them before.
func schema(t *testing.T, pool *pgxpool.Pool) []string {
	t.Helper()
	const sql = `
		SELECT pg_describe_object(classid, objid, 0)
		FROM (
			SELECT 'pg_class'::regclass AS classid, oid AS objid, relnamespace AS schema FROM pg_class
			UNION ALL SELECT 'pg_proc'::regclass, oid, pronamespace FROM pg_proc
			UNION ALL SELECT 'pg_type'::regclass, oid, typnamespace FROM pg_type
			UNION ALL SELECT 'pg_constraint'::regclass, oid, connamespace FROM pg_constraint
		) AS object
		WHERE NOT EXISTS (
			SELECT FROM pg_depend AS d WHERE (d.classid, d.objid, d.deptype) = (object.classid, object.objid, 'e')
		) AND NOT EXISTS ( -- An array type depends on its element type, which depends on the extension.
			SELECT FROM pg_type AS a JOIN pg_depend AS d ON (d.classid, d.objid, d.deptype) = ('pg_type'::regclass, a.typelem, 'e')
			WHERE (object.classid, object.objid) = ('pg_type'::regclass, a.oid)
		) AND schema NOT IN (SELECT oid FROM pg_namespace WHERE nspname IN ('pg_catalog', 'information_schema', 'pg_toast'))
		UNION ALL
		SELECT format('%s.%s %s%s', table_name, column_name, data_type, ' default ' || column_default)
		FROM information_schema.columns WHERE table_schema = 'public'
		ORDER BY 1`
	rows, err := pool.Query(t.Context(), sql)
	if err != nil {
		t.Fatal(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	return slices.DeleteFunc(found, func(s string) bool { return strings.Contains(s, "schema_version") })
}

// signalWriter tells when the first line is logged.
type signalWriter struct {
	once   sync.Once
	signal chan struct{}
}

func (w *signalWriter) Write(p []byte) (int, error) {
	w.once.Do(func() { close(w.signal) })
	return len(p), nil
}
