package pg

import (
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
)

// poolMetric is one figure of a pool's statistics.
type poolMetric struct {
	desc  *prometheus.Desc
	kind  prometheus.ValueType
	value func(*pgxpool.Stat) float64
}

type collector struct {
	pool    *pgxpool.Pool
	metrics []poolMetric
}

// NewCollector returns a collector of the pool's statistics, named pgxpool_*.
func NewCollector(pool *pgxpool.Pool) prometheus.Collector {
	metric := func(kind prometheus.ValueType, name, help string, value func(*pgxpool.Stat) float64) poolMetric {
		return poolMetric{prometheus.NewDesc("pgxpool_"+name, help, nil, nil), kind, value}
	}
	const gauge, counter = prometheus.GaugeValue, prometheus.CounterValue
	return &collector{pool: pool, metrics: []poolMetric{
		metric(gauge, "acquired_conns", "Connections in use.",
			func(s *pgxpool.Stat) float64 { return float64(s.AcquiredConns()) }),
		metric(gauge, "idle_conns", "Connections open and free.",
			func(s *pgxpool.Stat) float64 { return float64(s.IdleConns()) }),
		metric(gauge, "total_conns", "Connections in use, free or being opened.",
			func(s *pgxpool.Stat) float64 { return float64(s.TotalConns()) }),
		metric(gauge, "max_conns", "Connections the pool may have.",
			func(s *pgxpool.Stat) float64 { return float64(s.MaxConns()) }),
		metric(counter, "acquire_count_total", "Acquisitions that succeeded.",
			func(s *pgxpool.Stat) float64 { return float64(s.AcquireCount()) }),
		metric(counter, "acquire_duration_seconds_total", "Time spent in acquisitions that succeeded.",
			func(s *pgxpool.Stat) float64 { return s.AcquireDuration().Seconds() }),
		metric(counter, "canceled_acquire_count_total", "Acquisitions given up, by the client or after 2 s.",
			func(s *pgxpool.Stat) float64 { return float64(s.CanceledAcquireCount()) }),
		metric(counter, "empty_acquire_count_total", "Acquisitions that had to wait for a connection.",
			func(s *pgxpool.Stat) float64 { return float64(s.EmptyAcquireCount()) }),
	}}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, m := range c.metrics {
		ch <- m.desc
	}
}

// Collect implements prometheus.Collector. All figures come from one snapshot.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	stat := c.pool.Stat()
	for _, m := range c.metrics {
		ch <- prometheus.MustNewConstMetric(m.desc, m.kind, m.value(stat))
	}
}
