package main

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

// worlds are copies of one world for the parallel subtests of a test, who pass them on: to make an application takes
// longer than what most of them do with it.
type worlds struct {
	client *apitest.Client // for what all of them have in common
	digest string          // of each when it is taken
	free   chan *world
}

// newWorlds returns as many copies of the world that f describes as there are tests at a time.
func newWorlds(t *testing.T, f *fixtures) worlds {
	t.Helper()
	pool := worlds{free: make(chan *world, runtime.GOMAXPROCS(0))}
	for range cap(pool.free) {
		w := newWorld(t, f)
		pool.client, pool.digest = w.client, w.digest(t)
		pool.free <- w
	}
	return pool
}

// take returns a world as it was made, for t alone.
func (p worlds) take(t *testing.T) *world {
	t.Helper()
	w := <-p.free
	t.Cleanup(func() { p.free <- w })
	if w.used {
		w.restore(t)
		w.log.Clear()
	}
	w.used = true
	if got := w.digest(t); got != p.digest {
		t.Fatalf("the world is not as it was made:\n%s\nwant\n%s", got, p.digest)
	}
	return w
}

// restore makes the world what it was at first.
func (w *world) restore(t *testing.T) {
	t.Helper()
	pgtest.Restore(t, w.copy, w.database)
	for _, pool := range []*pgxpool.Pool{w.app.pool, w.app.probe, w.db} {
		pool.Reset()
	}
}

// digest stands for all that the database holds, but for what any request may leave behind: the audit log, keys of
// idempotency, failures to sign in and jobs.
func (w *world) digest(t *testing.T) string {
	t.Helper()
	var sum string
	if err := w.db.QueryRow(t.Context(), w.digestSQL).Scan(&sum); err != nil {
		t.Fatal(err)
	}
	return sum
}

// digestQuery returns the statement of digest for the tables that there are.
func digestQuery(t *testing.T, db *pgxpool.Pool) string {
	t.Helper()
	rows, err := db.Query(t.Context(), `SELECT tablename FROM pg_tables WHERE schemaname = 'public'
AND tablename NOT LIKE 'river%' AND tablename NOT IN ('audit_log', 'idempotency_keys', 'sign_in_failures') ORDER BY tablename`)
	if err != nil {
		t.Fatal(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	parts := make([]string, len(names))
	for i, name := range names {
		parts[i] = fmt.Sprintf("SELECT '%[1]s ' || md5(string_agg(x::text, ',' ORDER BY x::text)) AS line FROM %[1]s x", name)
	}
	return "SELECT string_agg(line, E'\\n' ORDER BY line) FROM (" + strings.Join(parts, " UNION ALL ") + ") d"
}
