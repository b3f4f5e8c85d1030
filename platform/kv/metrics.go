package kv

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

type metrics struct {
	answered, failed, brokenOff, refused prometheus.Counter
	duration                             prometheus.Histogram
}

func newMetrics(r prometheus.Registerer, up func() bool) metrics {
	factory := promauto.With(r)
	calls := factory.NewCounterVec(prometheus.CounterOpts{
		Name: "redis_calls_total",
		Help: "Calls of Redis, by result: answered, failed, refused (not made, as Redis had just failed) or " +
			"broken_off (by whom they were for).",
	}, []string{"result"})
	factory.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "redis_up", Help: "1 while Redis is asked, 0 while it is done without after a failure.",
	}, func() float64 {
		if up() {
			return 1
		}
		return 0
	})
	return metrics{
		answered:  calls.WithLabelValues("answered"),
		failed:    calls.WithLabelValues("failed"),
		refused:   calls.WithLabelValues("refused"),
		brokenOff: calls.WithLabelValues("broken_off"),
		duration: factory.NewHistogram(prometheus.HistogramOpts{
			Name: "redis_call_duration_seconds", Help: "Duration of calls of Redis, failed ones included.",
			Buckets: []float64{.0001, .00025, .0005, .001, .0025, .005, .01, .025, .05, .1},
		}),
	}
}
