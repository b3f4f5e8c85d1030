package demo_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shumbooking/shumbooking/cmd/booking/internal/demo"
	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

// today is before the New Year, when some rooms have prices of their own.
var today = date.New(2026, time.November, 23)

// tables are those that a load fills.
var tables = []string{
	"countries", "cities", "facilities", "hotels", "hotel_facilities", "rooms", "room_facilities",
	"users", "room_nights", "bookings", "booking_nights",
}

func load(tb testing.TB, db *pgxpool.Pool, hotels int) demo.Summary {
	tb.Helper()
	sum, err := demo.Load(tb.Context(), db, demo.Options{Hotels: hotels, Today: today})
	if err != nil {
		tb.Fatalf("Load: %v", err)
	}
	return sum
}

func query[T any](tb testing.TB, db *pgxpool.Pool, sql string, args ...any) T {
	tb.Helper()
	rows, err := db.Query(tb.Context(), sql, args...)
	if err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
	v, err := pgx.CollectExactlyOneRow(rows, pgx.RowTo[T])
	if err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
	return v
}

// contents returns a digest of each table.
func contents(tb testing.TB, db *pgxpool.Pool) map[string]string {
	tb.Helper()
	digests := make(map[string]string)
	for _, table := range tables {
		digests[table] = query[string](tb, db,
			"SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, E'\\n' ORDER BY t::text)), '') FROM "+table+" t")
	}
	return digests
}

// schema returns the definitions of all indexes and constraints.
func schema(tb testing.TB, db *pgxpool.Pool) []string {
	tb.Helper()
	return query[[]string](tb, db, `
		SELECT array_agg(d ORDER BY d) FROM (
			SELECT indexdef AS d FROM pg_indexes WHERE schemaname = 'public'
			UNION ALL
			SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) FROM pg_constraint
			WHERE connamespace = 'public'::regnamespace) AS s`)
}

func TestLoadIsTheSameEachTime(t *testing.T) {
	t.Parallel()
	// More hotels than one goroutine makes at a time.
	const hotels = 600
	first, second := pgtest.New(t), pgtest.New(t)
	a, b := load(t, first, hotels), load(t, second, hotels)
	a.Elapsed, b.Elapsed = 0, 0
	if a != b {
		t.Errorf("summaries differ: %+v and %+v", a, b)
	}
	got, want := contents(t, second), contents(t, first)
	for _, table := range tables {
		if got[table] != want[table] {
			t.Errorf("%s: %s the second time, %s the first", table, got[table], want[table])
		}
	}
}

func TestLoadLeavesTheSchemaAsItWas(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	want := schema(t, db)
	load(t, db, 2)
	if got := schema(t, db); !slices.Equal(got, want) {
		t.Errorf("indexes and constraints after the load:\n%q\nwant:\n%q", got, want)
	}
}

func TestLoadAgain(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	first := load(t, db, 3)
	want := contents(t, db)

	again := load(t, db, 3)
	if first.Existing || !again.Existing {
		t.Errorf("Existing = %t, then %t; want false, then true", first.Existing, again.Existing)
	}
	again.Existing, again.Elapsed, first.Elapsed = false, 0, 0
	if again != first {
		t.Errorf("summary = %+v, want that of the load, %+v", again, first)
	}
	_, err := demo.Load(t.Context(), db, demo.Options{Hotels: 4, Today: today})
	if !errors.Is(err, demo.ErrOtherNumber) {
		t.Errorf("Load of another number = %v, want ErrOtherNumber", err)
	}
	if got := contents(t, db); !maps.Equal(got, want) {
		t.Errorf("tables changed: %v, want %v", got, want)
	}
}

// Of two loads at once the second waits, and finds the work done.
func TestLoadTwiceAtOnce(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	sums := make([]demo.Summary, 2)
	errs := make([]error, 2)
	var loads sync.WaitGroup
	for i := range sums {
		loads.Go(func() {
			sums[i], errs[i] = demo.Load(t.Context(), db, demo.Options{Hotels: 2, Today: today})
		})
	}
	loads.Wait()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
	if sums[0].Existing == sums[1].Existing || sums[0].Bookings != sums[1].Bookings {
		t.Errorf("summaries = %+v, want one load and one that found it", sums)
	}
}

func TestLoadRefusesACatalogue(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"country":  "INSERT INTO countries (name, iso_code, currency) VALUES ('Utopia', 'UT', 'EUR')",
		"facility": "INSERT INTO facilities (title) VALUES ('Moat')",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t)
			if _, err := db.Exec(t.Context(), sql); err != nil {
				t.Fatal(err)
			}
			want := contents(t, db)
			_, err := demo.Load(t.Context(), db, demo.Options{Hotels: 1, Today: today})
			if !errors.Is(err, demo.ErrNotEmpty) {
				t.Errorf("Load = %v, want ErrNotEmpty", err)
			}
			if got := contents(t, db); !maps.Equal(got, want) {
				t.Errorf("tables changed: %v, want %v", got, want)
			}
		})
	}
}

func TestLoadRefusesNumbers(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	for _, hotels := range []int{-1, 0, demo.MaxHotels + 1} {
		_, err := demo.Load(t.Context(), db, demo.Options{Hotels: hotels, Today: today})
		if !errors.Is(err, demo.ErrHotels) {
			t.Errorf("Load of %d hotels = %v, want ErrHotels", hotels, err)
		}
	}
}

// A load that ends in the middle leaves nothing, and the next one succeeds.
func TestLoadInterrupted(t *testing.T) {
	t.Parallel()
	for _, stage := range []string{"hotels and bookings", "indexes"} {
		t.Run(stage, func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t)
			wantRows, wantSchema := contents(t, db), schema(t, db)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			_, err := demo.Load(ctx, db, demo.Options{
				Hotels: 600, Today: today,
				Progress: func(at string, done, _ int64) {
					if at == stage && done > 0 {
						cancel()
					}
				},
			})
			if !errors.Is(err, context.Canceled) {
				t.Errorf("Load = %v, want context.Canceled", err)
			}
			if got := contents(t, db); !maps.Equal(got, wantRows) {
				t.Errorf("tables after the interruption: %v, want %v", got, wantRows)
			}
			if got := schema(t, db); !slices.Equal(got, wantSchema) {
				t.Errorf("indexes and constraints after the interruption: %q, want %q", got, wantSchema)
			}
			if sum := load(t, db, 1); sum.Existing || sum.Hotels != 1 {
				t.Errorf("next load = %+v, want one hotel, loaded now", sum)
			}
		})
	}
}

func TestLoadKeepsUsers(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	id := query[int64](t, db, "INSERT INTO users (email, role) VALUES ('admin@shum.example', 'admin') RETURNING id")
	load(t, db, 1)
	if got := query[string](t, db, "SELECT email FROM users WHERE id = $1", id); got != "admin@shum.example" {
		t.Errorf("user %d is %s now", id, got)
	}
	if n := query[int](t, db, "SELECT count(*) FROM bookings WHERE user_id = $1", id); n != 0 {
		t.Errorf("user %d has %d bookings, want none", id, n)
	}
}

func TestProgress(t *testing.T) {
	t.Parallel()
	type mark struct {
		stage       string
		done, total int64
	}
	var marks []mark
	_, err := demo.Load(t.Context(), pgtest.New(t), demo.Options{
		Hotels: 600, Today: today,
		Progress: func(stage string, done, total int64) { marks = append(marks, mark{stage, done, total}) },
	})
	if err != nil {
		t.Fatal(err)
	}
	var stages []string
	for i, m := range marks {
		if i == 0 || m.stage != marks[i-1].stage {
			stages = append(stages, m.stage)
		} else if m.done < marks[i-1].done || m.total != marks[i-1].total {
			t.Errorf("%+v follows %+v", m, marks[i-1])
		}
		if last := i == len(marks)-1 || marks[i+1].stage != m.stage; last && m.done != m.total {
			t.Errorf("stage ends with %+v", m)
		}
	}
	if want := []string{"countries and cities", "hotels and bookings", "indexes"}; !slices.Equal(stages, want) {
		t.Errorf("stages = %q, want %q", stages, want)
	}
}
