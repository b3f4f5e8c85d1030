//go:build unix

package pg_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

type pair struct {
	ID   int
	Name string
}

func TestCollectAndOne(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	const sql = "SELECT id, 'n' || id AS name FROM generate_series(1, $1::int) AS id ORDER BY id"
	want := []pair{{1, "n1"}, {2, "n2"}}
	got, err := pg.Collect[pair](t.Context(), pool, sql, 2)
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("from a pool: got %v, %v, want %v", got, err, want)
	}
	err = pg.InTx(t.Context(), pool, func(tx pgx.Tx) error {
		one, err := pg.One[pair](t.Context(), tx, sql, 2)
		if one != want[0] {
			t.Errorf("one in a transaction: got %v, want %v", one, want[0])
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
	if got, err := pg.Collect[pair](t.Context(), pool, sql, 0); err != nil || got == nil || len(got) != 0 {
		t.Errorf("no rows: got %v, %v, want an empty slice", got, err)
	}
	if _, err := pg.One[pair](t.Context(), pool, sql, 0); !errors.Is(err, pgx.ErrNoRows) {
		t.Errorf("one of no rows: got error %v, want pgx.ErrNoRows", err)
	}
}

func TestCollectCustom(t *testing.T) {
	t.Parallel()
	pool := pgtest.NewPool(t, 1)
	const sql = "SELECT id, 'n' || id AS name FROM generate_series(1, $1::int) AS id ORDER BY id"
	for n := range 3 {
		got, err := pg.CollectCustom[pair](t.Context(), pool, sql, n)
		if err != nil || got == nil || len(got) != n {
			t.Fatalf("%d rows: got %v, %v", n, got, err)
		}
	}
	type plans struct{ GenericPlans, CustomPlans int }
	const counts = "SELECT generic_plans, custom_plans FROM pg_prepared_statements WHERE statement = $1"
	got, err := pg.One[plans](t.Context(), pool, counts, sql)
	if want := (plans{0, 3}); err != nil || got != want {
		t.Errorf("plans of the custom query: got %+v, %v, want %+v", got, err, want)
	}
	if _, err := pg.Collect[pair](t.Context(), pool, sql, 1); err != nil {
		t.Fatal(err)
	}
	got, err = pg.One[plans](t.Context(), pool, counts, sql)
	if want := (plans{1, 3}); err != nil || got != want {
		t.Errorf("plans after a plain query: got %+v, %v, want %+v", got, err, want)
	}
	if _, err := pg.CollectCustom[pair](t.Context(), pool, "SELECT 1/0 AS id, '' AS name"); err == nil {
		t.Error("a failing query: got no error")
	}
}
