//go:build unix

package jobs_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/shumbooking/shumbooking/platform/jobs"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
	"github.com/shumbooking/shumbooking/platform/proctest"
)

// args ask for a job that does what the test says.
type args struct {
	Name string `json:"name"`
}

func (args) Kind() string { return "test" }

// otherArgs are of a kind that no worker of these tests knows.
type otherArgs struct{}

func (otherArgs) Kind() string { return "other" }

// once are the options of a job that has one attempt.
func once() *river.InsertOpts { return &river.InsertOpts{MaxAttempts: 1} }

// A bench is a database, a client for it, and what workers tell.
type bench struct {
	pool     *pgxpool.Pool
	inserter *jobs.Client
	registry *prometheus.Registry
	log      *lines
	config   jobs.Config
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{pool: pgtest.New(t), registry: prometheus.NewRegistry(), log: &lines{}}
	b.config = jobs.Config{
		Kinds: []string{"test"}, Metrics: b.registry, Log: slog.New(slog.NewJSONHandler(b.log, nil)),
	}
	var err error
	if b.inserter, err = jobs.NewInserter(b.pool, b.config); err != nil {
		t.Fatal(err)
	}
	return b
}

// insert asks for a job.
func (b *bench) insert(t *testing.T, a river.JobArgs, opts *river.InsertOpts) *rivertype.JobRow {
	t.Helper()
	result, err := b.inserter.Insert(t.Context(), a, opts)
	if err != nil {
		t.Fatal(err)
	}
	return result.Job
}

// row returns the job as it is now.
func (b *bench) row(t *testing.T, id int64) *rivertype.JobRow {
	t.Helper()
	job, err := b.inserter.JobGet(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return job
}

// A shift is a worker that runs.
type shift struct {
	events <-chan *river.Event
	end    context.CancelFunc
	ended  <-chan error
}

// work runs a worker that does do, until the end of the test or of the shift.
func (b *bench) work(t *testing.T, do func(context.Context, *river.Job[args]) error) *shift {
	t.Helper()
	w, err := jobs.NewWorker(b.pool, workers(do), nil, b.config)
	if err != nil {
		t.Fatal(err)
	}
	return begin(t, w)
}

func workers(do func(context.Context, *river.Job[args]) error) *river.Workers {
	w := river.NewWorkers()
	river.AddWorker(w, river.WorkFunc(do))
	return w
}

// begin runs w.
func begin(t *testing.T, w *jobs.Worker) *shift {
	t.Helper()
	events, _ := w.Subscribe(river.EventKindJobCompleted, river.EventKindJobFailed, river.EventKindJobCancelled,
		river.EventKindJobSnoozed, river.EventKindJobInterrupted)
	ctx, cancel := context.WithCancel(t.Context())
	ended, over := make(chan error, 1), make(chan struct{})
	go func() {
		defer close(over)
		ended <- w.Run(ctx)
	}()
	t.Cleanup(func() {
		cancel()
		<-over
	})
	return &shift{events: events, end: cancel, ended: ended}
}

// await returns the next event.
func (s *shift) await(t *testing.T) *river.Event {
	t.Helper()
	select {
	case e := <-s.events:
		if e == nil {
			t.Fatal("the worker stopped, want an event")
		}
		return e
	case <-t.Context().Done():
		t.Fatal("no event")
		return nil
	}
}

// stop ends the shift and returns what Run did.
func (s *shift) stop() error {
	s.end()
	return <-s.ended
}

// lines collects a log.
type lines struct{ proctest.Transcript }

// of returns the lines about runs of a job.
func (l *lines) of(t *testing.T, id int64) []map[string]any {
	t.Helper()
	var found []map[string]any
	for text := range strings.Lines(l.String()) {
		var line map[string]any
		if err := json.Unmarshal([]byte(text), &line); err != nil {
			t.Fatalf("log line %q: %v", text, err)
		}
		if line["msg"] == "job" && line["job_id"] == float64(id) {
			found = append(found, line)
		}
	}
	return found
}
