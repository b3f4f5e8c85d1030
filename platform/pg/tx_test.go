//go:build unix

package pg_test

import (
	"errors"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

func accounts(t *testing.T) *pgxpool.Pool {
	t.Helper()
	pool := pgtest.New(t)
	mustExec(t, pool, "CREATE TABLE accounts (id int PRIMARY KEY, cents int NOT NULL)")
	mustExec(t, pool, "INSERT INTO accounts VALUES (1, 0), (2, 0)")
	return pool
}

func add(t *testing.T, tx pgx.Tx, id int) error {
	t.Helper()
	_, err := tx.Exec(t.Context(), "UPDATE accounts SET cents = cents + 1 WHERE id = $1", id)
	return err
}

func total(t *testing.T, pool *pgxpool.Pool) int {
	t.Helper()
	var n int
	if err := pool.QueryRow(t.Context(), "SELECT sum(cents)::int FROM accounts").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestInTx(t *testing.T) {
	t.Parallel()
	pool := accounts(t)
	if err := pg.InTx(t.Context(), pool, func(tx pgx.Tx) error { return add(t, tx, 1) }); err != nil {
		t.Fatal(err)
	}
	if got := total(t, pool); got != 1 {
		t.Errorf("after a commit: got %d, want 1", got)
	}
	refused := errors.New("refused")
	err := pg.InTx(t.Context(), pool, func(tx pgx.Tx) error { return errors.Join(add(t, tx, 1), refused) })
	if !errors.Is(err, refused) {
		t.Errorf("got error %v, want the function's own", err)
	}
	if got := total(t, pool); got != 1 {
		t.Errorf("after an error: got %d, want 1", got)
	}
}

func TestInTx_PanicRollsBack(t *testing.T) {
	t.Parallel()
	pool := accounts(t)
	func() {
		defer func() {
			if got := recover(); got != "boom" {
				t.Errorf("panic: got %v, want boom", got)
			}
		}()
		_ = pg.InTx(t.Context(), pool, func(tx pgx.Tx) error {
			if err := add(t, tx, 1); err != nil {
				t.Error(err)
			}
			panic("boom")
		})
	}()
	if got := total(t, pool); got != 0 {
		t.Errorf("after a panic: got %d, want 0", got)
	}
	if got := pool.Stat().AcquiredConns(); got != 0 {
		t.Errorf("connections still held: got %d, want 0", got)
	}
}

func TestInTx_Retries(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		code  string
		fails int
		runs  int
		total int
	}{
		{"40001", 2, 3, 1},
		{"40P01", 4, 5, 1},
		{"40001", 100, 5, 0},
		{"23505", 100, 1, 0},
	} {
		pool := accounts(t)
		runs := 0
		err := pg.InTx(t.Context(), pool, func(tx pgx.Tx) error {
			runs++
			if err := add(t, tx, 1); err != nil {
				return err
			}
			if runs <= tt.fails {
				return raise(t, tx, tt.code)
			}
			return nil
		})
		if (err == nil) != (tt.total == 1) {
			t.Errorf("%s %d times: got error %v", tt.code, tt.fails, err)
		}
		if runs != tt.runs {
			t.Errorf("%s %d times: got %d runs, want %d", tt.code, tt.fails, runs, tt.runs)
		}
		if got := total(t, pool); got != tt.total {
			t.Errorf("%s %d times: got a total of %d, want %d", tt.code, tt.fails, got, tt.total)
		}
	}
}

// Two transactions that lock two rows in opposite order both succeed in the end.
func TestInTx_Deadlock(t *testing.T) {
	t.Parallel()
	pool := accounts(t)
	mustExec(t, pool, "ALTER DATABASE "+quotedName(t, pool)+" SET deadlock_timeout = '20ms'")
	pool.Reset()
	var both, group sync.WaitGroup
	both.Add(2)
	var runs atomic.Int32
	move := func(first, second int) {
		met := false
		err := pg.InTx(t.Context(), pool, func(tx pgx.Tx) error {
			runs.Add(1)
			if err := add(t, tx, first); err != nil {
				return err
			}
			if !met {
				met = true
				both.Done()
				both.Wait()
			}
			return add(t, tx, second)
		})
		if err != nil {
			t.Errorf("move %d, %d: %v", first, second, err)
		}
	}
	group.Go(func() { move(1, 2) })
	group.Go(func() { move(2, 1) })
	group.Wait()
	if got := total(t, pool); got != 4 {
		t.Errorf("total: got %d, want 4", got)
	}
	if runs.Load() < 3 {
		t.Errorf("runs: got %d, want a deadlock and its repetition", runs.Load())
	}
}

func quotedName(t *testing.T, pool *pgxpool.Pool) string {
	t.Helper()
	return pgx.Identifier{pool.Config().ConnConfig.Database}.Sanitize()
}
