package auth

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/shumbooking/shumbooking/platform/jobs"
)

const (
	purgePeriod   = time.Hour
	purgeAttempts = 3
	// keepSessions is how long sessions that are over stay, to answer questions about them.
	keepSessions = 30 * 24 * time.Hour
	// purgeBatch bounds a transaction: a session may have thousands of refresh tokens, which go with it.
	purgeBatch = 100
	// maxPurgeBatches bounds a job. What is left is for the next.
	maxPurgeBatches = 1000
)

// PurgeArgs ask for the end of sessions, and with them their refresh tokens, that were over 30 days ago.
type PurgeArgs struct{}

// Kind is stored with jobs. Never change it.
func (PurgeArgs) Kind() string { return "sessions_purge" }

// InsertOpts gives up early, as the next purge is an hour away at most.
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

// Work implements river.Worker.
func (p *purger) Work(ctx context.Context, _ *river.Job[PurgeArgs]) error {
	s := p.service
	for range maxPurgeBatches {
		gone, err := s.db.Exec(ctx, purgeSessions, s.now().Add(-keepSessions), purgeBatch)
		if err != nil {
			return fmt.Errorf("purge sessions: %w", err)
		}
		s.metrics.purged.Add(float64(gone.RowsAffected()))
		if gone.RowsAffected() < purgeBatch {
			return nil
		}
	}
	return nil
}

// purgeSessions leaves out those that somebody works on. The condition is that of sessions_over_idx.
const purgeSessions = `
DELETE FROM sessions WHERE id IN (
	SELECT id FROM sessions WHERE least(expires_at, revoked_at) < $1
	ORDER BY least(expires_at, revoked_at) LIMIT $2 FOR UPDATE SKIP LOCKED
)`
