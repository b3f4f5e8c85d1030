package metrics_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/shumbooking/shumbooking/platform/metrics"
)

// counting counts how often it is asked.
type counting struct {
	prometheus.Gauge
	asked int
}

// Collect implements prometheus.Collector.
func (c *counting) Collect(ch chan<- prometheus.Metric) {
	c.asked++
	c.Gauge.Collect(ch)
}

// Scrapes in a row share one look at what is behind the collector.
func TestPaced(t *testing.T) {
	t.Parallel()
	c := &counting{Gauge: prometheus.NewGauge(prometheus.GaugeOpts{Name: "thing"})}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(metrics.Paced(c))
	for range 3 {
		if got, err := testutil.GatherAndCount(registry, "thing"); got != 1 || err != nil {
			t.Errorf("metrics: got %d, %v, want 1", got, err)
		}
	}
	if c.asked != 1 {
		t.Errorf("asked %d times, want once", c.asked)
	}
}
