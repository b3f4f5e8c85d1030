//go:build unix

package jobs_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/shumbooking/shumbooking/platform/jobs"
)

func succeed(context.Context, *river.Job[args]) error { return nil }

func TestInsertTx_RolledBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	ran := make(chan string, 2)
	s := b.work(t, func(_ context.Context, job *river.Job[args]) error {
		ran <- job.Args.Name
		return nil
	})
	rollBack := errors.New("roll back")
	for name, end := range map[string]error{"rolled back": rollBack, "committed": nil} {
		err := pgx.BeginFunc(t.Context(), b.pool, func(tx pgx.Tx) error {
			if _, err := b.inserter.InsertTx(t.Context(), tx, args{Name: name}, nil); err != nil {
				t.Fatal(err)
			}
			return end
		})
		if !errors.Is(err, end) {
			t.Fatal(err)
		}
	}
	s.await(t)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if got := <-ran; got != "committed" || len(ran) > 0 {
		t.Errorf("ran %q and %d more, want the committed one alone", got, len(ran))
	}
	var rows int
	if err := b.pool.QueryRow(t.Context(), "SELECT count(*) FROM river_job").Scan(&rows); err != nil || rows != 1 {
		t.Errorf("jobs stored: got %d, %v, want 1", rows, err)
	}
}

func TestRun_Outcomes(t *testing.T) {
	t.Parallel()
	failure := errors.New("no luck")
	tests := []struct {
		name    string
		opts    *river.InsertOpts
		do      func(context.Context) error
		state   rivertype.JobState
		attempt int
		line    map[string]any
	}{
		{
			name: "completed", do: func(context.Context) error { return nil },
			state: rivertype.JobStateCompleted, attempt: 1, line: map[string]any{"level": "INFO", "err": nil},
		},
		{
			name: "failed", do: func(context.Context) error { return failure },
			state: rivertype.JobStateAvailable, attempt: 1, line: map[string]any{"level": "WARN", "err": "no luck"},
		},
		{
			name: "discarded", opts: once(), do: func(context.Context) error { return failure },
			state: rivertype.JobStateDiscarded, attempt: 1, line: map[string]any{"level": "ERROR", "err": "no luck"},
		},
		{
			name: "cancelled", do: func(context.Context) error { return river.JobCancel(failure) },
			state: rivertype.JobStateCancelled, attempt: 1, line: map[string]any{"level": "WARN", "err": "JobCancelError: no luck"},
		},
		{
			name: "snoozed", do: func(context.Context) error { return river.JobSnooze(time.Hour) },
			state: rivertype.JobStateScheduled, attempt: 0, line: map[string]any{"level": "INFO", "attempt": 1.0},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			job := b.insert(t, args{}, tt.opts)
			s := b.work(t, func(ctx context.Context, _ *river.Job[args]) error { return tt.do(ctx) })
			s.await(t)
			if err := s.stop(); err != nil {
				t.Fatal(err)
			}
			if got := b.row(t, job.ID); got.State != tt.state || got.Attempt != tt.attempt {
				t.Errorf("job: got %s after attempt %d, want %s after %d", got.State, got.Attempt, tt.state, tt.attempt)
			}
			line := b.log.of(t, job.ID)
			if len(line) != 1 {
				t.Fatalf("log lines: got %v, want one", line)
			}
			tt.line["outcome"], tt.line["kind"], tt.line["queue"], tt.line["attempt"] = tt.name, "test", "default", 1.0
			for key, want := range tt.line {
				if got := line[0][key]; got != want {
					t.Errorf("log line: got %s %v, want %v", key, got, want)
				}
			}
			for _, outcome := range []string{"completed", "failed", "discarded", "cancelled", "snoozed", "interrupted"} {
				want := 0.0
				if outcome == tt.name {
					want = 1
				}
				if got := b.counter(t, "jobs_"+outcome+"_total"); got != want {
					t.Errorf("jobs_%s_total: got %v, want %v", outcome, got, want)
				}
			}
		})
	}
}

func TestRun_Panic(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	job := b.insert(t, args{}, once())
	s := b.work(t, func(context.Context, *river.Job[args]) error { panic("out of my mind") })
	s.await(t)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	line := b.log.of(t, job.ID)
	if len(line) != 1 || line[0]["err"] != "out of my mind" || line[0]["outcome"] != "discarded" {
		t.Fatalf("log: got %v, want a discarded job with the value of the panic", line)
	}
	if stack, _ := line[0]["stack"].(string); !strings.Contains(stack, "worker_test.go") {
		t.Errorf("stack: got %q, want where it panicked", stack)
	}
}

func TestRun_RetriesUntilItSucceeds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	job := b.insert(t, args{}, nil)
	s := b.work(t, func(_ context.Context, job *river.Job[args]) error {
		if job.Attempt == 1 {
			return errors.New("not yet")
		}
		return nil
	})
	for _, want := range []river.EventKind{river.EventKindJobFailed, river.EventKindJobCompleted} {
		if got := s.await(t); got.Kind != want || got.Job.ID != job.ID {
			t.Errorf("got %s of job %d, want %s of %d", got.Kind, got.Job.ID, want, job.ID)
		}
	}
}

// limited is a worker whose jobs have very little time.
type limited struct {
	river.WorkerDefaults[args]
}

func (limited) Timeout(*river.Job[args]) time.Duration { return time.Millisecond }

func (limited) Work(ctx context.Context, _ *river.Job[args]) error {
	<-ctx.Done()
	return ctx.Err()
}

func TestRun_TimeLimit(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	job := b.insert(t, args{}, once())
	kinds := river.NewWorkers()
	river.AddWorker(kinds, limited{})
	w, err := jobs.NewWorker(b.pool, kinds, nil, b.config)
	if err != nil {
		t.Fatal(err)
	}
	begin(t, w).await(t)
	if got := b.row(t, job.ID); got.State != rivertype.JobStateDiscarded || got.Errors[0].Error != "context deadline exceeded" {
		t.Errorf("job past its time: got %s, %v, want the attempt to count as failed", got.State, got.Errors)
	}
}

func TestRun_LeavesUnknownKinds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	unknown := b.insert(t, otherArgs{}, nil)
	b.insert(t, args{}, nil)
	s := b.work(t, succeed)
	s.await(t)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	if got := b.row(t, unknown.ID); got.State != rivertype.JobStateAvailable || got.Attempt != 0 {
		t.Errorf("job of an unknown kind: got %s after %d attempts, want it untouched", got.State, got.Attempt)
	}
}

func TestRun_CancelledByOperator(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	started := make(chan struct{})
	job := b.insert(t, args{}, nil)
	s := b.work(t, func(ctx context.Context, _ *river.Job[args]) error {
		close(started)
		<-ctx.Done()
		return ctx.Err()
	})
	<-started
	if _, err := b.inserter.JobCancel(t.Context(), job.ID); err != nil {
		t.Fatal(err)
	}
	if got := s.await(t); got.Kind != river.EventKindJobCancelled {
		t.Errorf("got %s, want the job cancelled", got.Kind)
	}
}

// A killed worker leaves its job running. Whoever comes next runs it within moments of finding it, however often it
// was tried before.
func TestRun_RescuesJobsOfTheDead(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	job := b.insert(t, args{}, nil)
	_, err := b.pool.Exec(t.Context(), `
UPDATE river_job SET state = 'running', attempt = 9, attempted_at = now() - $1::interval, attempted_by = '{dead}' WHERE id = $2`,
		jobs.RescueAfter+time.Second, job.ID)
	if err != nil {
		t.Fatal(err)
	}
	s := b.work(t, succeed)
	if got := s.await(t); got.Kind != river.EventKindJobCompleted || got.Job.ID != job.ID {
		t.Errorf("got %s of job %d, want job %d completed", got.Kind, got.Job.ID, job.ID)
	}
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	line := b.log.of(t, job.ID)
	if len(line) != 1 || line[0]["rescues"] != 1.0 || line[0]["attempt"] != 10.0 {
		t.Errorf("log: got %v, want attempt 10 after one rescue", line)
	}
}

// However often workers start, a periodic job runs once in its period.
func TestRun_Periodic(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	always := river.NewPeriodicJob(river.NeverSchedule(), func() (river.JobArgs, *river.InsertOpts) {
		return args{Name: "start"}, nil
	}, &river.PeriodicJobOpts{RunOnStart: true})
	for start := range 2 {
		w, err := jobs.NewWorker(b.pool, workers(succeed),
			[]*river.PeriodicJob{always, jobs.Periodic(100*365*24*time.Hour, args{Name: "tick"})}, b.config)
		if err != nil {
			t.Fatal(err)
		}
		s := begin(t, w)
		for range 2 - start {
			s.await(t)
		}
		if err := s.stop(); err != nil {
			t.Fatal(err)
		}
	}
	rows, err := b.pool.Query(t.Context(), "SELECT args->>'name' FROM river_job ORDER BY 1")
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if want := []string{"start", "start", "tick"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("jobs after two starts in one period: got %v, %v, want %v", got, err, want)
	}
}
