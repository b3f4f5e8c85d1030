//go:build unix

package jobs_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/riverqueue/river"

	"github.com/shumbooking/shumbooking/platform/jobs"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	if err := jobs.Check(t.Context(), b.pool); !errors.Is(err, jobs.ErrNoWorker) {
		t.Errorf("Check() without a worker = %v, want ErrNoWorker", err)
	}
	s := b.work(t, func(context.Context, *river.Job[args]) error { return nil })
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(20 * time.Second); jobs.Check(t.Context(), b.pool) != nil; {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("Check() does not see the worker")
		}
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	// A worker that was killed says nothing, and its time runs out.
	const killed = `
INSERT INTO river_leader (leader_id, elected_at, expires_at) VALUES ('x', now() - interval '1 minute', now() - interval '1 second')
ON CONFLICT (name) DO UPDATE SET elected_at = excluded.elected_at, expires_at = excluded.expires_at`
	if _, err := b.pool.Exec(t.Context(), killed); err != nil {
		t.Fatal(err)
	}
	if err := jobs.Check(t.Context(), b.pool); !errors.Is(err, jobs.ErrNoWorker) {
		t.Errorf("Check() after the last worker = %v, want ErrNoWorker", err)
	}
}
