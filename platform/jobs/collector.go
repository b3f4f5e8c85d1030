package jobs

import (
	"context"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/riverqueue/river/rivertype"

	"github.com/shumbooking/shumbooking/platform/metrics"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// lookTimeout bounds what a database that is away costs a scrape.
const lookTimeout = time.Second

type collector struct {
	pool       *pgxpool.Pool
	log        *slog.Logger
	depth, age *prometheus.Desc
}

// NewCollector returns a collector of jobs_queue_depth and jobs_oldest_age_seconds. They are what the database has:
// any process can tell them, also when no worker is left to tell anything. Where the database is away they are
// absent.
func NewCollector(pool *pgxpool.Pool, log *slog.Logger) prometheus.Collector {
	return metrics.Paced(&collector{
		pool: pool, log: log,
		depth: prometheus.NewDesc("jobs_queue_depth",
			"Jobs that are not done, by state. Discarded ones failed for good, or were lost with their workers too often.",
			[]string{"queue", "state"}, nil),
		age: prometheus.NewDesc("jobs_oldest_age_seconds",
			"How long the job that waits longest could have run by now. 0 when none waits.", []string{"queue"}, nil),
	})
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
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.depth
	ch <- c.age
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), lookTimeout) //nolint:forbidigo // A collector is given no context.
	defer cancel()
	seen, err := pg.Collect[state](ctx, c.pool, selectDepth)
	if err != nil {
		c.log.Debug("queues cannot be counted", "err", err)
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
