//go:build unix

package jobs_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/shumbooking/shumbooking/platform/jobs"
)

func TestStop_LetsJobsFinish(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	started, finish := make(chan struct{}), make(chan struct{})
	running := b.insert(t, args{}, nil)
	s := b.work(t, func(ctx context.Context, _ *river.Job[args]) error {
		close(started)
		<-finish
		return ctx.Err()
	})
	<-started
	s.end()
	// The job that is inserted now is for others.
	waiting := b.insert(t, args{}, nil)
	close(finish)
	if err := <-s.ended; err != nil {
		t.Fatal(err)
	}
	if got := b.row(t, running.ID); got.State != rivertype.JobStateCompleted {
		t.Errorf("job that ran: got %s, want completed", got.State)
	}
	if got := b.row(t, waiting.ID); got.State != rivertype.JobStateAvailable || got.Attempt != 0 {
		t.Errorf("job that waited: got %s after %d attempts, want it untouched", got.State, got.Attempt)
	}
	if got := b.log.of(t, running.ID); len(got) != 1 {
		t.Errorf("log lines of the job that ran: got %v, want one", got)
	}
}

// Jobs that are broken off go on elsewhere at once, whatever error that made of them.
func TestStop_GivesJobsBack(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(context.Context) error{
		"Canceled":     context.Context.Err,
		"AnotherError": func(context.Context) error { return errors.New("connection reset") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			started := make(chan struct{})
			job := b.insert(t, args{}, once())
			w, err := jobs.NewHasty(b.pool, workers(func(ctx context.Context, _ *river.Job[args]) error {
				close(started)
				<-ctx.Done()
				return fail(ctx)
			}), b.config, time.Millisecond, time.Minute)
			if err != nil {
				t.Fatal(err)
			}
			s := begin(t, w)
			<-started
			if err := s.stop(); err != nil {
				t.Fatal(err)
			}
			if got := b.row(t, job.ID); got.State != rivertype.JobStateAvailable || got.Attempt != 0 || len(got.Errors) > 0 {
				t.Errorf("job: got %s after %d attempts with errors %v, want it as new", got.State, got.Attempt, got.Errors)
			}
			if line := b.log.of(t, job.ID); len(line) != 1 || line[0]["outcome"] != "interrupted" || line[0]["attempt"] != 1.0 {
				t.Errorf("log: got %v, want attempt 1 interrupted", line)
			}
			next := b.work(t, succeed)
			if got := next.await(t); got.Kind != river.EventKindJobCompleted {
				t.Errorf("job at the next worker: got %s, want it completed", got.Kind)
			}
		})
	}
}

// What a job decided for itself stands, also while the worker stops.
func TestStop_KeepsVerdicts(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	started := make(chan struct{})
	job := b.insert(t, args{}, nil)
	w, err := jobs.NewHasty(b.pool, workers(func(ctx context.Context, _ *river.Job[args]) error {
		close(started)
		<-ctx.Done()
		return river.JobCancel(errors.New("the file is no image"))
	}), b.config, time.Millisecond, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	s := begin(t, w)
	<-started
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if got := b.row(t, job.ID); got.State != rivertype.JobStateCancelled {
		t.Errorf("job that gave up: got %s, want cancelled", got.State)
	}
}

// A job that ignores its context must not keep the process from ending.
func TestStop_LeavesDeafJobsBehind(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	started, finish := make(chan struct{}), make(chan struct{})
	job := b.insert(t, args{}, nil)
	w, err := jobs.NewHasty(b.pool, workers(func(context.Context, *river.Job[args]) error {
		close(started)
		<-finish
		return nil
	}), b.config, time.Millisecond, 2*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	s := begin(t, w)
	<-started
	if err := s.stop(); err == nil {
		t.Error("stop with a job that does not end: got no error")
	}
	if got := b.row(t, job.ID); got.State != rivertype.JobStateRunning {
		t.Errorf("job left behind: got %s, want it running until it is taken for dead", got.State)
	}
	close(finish)
	w.AwaitEnd()
}
