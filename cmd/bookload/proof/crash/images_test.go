package crash_test

import (
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/proctest"

	"github.com/shumbooking/shumbooking/cmd/bookload/proof/site"
)

// rescue is longer than it takes until the job of a killed worker is done by another: see platform/jobs.
const rescue = 6 * time.Minute

const (
	imageJobs = `FROM images i JOIN river_job j ON j.kind = 'image_process' AND (j.args->>'image_id')::bigint = i.id
WHERE i.status = 'processing' AND i.removed_at IS NULL`

	// runningJobs are those that a worker has begun.
	runningJobs = `SELECT count(*) ` + imageJobs + ` AND j.state = 'running'`

	// promptJobs are those that a worker does without having to wait for anything. One that a killed worker or a lost
	// database has left behind is taken up again after minutes.
	promptJobs = `SELECT count(*) ` + imageJobs + ` AND (j.state = 'available' OR (j.state = 'running' AND j.attempted_at > $1)
	OR (j.state IN ('retryable', 'scheduled') AND j.scheduled_at < now() + interval '5 s'))`

	// unfinished are the photographs of which nobody can see more than that they are processed.
	unfinished = `SELECT count(*) FROM images WHERE status = 'processing' AND removed_at IS NULL`
)

// awaitImages returns when all photographs are ready. In the short form those are left out that have to wait for minutes.
func (o *ordeal) awaitImages() {
	o.t.Helper()
	proctest.Eventually(o.t, "the worker catches up", func() bool { return o.number(promptJobs, o.back) == 0 })
	if !*site.Long {
		o.t.Logf("%d photographs wait for their second attempt", o.number(unfinished))
		return
	}
	deadline := time.After(rescue)
	for o.number(unfinished) > 0 {
		select {
		case <-deadline:
			o.t.Fatalf("after %v %d photographs are being processed", rescue, o.number(unfinished))
		case <-time.After(time.Second):
		}
	}
}

func (o *ordeal) number(query string, args ...any) (n int) {
	o.t.Helper()
	conn, err := pgx.Connect(o.t.Context(), o.DatabaseURL())
	if err != nil {
		o.t.Fatal(err)
	}
	defer conn.Close(o.t.Context())
	if err := conn.QueryRow(o.t.Context(), query, args...).Scan(&n); err != nil {
		o.t.Fatalf("%s: %v", query, err)
	}
	return n
}
