package auth

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"github.com/shumbooking/shumbooking/platform/jobs"
	"github.com/shumbooking/shumbooking/platform/pg"
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

// PurgeArgs ask for the end of sessions, and with them their refresh tokens, that were over 30 days ago, and of what
// is sealed under the previous key, which is sealed anew.
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
	if err := p.service.purgeSessions(ctx); err != nil {
		return fmt.Errorf("purge sessions: %w", err)
	}
	if err := p.service.resealTOTP(ctx); err != nil {
		return fmt.Errorf("seal second factors anew: %w", err)
	}
	return nil
}

func (s *Service) purgeSessions(ctx context.Context) error {
	return jobs.InBatches(ctx, purgeBatch, maxPurgeBatches, func(ctx context.Context, size int) (int64, error) {
		gone, err := s.db.Exec(ctx, purgeSessions, s.now().Add(-keepSessions), size)
		s.metrics.purged.Add(float64(gone.RowsAffected()))
		return gone.RowsAffected(), err
	})
}

// purgeSessions leaves out those that somebody works on. The condition is that of sessions_over_idx.
const purgeSessions = `
DELETE FROM sessions WHERE id IN (
	SELECT id FROM sessions WHERE least(expires_at, revoked_at) < $1
	ORDER BY least(expires_at, revoked_at) LIMIT $2 FOR UPDATE SKIP LOCKED
)`

// resealTOTP brings second factors under the current key. What is sealed under a key that is gone stays, and each
// purge tells of it: such users sign in with a recovery code, or need the command that resets it.
func (s *Service) resealTOTP(ctx context.Context) error {
	var after int64
	for {
		batch, err := pg.Collect[sealedTOTP](ctx, s.db, `
SELECT user_id, secret, key_id FROM totp WHERE key_id <> $1 AND user_id > $2 ORDER BY user_id LIMIT $3`,
			s.sealer.current, after, purgeBatch)
		if err != nil || len(batch) == 0 {
			return err
		}
		for _, t := range batch {
			after = t.UserID
			secret, err := s.sealer.open(t.Secret, t.KeyID, t.UserID)
			if err != nil {
				s.log.ErrorContext(ctx, "the secret of a second factor cannot be read", "user_id", t.UserID, "error", err)
				continue
			}
			sealed, keyID := s.sealer.seal(secret, t.UserID)
			_, err = s.db.Exec(ctx, `UPDATE totp SET secret = $2, key_id = $3 WHERE user_id = $1 AND secret = $4`,
				t.UserID, sealed, keyID, t.Secret)
			if err != nil {
				return err
			}
		}
	}
}

type sealedTOTP struct {
	UserID int64
	Secret []byte
	KeyID  string
}
