//go:build unix

package pg_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

func TestOpen_Settings(t *testing.T) {
	t.Parallel()
	c := pgtest.Config(t)
	forJobs, err := pg.OpenForJobs(t.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(forJobs.Close)
	requests := pgtest.Open(t, c)
	for _, tt := range []struct{ name, requests, jobs string }{
		{"application_name", "shum-booking", "shum-booking"},
		{"timezone", "UTC", "UTC"},
		{"statement_timeout", "2s", "30s"},
		{"lock_timeout", "1500ms", "10s"},
		{"idle_in_transaction_session_timeout", "10s", "1min"},
		{"plan_cache_mode", "force_generic_plan", "auto"},
		{"jit", "off", "off"},
	} {
		for pool, want := range map[*pgxpool.Pool]string{requests: tt.requests, forJobs: tt.jobs} {
			var got string
			if err := pool.QueryRow(t.Context(), "SELECT current_setting($1)", tt.name).Scan(&got); err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("%s: got %s, want %s", tt.name, got, want)
			}
		}
	}
	if got := pgtest.Open(t, c).Config().MaxConns; got != 16 {
		t.Errorf("connections by default: got %d, want 16", got)
	}
}

func TestOpen_AcquireIsBounded(t *testing.T) {
	t.Parallel()
	pool := pgtest.NewPool(t, 1)
	held, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	begun := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	_, err = pool.Exec(ctx, "SELECT 1")
	if !errors.Is(err, context.DeadlineExceeded) || !pg.IsUnavailable(err) {
		t.Errorf("exhausted pool: got error %v, want one of an unavailable database", err)
	}
	if took := time.Since(begun); took < time.Second || took > 4*time.Second {
		t.Errorf("exhausted pool: the error took %v, want about 2 s", took)
	}
	held.Release()
	// The limit is on the acquisition, not on what follows it.
	if _, err := pool.Exec(t.Context(), "SET statement_timeout = 0; SELECT pg_sleep(2.3)"); err != nil {
		t.Errorf("a long statement: %v", err)
	}
}

func TestWait(t *testing.T) {
	t.Parallel()
	if err := pg.Wait(t.Context(), pgtest.New(t), slog.New(slog.DiscardHandler)); err != nil {
		t.Errorf("wait for a running server: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err := pg.Wait(ctx, pgtest.Open(t, nowhere(t)), slog.New(slog.DiscardHandler))
	if err == nil || !pg.IsUnavailable(err) {
		t.Errorf("wait for no server: got error %v, want one of an unavailable database", err)
	}
}

// nowhere is the configuration of a server that does not run.
func nowhere(t *testing.T) pg.Config {
	t.Helper()
	return pg.Config{Host: filepath.Join(t.TempDir(), "none"), Name: "x", Username: "x"}
}

func TestConstraint(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	mustExec(t, pool, "CREATE TABLE t (n int CONSTRAINT t_n_check CHECK (n > 0))")
	_, err := pool.Exec(t.Context(), "INSERT INTO t VALUES (0)")
	if got := pg.Constraint(fmt.Errorf("insert: %w", err)); got != "t_n_check" {
		t.Errorf("constraint: got %q, want t_n_check", got)
	}
	for _, err := range []error{nil, errors.New("other"), pgx.ErrNoRows} {
		if got := pg.Constraint(err); got != "" {
			t.Errorf("constraint of %v: got %q, want none", err, got)
		}
	}
}

func TestIsUnavailable(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	mustExec(t, pool, "CREATE TABLE t (n int PRIMARY KEY)")
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	run := func(ctx context.Context, db *pgxpool.Pool, sql string) error {
		_, err := db.Exec(ctx, sql)
		return err
	}
	for _, tt := range []struct {
		name string
		err  error
		want bool
	}{
		{"NoServer", run(t.Context(), pgtest.Open(t, nowhere(t)), "SELECT 1"), true},
		{"Terminated", run(t.Context(), pool, "SELECT pg_terminate_backend(pg_backend_pid())"), true},
		{"StatementTimeout", run(t.Context(), pool, "SET statement_timeout = 20; SELECT pg_sleep(5)"), true},
		{"LockTimeout", lockTimeout(t, pool), true},
		{"TooManyConnections", raise(t, pool, "53300"), true},
		{"ConnectionLost", raise(t, pool, "08006"), true},
		{"StartingUp", raise(t, pool, "57P03"), true},
		{"CommitLost", commitLost(t), true},
		{"ClientGone", run(canceled, pool, "SELECT 1"), false},
		{"BadSQL", run(t.Context(), pool, "SELEC 1"), false},
		{"Constraint", run(t.Context(), pool, "INSERT INTO t VALUES (1), (1)"), false},
		{"NoRows", pgx.ErrNoRows, false},
		{"None", nil, false},
	} {
		if tt.err == nil && tt.name != "None" {
			t.Errorf("%s: no error", tt.name)
		}
		if got := pg.IsUnavailable(tt.err); got != tt.want {
			t.Errorf("%s: IsUnavailable(%v): got %v, want %v", tt.name, tt.err, got, tt.want)
		}
	}
}

func lockTimeout(t *testing.T, pool *pgxpool.Pool) error {
	t.Helper()
	tx, err := pool.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	if _, err := tx.Exec(t.Context(), "LOCK TABLE t"); err != nil {
		t.Fatal(err)
	}
	_, err = pool.Exec(t.Context(), "SET LOCAL lock_timeout = 20; SELECT count(*) FROM t")
	return err
}

// raise makes the server report an error of a given code.
func raise(t *testing.T, db interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}, code string) error {
	t.Helper()
	_, err := db.Exec(t.Context(), fmt.Sprintf("DO $$ BEGIN RAISE EXCEPTION 'test' USING ERRCODE = '%s'; END $$", code))
	return err
}

func mustExec(t *testing.T, pool *pgxpool.Pool, sql string) {
	t.Helper()
	if _, err := pool.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func TestCollector(t *testing.T) {
	t.Parallel()
	pool := pgtest.NewPool(t, 3)
	conn, err := pool.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	registry := prometheus.NewPedanticRegistry()
	if err := registry.Register(pg.NewCollector(pool)); err != nil {
		t.Fatal(err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]float64{}
	for _, f := range families {
		m := f.GetMetric()[0]
		got[f.GetName()] = m.GetGauge().GetValue() + m.GetCounter().GetValue()
	}
	for name, want := range map[string]float64{
		"pgxpool_acquired_conns": 1, "pgxpool_idle_conns": 0, "pgxpool_total_conns": 1, "pgxpool_max_conns": 3,
		"pgxpool_acquire_count_total": 1, "pgxpool_canceled_acquire_count_total": 0, "pgxpool_empty_acquire_count_total": 1,
	} {
		if value, ok := got[name]; !ok || value != want {
			t.Errorf("%s: got %v, want %v", name, value, want)
		}
	}
	if got["pgxpool_acquire_duration_seconds_total"] <= 0 {
		t.Errorf("acquire duration: got %v, want more than 0", got["pgxpool_acquire_duration_seconds_total"])
	}
}

// commitLost returns the error of a transaction whose COMMIT was not answered.
func commitLost(t *testing.T) error {
	t.Helper()
	pool := pgtest.Open(t, pgtest.LoseCommits(t, pgtest.Config(t), func() bool { return true }))
	return pg.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		_, err := tx.Exec(t.Context(), "CREATE TABLE t ()")
		return err
	})
}
