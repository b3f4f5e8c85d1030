// Package jobs runs work in the background through River, which keeps its jobs in PostgreSQL: a job is inserted in
// the transaction that makes it true, so that neither is there without the other.
//
// Programs that only ask for work have an Inserter, those that do it a Worker. What is said of a job below is what
// River does with the constants of this package.
//
// # How often a job runs
//
// At least once. A worker may be killed, or lose the database, after the work and before it could say so; the job
// then runs again. So arguments are ids, and work reads its rows anew and changes nothing the second time.
//
// # When it fails
//
// An attempt that returns an error, panics, or takes longer than Timeout is repeated after n⁴ seconds for the nth
// attempt (with 10 % of chance): 1 s, 16 s, 81 s, 4 min, 10 min ... 4 h. After MaxAttempts, 11 hours later, the job
// is discarded: it stays for DiscardedRetention, where an operator finds it and can retry it. Work that knows that
// no repetition helps returns river.JobCancel. A kind may have its own number of attempts (InsertOpts of its
// arguments) and its own time limit (Timeout of its worker).
//
// # When a worker stops
//
// On the end of its context a worker takes no more jobs and lets those that run finish for SoftStopTimeout. Then
// their contexts end; a job that returns an error because of it is available to others at once, and the attempt
// does not count. What has not returned StopTimeout after the beginning is left behind like that of a killed worker.
//
// # When a worker is killed
//
// Its jobs are still marked as running. The leader of the workers looks for such every 30 s and takes for dead what
// began RescueAfter ago. Killed in the first moment of a job, in the worst case:
//
//	3 min      RescueAfter, in which a dead leader is replaced as well (15 s lease, 6 s between bids, 1 s of chance)
//	30 s       until the leader looks
//	1 s        retryDelay: who waited this long is not put off by the number of its attempts
//	5 s        until the scheduler makes it available
//	1 s        until a worker asks, should the notification be lost
//
// which is 3 min 37 s, where a worker is free. Kinds with a longer time limit are taken for dead after that limit.
package jobs

import (
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivertype"
	"go.opentelemetry.io/otel/trace"
)

// Queues. Each has workers of its own, so that one that is full holds up no other.
const (
	// Default is for what takes moments, and for what waits on others.
	Default = river.QueueDefault
	// Images is for what needs a processor for itself, and shares them out on its own.
	Images = "images"
)

const (
	// MaxAttempts is how often a job is tried where its kind says nothing else.
	MaxAttempts = 12
	// Timeout is how long an attempt may take where its kind says nothing else.
	Timeout = 2 * time.Minute
	// RescueAfter is when a job that still runs is taken for one whose worker is dead. It is longer than Timeout,
	// so that it meets no job that is only slow.
	RescueAfter = 3 * time.Minute
	// SoftStopTimeout is how long a stopping worker lets its jobs finish.
	SoftStopTimeout = 20 * time.Second
	// StopTimeout is how long stopping takes at most, in which jobs that were told to stop give themselves back.
	StopTimeout = 24 * time.Second

	// CompletedRetention is how long jobs that are done stay for an operator to see, and with them the memory that
	// a periodic job has run in its period.
	CompletedRetention = 24 * time.Hour
	// CancelledRetention is how long cancelled jobs stay.
	CancelledRetention = 24 * time.Hour
	// DiscardedRetention is how long jobs that failed for good stay: over a weekend and a holiday.
	DiscardedRetention = 14 * 24 * time.Hour
)

const (
	// defaultWorkers is how many jobs of the default queue a worker runs at a time.
	defaultWorkers = 4
	// imagesPerCore is how many of the queue Images it runs for each processor. They share the processors by rules of
	// their own, by which large pictures wait for one another: small ones must find a worker meanwhile.
	imagesPerCore = 2
	// fetchCooldown and pollInterval are how soon and how late a worker asks for jobs after one was inserted. The
	// first bounds the load of many insertions, the second the wait where a notification is lost.
	fetchCooldown = 100 * time.Millisecond
	pollInterval  = time.Second
)

// Client inserts jobs, within a transaction by InsertTx.
type Client = river.Client[pgx.Tx]

// Config is what inserters and workers have in common. All of it is optional.
type Config struct {
	// Kinds are the kinds of jobs whose counters are there from the beginning, so that the first event shows.
	Kinds []string
	// Metrics takes the counters. An inserter and a worker may share it.
	Metrics prometheus.Registerer
	// Log gets a line for each run of a job, and the warnings of River.
	Log *slog.Logger
	// Tracer makes spans of the runs of jobs. A job that was inserted in a trace runs in it.
	Tracer trace.Tracer
}

func (c Config) withDefaults() Config {
	if c.Metrics == nil {
		c.Metrics = prometheus.NewRegistry()
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// NewInserter returns a client that inserts jobs and runs none. Jobs carry the id of the request that inserted them.
func NewInserter(pool *pgxpool.Pool, c Config) (*Client, error) {
	c = c.withDefaults()
	return river.NewClient(riverpgxv5.New(pool), &river.Config{
		Logger:        riverLogger(c.Log),
		MaxAttempts:   MaxAttempts,
		FetchCooldown: fetchCooldown, // Of several insertions within it, one is announced.
		Middleware:    []rivertype.Middleware{&observation{}, &insertion{inserted: newCounters(c).inserted}},
	})
}

// Periodic returns a job that is inserted once in each period of the clock, such as an hour, by the leader of the
// workers, and soon after the start of workers if the current period has none yet. A period in which no worker
// runs is left out.
func Periodic(period time.Duration, args river.JobArgs) *river.PeriodicJob {
	return river.NewPeriodicJob(river.PeriodicInterval(period), func() (river.JobArgs, *river.InsertOpts) {
		return args, &river.InsertOpts{UniqueOpts: river.UniqueOpts{ByPeriod: period}}
	}, &river.PeriodicJobOpts{ID: args.Kind(), RunOnStart: true})
}
