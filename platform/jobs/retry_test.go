package jobs_test

import (
	"testing"
	"time"

	"github.com/riverqueue/river/rivertype"

	"github.com/shumbooking/shumbooking/platform/jobs"
)

func TestNextRetry(t *testing.T) {
	t.Parallel()
	tests := []struct {
		attempt  int
		ran      time.Duration
		min, max time.Duration
	}{
		{attempt: 1, ran: time.Second, min: 900 * time.Millisecond, max: 1100 * time.Millisecond},
		{attempt: 2, ran: time.Second, min: 14 * time.Second, max: 18 * time.Second},
		{attempt: 11, ran: jobs.Timeout, min: 3 * time.Hour, max: 5 * time.Hour},
		{attempt: 11, ran: jobs.RescueAfter, min: time.Second, max: time.Second},
	}
	for _, tt := range tests {
		before := time.Now()
		next := jobs.Backoff{}.NextRetry(&rivertype.JobRow{Attempt: tt.attempt, AttemptedAt: new(before.Add(-tt.ran))})
		if got := next.Sub(before); got < tt.min || got > tt.max+time.Second {
			t.Errorf("attempt %d that ran for %s: tried again after %s, want %s to %s", tt.attempt, tt.ran, got, tt.min, tt.max)
		}
	}
}

// The whole of it must stay below the five minutes that a killed worker may cost.
func TestLimits(t *testing.T) {
	t.Parallel()
	const (
		rescuerInterval, scheduler, poll = 30 * time.Second, 5 * time.Second, time.Second
		limit                            = 5 * time.Minute
		grace                            = 25 * time.Second
	)
	if total := jobs.RescueAfter + rescuerInterval + time.Second + scheduler + poll; total > limit {
		t.Errorf("a killed worker's job runs again after %s, want %s at most", total, limit)
	}
	if jobs.RescueAfter <= jobs.Timeout {
		t.Errorf("jobs are taken for dead after %s while they may run for %s", jobs.RescueAfter, jobs.Timeout)
	}
	if jobs.SoftStopTimeout >= jobs.StopTimeout || jobs.StopTimeout >= grace {
		t.Errorf("a stop takes %s and then %s, want the whole below %s", jobs.SoftStopTimeout, jobs.StopTimeout, grace)
	}
}
