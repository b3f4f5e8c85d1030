package booking

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/riverqueue/river"

	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/jobs"
	"github.com/shumbooking/shumbooking/platform/metrics"
	"github.com/shumbooking/shumbooking/platform/pg"
)

const (
	recountPeriod   = time.Hour
	recountTimeout  = 15 * time.Minute
	recountAttempts = 3
	// lookTimeout bounds what a database that is away costs a scrape.
	lookTimeout = time.Second
)

// RecountArgs ask for a recount of the nights that can still be booked, whose result every process shows in the
// metrics inventory_drift and inventory_recounted_timestamp_seconds.
type RecountArgs struct{}

// Kind is stored with jobs. Never change it.
func (RecountArgs) Kind() string { return "inventory_recount" }

// InsertOpts gives up early, as the next recount is an hour away at most.
func (RecountArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: recountAttempts}
}

// AddWorkers adds what runs the jobs of this package.
func (s *Service) AddWorkers(w *river.Workers) { river.AddWorker(w, &recounter{service: s}) }

// PeriodicJobs are the jobs of this package that come again and again.
func PeriodicJobs() []*river.PeriodicJob {
	return []*river.PeriodicJob{jobs.Periodic(recountPeriod, RecountArgs{})}
}

type recounter struct {
	river.WorkerDefaults[RecountArgs]
	service *Service
}

// Timeout implements river.Worker. A recount reads all bookings to come.
func (*recounter) Timeout(*river.Job[RecountArgs]) time.Duration { return recountTimeout }

// Work implements river.Worker. Yesterday is today somewhere still.
func (r *recounter) Work(ctx context.Context, _ *river.Job[RecountArgs]) error {
	drift, err := r.service.Recount(ctx, date.Of(time.Now().UTC()).AddDays(-1))
	if err != nil {
		return err
	}
	if drift.Nights > 0 {
		r.service.log.ErrorContext(ctx, "inventory differs from the ledger", "nights", drift.Nights, "first", drift.First[0])
	}
	if _, err := r.service.db.Exec(ctx, storeRecount, drift.Nights); err != nil {
		return fmt.Errorf("store recount: %w", err)
	}
	return nil
}

const (
	storeRecount = `
INSERT INTO inventory_recount (drift, recounted_at) VALUES ($1, now())
ON CONFLICT (singleton) DO UPDATE SET drift = excluded.drift, recounted_at = excluded.recounted_at`

	selectRecount = "SELECT drift, recounted_at FROM inventory_recount"
)

type driftCollector struct {
	db               *pgxpool.Pool
	log              *slog.Logger
	drift, recounted *prometheus.Desc
}

// newDriftCollector returns a collector of what the last recount found, whichever process made it. Before the first
// recount, and where the database is away, there is nothing to report.
func newDriftCollector(db *pgxpool.Pool, log *slog.Logger) prometheus.Collector {
	return metrics.Paced(&driftCollector{
		db: db, log: log,
		drift: prometheus.NewDesc("inventory_drift",
			"Nights whose counter differed from the ledger at the last recount. Must be 0.", nil, nil),
		recounted: prometheus.NewDesc("inventory_recounted_timestamp_seconds", "When the inventory was last recounted.", nil, nil),
	})
}

// Describe implements prometheus.Collector.
func (c *driftCollector) Describe(ch chan<- *prometheus.Desc) {
	ch <- c.drift
	ch <- c.recounted
}

// Collect implements prometheus.Collector.
func (c *driftCollector) Collect(ch chan<- prometheus.Metric) {
	ctx, cancel := context.WithTimeout(context.Background(), lookTimeout) //nolint:forbidigo // A collector is given no context.
	defer cancel()
	last, err := pg.One[struct {
		Drift       int64
		RecountedAt time.Time
	}](ctx, c.db, selectRecount)
	if err != nil {
		if !errors.Is(err, pgx.ErrNoRows) {
			c.log.Debug("the last recount cannot be read", "err", err)
		}
		return
	}
	ch <- prometheus.MustNewConstMetric(c.drift, prometheus.GaugeValue, float64(last.Drift))
	ch <- prometheus.MustNewConstMetric(c.recounted, prometheus.GaugeValue, float64(last.RecountedAt.UnixMilli())/1000)
}
