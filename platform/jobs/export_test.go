package jobs

import (
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
)

// NewHasty is NewWorker with short limits of its stop.
func NewHasty(pool *pgxpool.Pool, workers *river.Workers, c Config, softStop, stop time.Duration) (*Worker, error) {
	c = c.withDefaults()
	w := &Worker{stopTimeout: stop, counters: newCounters(c), log: c.Log, tracer: c.Tracer}
	config := w.config()
	config.Workers, config.SoftStopTimeout = workers, softStop
	return w, w.connect(pool, config)
}

// Backoff decides about retries.
type Backoff = backoff

// SelectDepth is what the collector asks the database.
const SelectDepth = selectDepth

// AwaitEnd returns when a worker that was left behind has ended.
func (w *Worker) AwaitEnd() { <-w.client.Stopped() }

// RiverLogger returns the logger that River gets.
var RiverLogger = riverLogger
