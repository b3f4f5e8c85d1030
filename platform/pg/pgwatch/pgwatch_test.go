//go:build unix

package pgwatch_test

import (
	"log/slog"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
	"github.com/shumbooking/shumbooking/platform/pg/pgwatch"
)

// gather returns the value of each metric, as a scrape that must not fail would find it.
func gather(t *testing.T, db *pgxpool.Pool) map[string]float64 {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(pgwatch.NewCollector(db, slog.New(slog.DiscardHandler)))
	families, err := registry.Gather()
	if err != nil {
		t.Fatalf("Gather() = %v, want no error", err)
	}
	values := map[string]float64{}
	for _, family := range families {
		values[family.GetName()] = family.GetMetric()[0].GetGauge().GetValue()
	}
	return values
}

func exec(t *testing.T, db *pgxpool.Pool, sql string) {
	t.Helper()
	if _, err := db.Exec(t.Context(), sql); err != nil {
		t.Fatal(err)
	}
}

func TestServer(t *testing.T) {
	t.Parallel()
	got := gather(t, pgtest.New(t))
	if got["database_up"] != 1 || got["database_size_bytes"] < 1<<20 {
		t.Errorf("got up %v and %v bytes, want 1 and a mebibyte at least", got["database_up"], got["database_size_bytes"])
	}
	if conns, most := got["database_connections"], got["database_connections_max"]; conns < 1 || most < conns {
		t.Errorf("connections: got %v of %v, want one at least and no more than allowed", conns, most)
	}
}

// The last backup counts, and not the row that was added last.
func TestBackup(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	exec(t, db, `INSERT INTO backups (name, bytes, finished_at) VALUES
		('b', 2000, '2026-03-02 02:00:00.5+00'), ('a', 1000, '2026-03-01 02:00:00+00')`)
	got := gather(t, db)
	if got["backup_finished_timestamp_seconds"] != 1772416800.5 || got["backup_size_bytes"] != 2000 {
		t.Errorf("got %v, %v; want 1772416800.5, 2000", got["backup_finished_timestamp_seconds"], got["backup_size_bytes"])
	}
}

// What is not known is absent rather than 0, and hides nothing else.
func TestBackupUnknown(t *testing.T) {
	t.Parallel()
	for name, sql := range map[string]string{
		"no backup yet": "SELECT",
		"older schema":  "DROP TABLE backups",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			db := pgtest.New(t)
			exec(t, db, sql)
			got := gather(t, db)
			if _, told := got["backup_finished_timestamp_seconds"]; told || got["database_up"] != 1 || len(got) != 4 {
				t.Errorf("got %v, want the four metrics of the server and none of a backup", got)
			}
		})
	}
}

func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	db.Close()
	got := gather(t, db)
	if up, told := got["database_up"]; !told || up != 0 || len(got) != 1 {
		t.Errorf("got %v, want database_up 0 and nothing else", got)
	}
}
