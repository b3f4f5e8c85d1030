package jobs

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
	"go.opentelemetry.io/otel/trace"
)

const (
	startPause    = 100 * time.Millisecond
	maxStartPause = 2 * time.Second
	// eventBuffer holds what became of jobs until it is logged and counted. Beyond it River drops events, with a
	// warning: it is much more than all workers can finish while one line is written.
	eventBuffer = 10_000
)

// MaxRunning is how many jobs a Worker runs at a time, for the size of the pool that they use.
func MaxRunning() int { return defaultWorkers + imageWorkers() }

func imageWorkers() int { return imagesPerCore * runtime.GOMAXPROCS(0) }

// A Worker runs the jobs of all queues.
type Worker struct {
	client      *Client
	stopTimeout time.Duration
	counters    counters
	log         *slog.Logger
	tracer      trace.Tracer
}

// NewWorker returns a Worker of the kinds in workers. Jobs of other kinds are left for other programs: during a
// rolling update the old ones must not fail what the new ones ask for.
//
// River keeps one connection of the pool to listen on, and uses others for moments; what the work itself needs
// should come from another pool.
func NewWorker(pool *pgxpool.Pool, workers *river.Workers, periodic []*river.PeriodicJob, c Config) (*Worker, error) {
	c = c.withDefaults()
	w := &Worker{stopTimeout: StopTimeout, counters: newCounters(c), log: c.Log, tracer: c.Tracer}
	config := w.config()
	config.Workers, config.PeriodicJobs = workers, periodic
	return w, w.connect(pool, config)
}

func (w *Worker) connect(pool *pgxpool.Pool, config *river.Config) (err error) {
	if w.client, err = river.NewClient(riverpgxv5.New(pool), config); err != nil {
		return fmt.Errorf("make a worker: %w", err)
	}
	return nil
}

func (w *Worker) config() *river.Config {
	return &river.Config{
		Logger: riverLogger(w.log),
		Queues: map[string]river.QueueConfig{
			Default: {MaxWorkers: defaultWorkers},
			Images:  {MaxWorkers: imageWorkers()},
		},
		FetchOnlyKnownKinds: true,
		FetchCooldown:       fetchCooldown,
		FetchPollInterval:   pollInterval,
		// The first is outermost, and sees of a run what River does.
		Middleware: []rivertype.Middleware{
			&observation{tracer: w.tracer}, &insertion{inserted: w.counters.inserted}, &work{},
		},
		MaxAttempts:                 MaxAttempts,
		RetryPolicy:                 backoff{},
		JobTimeout:                  Timeout,
		RescueStuckJobsAfter:        RescueAfter,
		SoftStopTimeout:             SoftStopTimeout,
		ReindexerIndexNames:         []string{}, // Only the owner of a table may, whom workers are not.
		CompletedJobRetentionPeriod: CompletedRetention,
		CancelledJobRetentionPeriod: CancelledRetention,
		DiscardedJobRetentionPeriod: DiscardedRetention,
	}
}

// Subscribe returns a channel of what becomes of jobs, and a function that ends it. It must be called before Run.
func (w *Worker) Subscribe(kinds ...river.EventKind) (<-chan *river.Event, func()) {
	return w.client.Subscribe(kinds...)
}

// Run takes jobs until ctx ends, and then stops as the package comment tells. It waits for a database that is away,
// at the start and later. It returns an error where jobs had to be left behind.
func (w *Worker) Run(ctx context.Context) error {
	for pause := startPause; ; pause = min(2*pause, maxStartPause) {
		err := w.run(ctx)
		if _, ok := errors.AsType[*startError](err); !ok {
			return err
		}
		w.log.Warn("waiting to run jobs", "err", err, "retry_in", pause.String())
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(pause):
		}
	}
}

// startError is the error of a client that could not be started.
type startError struct{ cause error }

func (e *startError) Error() string { return "start River: " + e.cause.Error() }
func (e *startError) Unwrap() error { return e.cause }

func (w *Worker) run(ctx context.Context) error {
	events, unsubscribe := w.client.SubscribeConfig(&river.SubscribeConfig{ChanSize: eventBuffer, Kinds: reported()})
	var reporting sync.WaitGroup
	reporting.Go(func() {
		for event := range events {
			w.report(ctx, event)
		}
	})
	defer reporting.Wait()
	// A client that has stopped has told everything and closed the channel. One that never started, or is left
	// behind, has not.
	defer unsubscribe()
	if err := w.client.Start(ctx); err != nil && ctx.Err() == nil {
		return &startError{err}
	}
	<-ctx.Done()
	return w.stop()
}

// errLeftBehind tells that jobs ignore that they should end.
var errLeftBehind = errors.New("jobs did not end and were left behind: they run again when they are taken for dead")

// stop waits for the end of the client, whose context has ended.
func (w *Worker) stop() error {
	select {
	case <-w.client.Stopped():
		return nil
	case <-time.After(w.stopTimeout):
		return errLeftBehind
	}
}
