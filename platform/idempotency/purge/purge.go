// Package purge removes the replies that package idempotency stored, when they have reached their age.
package purge

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"github.com/riverqueue/river"

	"github.com/shumbooking/shumbooking/platform/jobs"
)

// Keep is how long replies are kept at least. They go within an hour after that.
const Keep = 24 * time.Hour

const (
	period   = time.Hour
	attempts = 3
	// batch bounds a transaction: a busy day leaves millions of rows, most of them with a whole booking.
	batch = 1000
	// maxBatches bounds a job. What is left is for the next.
	maxBatches = 5000
)

// Args ask for the end of the replies that are older than Keep.
type Args struct{}

// Kind is stored with jobs. Never change it.
func (Args) Kind() string { return "idempotency_purge" }

// InsertOpts gives up early, as the next purge is an hour away at most.
func (Args) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: attempts} }

// AddWorkers adds what purges db, and counts it in metrics.
func AddWorkers(w *river.Workers, db *pgxpool.Pool, metrics prometheus.Registerer) {
	purged := promauto.With(metrics).NewCounter(prometheus.CounterOpts{
		Name: "idempotency_replies_purged_total", Help: "Replies to requests with a key removed for their age.",
	})
	river.AddWorker(w, &worker{db: db, purged: purged})
}

// PeriodicJobs are the jobs of this package that come again and again.
func PeriodicJobs() []*river.PeriodicJob {
	return []*river.PeriodicJob{jobs.Periodic(period, Args{})}
}

type worker struct {
	river.WorkerDefaults[Args]
	db     *pgxpool.Pool
	purged prometheus.Counter
}

// Timeout implements river.Worker.
func (*worker) Timeout(*river.Job[Args]) time.Duration { return 15 * time.Minute }

// Work implements river.Worker.
func (w *worker) Work(ctx context.Context, _ *river.Job[Args]) error {
	err := jobs.InBatches(ctx, batch, maxBatches, func(ctx context.Context, size int) (int64, error) {
		gone, err := w.db.Exec(ctx, deleteOld, Keep, size)
		w.purged.Add(float64(gone.RowsAffected()))
		return gone.RowsAffected(), err
	})
	if err != nil {
		return fmt.Errorf("purge idempotency keys: %w", err)
	}
	return nil
}

// deleteOld goes by the index on the age. Two purges at once pass over each other's rows.
const deleteOld = `
DELETE FROM idempotency_keys WHERE ctid = ANY (ARRAY(
	SELECT ctid FROM idempotency_keys WHERE created_at < now() - $1::interval
	ORDER BY created_at LIMIT $2 FOR UPDATE SKIP LOCKED
))`
