package ratelimit

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// A judge is who decided.
type judge string

const (
	byRedis   judge = "redis"
	byProcess judge = "process"
)

type metrics struct {
	decisions *prometheus.CounterVec
	fallbacks prometheus.Counter
}

func newMetrics(r prometheus.Registerer, budget string) metrics {
	if r != nil {
		// All limiters of a process count in the same families.
		r = prometheus.WrapRegistererWith(prometheus.Labels{"budget": budget}, r)
	}
	factory := promauto.With(r)
	m := metrics{
		decisions: factory.NewCounterVec(prometheus.CounterOpts{
			Name: "ratelimit_decisions_total",
			Help: "Requests counted against a budget, by decision (allowed or refused) and by whom: redis, for all " +
				"processes, or the process for itself.",
		}, []string{"decision", "by"}),
		fallbacks: factory.NewCounter(prometheus.CounterOpts{
			Name: "ratelimit_fallback_total",
			Help: "Requests that a process decided for itself because Redis was away.",
		}),
	}
	for _, by := range []judge{byRedis, byProcess} {
		m.decisions.WithLabelValues("allowed", string(by))
		m.decisions.WithLabelValues("refused", string(by))
	}
	return m
}

func (m metrics) decided(allowed bool, by judge) {
	decision := "refused"
	if allowed {
		decision = "allowed"
	}
	m.decisions.WithLabelValues(decision, string(by)).Inc()
}
