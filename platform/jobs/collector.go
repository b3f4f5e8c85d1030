package jobs

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/riverqueue/river/rivertype"

	"github.com/shumbooking/shumbooking/platform/pg"
)

const (
	// lookTimeout bounds what a database that is away costs a scrape.
	lookTimeout = time.Second
	// freshness is how long a look at the database serves all scrapes: the metrics are open to anyone, and must not
	// become a way to load it.
	freshness = time.Second
)

// A Collector reports what is in the queues, as the database has it: any process can tell it, also when no worker
// is left to tell anything. Where the database is away there is nothing to report.
type Collector struct {
	pool       *pgxpool.Pool
	log        *slog.Logger
	depth, age *prometheus.Desc

	mu       sync.Mutex // held while the database is asked, so that scrapes share the answer
	lookedAt time.Time
	seen     []state
}

var _ prometheus.Collector = (*Collector)(nil)

// NewCollector returns a collector of jobs_queue_depth and jobs_oldest_age_seconds.
func NewCollector(pool *pgxpool.Pool, log *slog.Logger) *Collector {
	return &Collector{
		pool: pool, log: log,
		depth: prometheus.NewDesc("jobs_queue_depth",
			"Jobs that are not done, by state. Discarded ones failed for good, or were lost with their workers too often.",
			[]string{"queue", "state"}, nil),
		age: prometheus.NewDesc("jobs_oldest_age_seconds",
			"How long the job that waits longest could have run by now. 0 when none waits.", []string{"queue"}, nil),
	}
}

// depthStates are the states that are always reported.
func depthStates() []rivertype.JobState {
	return []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStateRunning, rivertype.JobStateRetryable,
		rivertype.JobStateScheduled, rivertype.JobStateDiscarded,
	}
}

// A state is how many jobs of a queue are in it, and how long the first of them is due.
type state struct {
	Queue string
	State rivertype.JobState
	Jobs  int64
	Age   float64
}

// selectDepth reads nothing but the index that jobs are fetched by. Jobs that are done are many, and not in it.
const selectDepth = `
SELECT queue, state::text AS state, count(*) AS jobs,
	greatest(extract(epoch FROM now() - min(scheduled_at)), 0)::float8 AS age
FROM river_job WHERE state IN ('available', 'running', 'retryable', 'scheduled', 'discarded')
GROUP BY queue, state`

// Describe implements prometheus.Collector.
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.depth
	ch <- c.age
}

// Collect implements prometheus.Collector.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	seen := c.look()
	if seen == nil {
		return
	}
	depth, age := map[string]map[rivertype.JobState]int64{}, map[string]float64{}
	for _, queue := range []string{Default, Images} {
		depth[queue], age[queue] = map[rivertype.JobState]int64{}, 0
	}
	for _, s := range seen {
		if depth[s.Queue] == nil {
			depth[s.Queue] = map[rivertype.JobState]int64{}
		}
		depth[s.Queue][s.State] = s.Jobs
		// Nobody makes retries available while no worker lives; they wait all the same.
		if s.State != rivertype.JobStateRunning && s.State != rivertype.JobStateDiscarded {
			age[s.Queue] = max(age[s.Queue], s.Age)
		}
	}
	for queue, states := range depth {
		for _, s := range depthStates() {
			ch <- prometheus.MustNewConstMetric(c.depth, prometheus.GaugeValue, float64(states[s]), queue, string(s))
		}
		ch <- prometheus.MustNewConstMetric(c.age, prometheus.GaugeValue, age[queue], queue)
	}
}

// look asks the database, or returns what it said a moment ago. It returns nil where there is no answer.
func (c *Collector) look() []state {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.lookedAt) < freshness {
		return c.seen
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookTimeout) //nolint:forbidigo // A collector is given no context.
	defer cancel()
	var err error
	if c.seen, err = pg.Collect[state](ctx, c.pool, selectDepth); err != nil {
		c.log.Debug("queues cannot be counted", "err", err)
		c.seen = nil
	}
	c.lookedAt = time.Now()
	return c.seen
}
