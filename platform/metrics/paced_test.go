package metrics_test

import (
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/shumbooking/shumbooking/platform/metrics"
)

// Scrapes in a row share one look at what is behind the collector.
func TestPaced(t *testing.T) {
	t.Parallel()
	asked := 0
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(metrics.Paced(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Name: "thing"}, func() float64 {
		asked++
		return 7
	})))
	for range 3 {
		if got, err := testutil.GatherAndCount(registry, "thing"); got != 1 || err != nil {
			t.Errorf("metrics: got %d, %v, want 1", got, err)
		}
	}
	if asked != 1 {
		t.Errorf("asked %d times, want once", asked)
	}
}
