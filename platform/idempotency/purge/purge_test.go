package purge_test

import (
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/riverqueue/river"

	"github.com/shumbooking/shumbooking/platform/idempotency/purge"
	"github.com/shumbooking/shumbooking/platform/jobs/jobstest"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

// TestPurge makes more old replies than go at a time, and young ones up to a minute before their end.
func TestPurge(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	insert := func(caller string, n int, age time.Duration) {
		t.Helper()
		_, err := db.Exec(t.Context(), `
INSERT INTO idempotency_keys (caller, key, fingerprint, status, location, etag, body, created_at)
SELECT $1, i, '', 201, '', '', '', now() - $3::interval FROM generate_series(1, $2::integer) AS i`, caller, n, age)
		if err != nil {
			t.Fatal(err)
		}
	}
	insert("old", 2500, purge.Keep+time.Minute)
	insert("young", 500, purge.Keep-time.Minute)
	insert("new", 500, 0)

	metrics := prometheus.NewRegistry()
	runPurge(t, db, metrics)
	const counted = `
# HELP idempotency_replies_purged_total Replies to requests with a key removed for their age.
# TYPE idempotency_replies_purged_total counter
idempotency_replies_purged_total 2500
`
	if err := testutil.GatherAndCompare(metrics, strings.NewReader(counted)); err != nil {
		t.Error(err)
	}
	left := make(map[string]int)
	rows, err := db.Query(t.Context(), "SELECT caller, count(*) FROM idempotency_keys GROUP BY caller")
	if err != nil {
		t.Fatal(err)
	}
	var caller string
	var n int
	if _, err := pgx.ForEachRow(rows, []any{&caller, &n}, func() error { left[caller] = n; return nil }); err != nil {
		t.Fatal(err)
	}
	if want := map[string]int{"young": 500, "new": 500}; !maps.Equal(left, want) {
		t.Errorf("left: got %v, want %v", left, want)
	}
}

// runPurge lets a worker run the periodic job.
func runPurge(t *testing.T, db *pgxpool.Pool, metrics prometheus.Registerer) {
	t.Helper()
	kinds := river.NewWorkers()
	purge.AddWorkers(kinds, db, metrics)
	jobstest.RunPeriodic(t, db, kinds, purge.PeriodicJobs())
}
