// Package jobstest runs jobs in tests as a worker does.
package jobstest

import (
	"context"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"

	"github.com/shumbooking/shumbooking/platform/jobs"
)

// patience is how long a job may take before it is said not to come.
const patience = time.Minute

// RunPeriodic runs the one periodic job, by one of workers on db, and ends the test unless it is completed.
func RunPeriodic(tb testing.TB, db *pgxpool.Pool, workers *river.Workers, periodic []*river.PeriodicJob) {
	tb.Helper()
	worker, err := jobs.NewWorker(db, workers, periodic, jobs.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	events, _ := worker.Subscribe(river.EventKindJobCompleted, river.EventKindJobFailed)
	ctx, cancel := context.WithCancel(tb.Context())
	ended := make(chan error, 1)
	go func() { ended <- worker.Run(ctx) }()
	var e *river.Event
	select {
	case e = <-events:
	case <-time.After(patience):
	}
	cancel()
	if err := <-ended; err != nil {
		tb.Fatal(err)
	}
	if e == nil || e.Kind != river.EventKindJobCompleted {
		tb.Fatalf("the periodic job ends as %+v, want it completed", e)
	}
}
