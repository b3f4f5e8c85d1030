//go:build unix

package jobs_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	dto "github.com/prometheus/client_model/go"
	"github.com/riverqueue/river/rivertype"

	"github.com/shumbooking/shumbooking/platform/jobs"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

// metric returns the metric of kind "test".
func (b *bench) metric(t *testing.T, name string) *dto.Metric {
	t.Helper()
	families, err := b.registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() == name && m.GetLabel()[0].GetValue() == "test" {
				return m
			}
		}
	}
	t.Fatalf("there is no metric %s of kind test", name)
	return nil
}

func (b *bench) counter(t *testing.T, name string) float64 {
	t.Helper()
	return b.metric(t, name).GetCounter().GetValue()
}

// An inserter and a worker of one process count together, from zero on.
func TestMetrics(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if got := b.counter(t, "jobs_inserted_total"); got != 0 {
		t.Errorf("inserted before the first: got %v, want 0", got)
	}
	s := b.work(t, succeed)
	if got := b.counter(t, "jobs_completed_total"); got != 0 {
		t.Errorf("completed before the first: got %v, want 0", got)
	}
	for range 2 {
		b.insert(t, args{}, nil)
		s.await(t)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"jobs_inserted_total", "jobs_completed_total"} {
		if got := b.counter(t, name); got != 2 {
			t.Errorf("%s: got %v, want 2", name, got)
		}
	}
	for _, name := range []string{"job_duration_seconds", "job_wait_seconds"} {
		if got := b.metric(t, name).GetHistogram().GetSampleCount(); got != 2 {
			t.Errorf("%s: got %v samples, want 2", name, got)
		}
	}
}

func TestCollector(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, job := range []struct {
		queue string
		state rivertype.JobState
		due   time.Duration
	}{
		{jobs.Images, rivertype.JobStateAvailable, -time.Hour},
		{jobs.Images, rivertype.JobStateAvailable, -time.Minute},
		{jobs.Images, rivertype.JobStateRunning, -2 * time.Hour},
		{jobs.Images, rivertype.JobStateCompleted, -3 * time.Hour},
		{jobs.Images, rivertype.JobStateDiscarded, -4 * time.Hour},
		{jobs.Default, rivertype.JobStateScheduled, time.Hour},
		{"odd", rivertype.JobStateRetryable, -2 * time.Hour},
	} {
		b.store(t, job.queue, job.state, job.due)
	}
	c := jobs.NewCollector(b.pool, slog.New(slog.DiscardHandler))
	const want = `
# HELP jobs_queue_depth Jobs that are not done, by state. Discarded ones failed for good, or were lost with their workers too often.
# TYPE jobs_queue_depth gauge
jobs_queue_depth{queue="default",state="available"} 0
jobs_queue_depth{queue="default",state="discarded"} 0
jobs_queue_depth{queue="default",state="retryable"} 0
jobs_queue_depth{queue="default",state="running"} 0
jobs_queue_depth{queue="default",state="scheduled"} 1
jobs_queue_depth{queue="images",state="available"} 2
jobs_queue_depth{queue="images",state="discarded"} 1
jobs_queue_depth{queue="images",state="retryable"} 0
jobs_queue_depth{queue="images",state="running"} 1
jobs_queue_depth{queue="images",state="scheduled"} 0
jobs_queue_depth{queue="odd",state="available"} 0
jobs_queue_depth{queue="odd",state="discarded"} 0
jobs_queue_depth{queue="odd",state="retryable"} 1
jobs_queue_depth{queue="odd",state="running"} 0
jobs_queue_depth{queue="odd",state="scheduled"} 0
`
	if err := testutil.CollectAndCompare(c, strings.NewReader(want), "jobs_queue_depth"); err != nil {
		t.Error(err)
	}
	for queue, want := range map[string]time.Duration{jobs.Default: 0, jobs.Images: time.Hour, "odd": 2 * time.Hour} {
		if got := b.age(t, c, queue); got < want.Seconds() || got > (want+time.Minute).Seconds() {
			t.Errorf("age of the oldest job in %s: got %v s, want %v s", queue, got, want.Seconds())
		}
	}
}

// Jobs that are done are many, and no scrape may read them.
func TestCollector_ReadsOneIndex(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.pool.Exec(t.Context(), `
INSERT INTO river_job (args, kind, state, finalized_at) SELECT '{}', 'test', 'completed', now() FROM generate_series(1, 20000)`)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.pool.Exec(t.Context(), "VACUUM ANALYZE river_job"); err != nil {
		t.Fatal(err)
	}
	rows, err := b.pool.Query(t.Context(), "EXPLAIN "+jobs.SelectDepth)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(plan, "\n"); !strings.Contains(text, "river_job_prioritized_fetching_index") {
		t.Errorf("plan of a look at the queues:\n%s\nwant the index that jobs are fetched by", text)
	}
}

func TestCollector_DatabaseAway(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	pool.Close()
	if got := testutil.CollectAndCount(jobs.NewCollector(pool, slog.New(slog.DiscardHandler))); got != 0 {
		t.Errorf("metrics without a database: got %d, want none", got)
	}
}

// store puts a job into a state.
func (b *bench) store(t *testing.T, queue string, state rivertype.JobState, due time.Duration) {
	t.Helper()
	_, err := b.pool.Exec(t.Context(), `
INSERT INTO river_job (args, kind, queue, state, scheduled_at, finalized_at)
VALUES ('{}', 'test', $1, $2, now() + $3::interval, CASE WHEN $4 THEN now() END)`,
		queue, string(state), due, state == rivertype.JobStateCompleted || state == rivertype.JobStateDiscarded)
	if err != nil {
		t.Fatal(err)
	}
}

// age returns jobs_oldest_age_seconds.
func (b *bench) age(t *testing.T, c prometheus.Collector, queue string) float64 {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			if family.GetName() == "jobs_oldest_age_seconds" && m.GetLabel()[0].GetValue() == queue {
				return m.GetGauge().GetValue()
			}
		}
	}
	t.Fatalf("there is no age of queue %s", queue)
	return 0
}
