//go:build unix

package pgtest_test

import (
	"context"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgserver"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

func TestNew(t *testing.T) {
	t.Parallel()
	for range 10 {
		t.Run("HasSchemaAndIsAlone", func(t *testing.T) {
			t.Parallel()
			tag, err := pgtest.New(t).Exec(t.Context(), "INSERT INTO users (email) VALUES ('one@example.com')")
			if err != nil || tag.RowsAffected() != 1 {
				t.Errorf("insert: got %v, %v, want one row", tag, err)
			}
		})
	}
}

func TestNewPool(t *testing.T) {
	t.Parallel()
	if got := pgtest.New(t).Config().MaxConns; got != 8 {
		t.Errorf("connections of New: got %d, want 8", got)
	}
	if got := pgtest.NewPool(t, 40).Config().MaxConns; got != 40 {
		t.Errorf("connections of NewPool: got %d, want 40", got)
	}
}

func TestEmpty(t *testing.T) {
	t.Parallel()
	var tables int
	err := pgtest.Open(t, pgtest.Empty(t)).
		QueryRow(t.Context(), "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'").Scan(&tables)
	if err != nil || tables != 0 {
		t.Errorf("tables of an empty database: got %d, %v, want 0", tables, err)
	}
}

func TestCopy(t *testing.T) {
	t.Parallel()
	original := pgtest.Config(t)
	conn, err := pgx.Connect(t.Context(), original.URL())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Exec(t.Context(), "INSERT INTO users (email) VALUES ('one@example.com')"); err != nil {
		t.Fatal(err)
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	changed, restored := pgtest.Copy(t, original), pgtest.Copy(t, original)
	for _, c := range []pg.Config{changed, restored} {
		if _, err := pgtest.Open(t, c).Exec(t.Context(), "INSERT INTO users (email) VALUES ('two@example.com')"); err != nil {
			t.Fatal(err)
		}
	}
	pgtest.Restore(t, restored, original)
	for name, tt := range map[string]struct {
		db   *pgxpool.Pool
		want int
	}{
		"changed": {pgtest.Open(t, changed), 2}, "restored": {pgtest.Open(t, restored), 1},
		"original": {pgtest.Open(t, original), 1},
	} {
		var got int
		if err := tt.db.QueryRow(t.Context(), "SELECT count(*) FROM users").Scan(&got); err != nil || got != tt.want {
			t.Errorf("users of the %s: got %d, %v, want %d", name, got, err, tt.want)
		}
	}
}

// A database goes with its test, even when the test left a connection open.
func TestNew_Drops(t *testing.T) {
	t.Parallel()
	var name string
	t.Run("Test", func(t *testing.T) {
		c := pgtest.Config(t)
		name = c.Name
		if _, err := pgx.Connect(t.Context(), c.URL()); err != nil {
			t.Fatal(err)
		}
	})
	var exists bool
	err := pgtest.New(t).QueryRow(t.Context(), "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", name).Scan(&exists)
	if err != nil || exists {
		t.Errorf("database %s after its test: got exists %v, %v, want it gone", name, exists, err)
	}
}

// Two test binaries at once on the server that TEST_DATABASE_URL names build one
// template between them and leave nothing else.
func TestOtherServer(t *testing.T) {
	t.Parallel()
	s, err := pgserver.Start(t.Context(), pgserver.Config{Durability: pgserver.Volatile})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^(TestNew|TestEmpty)$")
			cmd.Env = append(os.Environ(), "TEST_DATABASE_URL="+s.URL(""))
			if output, err := cmd.CombinedOutput(); err != nil {
				t.Errorf("tests on another server: %v\n%s", err, output)
			}
		})
	}
	group.Wait()
	conn, err := pgx.Connect(t.Context(), s.URL(""))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	rows, err := conn.Query(t.Context(), "SELECT datname FROM pg_database WHERE datname NOT IN ('postgres', 'template0', 'template1')")
	if err != nil {
		t.Fatal(err)
	}
	left, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if len(left) != 1 || !strings.HasPrefix(left[0], "shum_template_") {
		t.Errorf("databases left: got %v, want one template", left)
	}
}

func BenchmarkNew(b *testing.B) {
	pgtest.Config(b)
	for b.Loop() {
		pgtest.Config(b)
	}
}
