package audit

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/shumbooking/shumbooking/platform/jobs"
)

const (
	purgePeriod   = 24 * time.Hour
	purgeAttempts = 3
	// purgeBatch bounds a statement.
	purgeBatch = 1000
	// maxPurgeBatches bounds a job. What is left is for the next.
	maxPurgeBatches = 1000
	// purgeTimeout is for all of them.
	purgeTimeout = 15 * time.Minute
)

// PurgeArgs ask for the removal of entries that are older than 400 days.
type PurgeArgs struct{}

// Kind is stored with jobs. Never change it.
func (PurgeArgs) Kind() string { return "audit_purge" }

// InsertOpts gives up early, as the next purge is a day away at most.
func (PurgeArgs) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: purgeAttempts} }

// AddWorkers adds what runs the jobs of this package.
func (s *Service) AddWorkers(w *river.Workers) { river.AddWorker(w, &purger{service: s}) }

// PeriodicJobs are the jobs of this package that come again and again.
func PeriodicJobs() []*river.PeriodicJob {
	return []*river.PeriodicJob{jobs.Periodic(purgePeriod, PurgeArgs{})}
}

type purger struct {
	river.WorkerDefaults[PurgeArgs]
	service *Service
}

// Timeout implements river.Worker.
func (*purger) Timeout(*river.Job[PurgeArgs]) time.Duration { return purgeTimeout }

// Work implements river.Worker.
func (p *purger) Work(ctx context.Context, _ *river.Job[PurgeArgs]) error {
	s := p.service
	err := jobs.InBatches(ctx, purgeBatch, maxPurgeBatches, func(ctx context.Context, size int) (gone int64, err error) {
		err = s.db.QueryRow(ctx, `SELECT audit_log_purge($1)`, size).Scan(&gone)
		s.metrics.purged.Add(float64(gone))
		return gone, err
	})
	if err != nil {
		return fmt.Errorf("purge audit log: %w", err)
	}
	return nil
}
