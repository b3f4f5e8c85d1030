package jobs

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
)

// counters count by kind. Which kinds there are is up to the program, not to its clients.
type counters struct {
	inserted *prometheus.CounterVec
	// outcomes have a counter for each outcome.
	outcomes map[outcome]*prometheus.CounterVec
	duration *prometheus.HistogramVec
	wait     *prometheus.HistogramVec
}

// An outcome is what became of a run of a job.
type outcome string

const (
	completed   outcome = "completed"
	failed      outcome = "failed"
	discarded   outcome = "discarded"
	cancelled   outcome = "cancelled"
	snoozed     outcome = "snoozed"
	interrupted outcome = "interrupted"
)

func outcomeHelp() map[outcome]string {
	return map[outcome]string{
		completed:   "Jobs done.",
		failed:      "Attempts that failed and will be repeated.",
		discarded:   "Jobs whose last attempt failed. They wait for an operator.",
		cancelled:   "Jobs given up while they ran, by their work or by an operator.",
		snoozed:     "Attempts that put themselves off.",
		interrupted: "Attempts broken off by a stopping worker. The jobs are available again.",
	}
}

func newCounters(c Config) counters {
	m := counters{outcomes: map[outcome]*prometheus.CounterVec{}}
	counter := func(name, help string) *prometheus.CounterVec {
		vec := register(c.Metrics, prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{"kind"}))
		for _, kind := range c.Kinds {
			vec.WithLabelValues(kind)
		}
		return vec
	}
	histogram := func(name, help string, buckets []float64) *prometheus.HistogramVec {
		vec := register(c.Metrics, prometheus.NewHistogramVec(
			prometheus.HistogramOpts{Name: name, Help: help, Buckets: buckets}, []string{"kind"}))
		for _, kind := range c.Kinds {
			vec.WithLabelValues(kind)
		}
		return vec
	}
	m.inserted = counter("jobs_inserted_total", "Jobs inserted, those of transactions rolled back later included.")
	for o, help := range outcomeHelp() {
		m.outcomes[o] = counter("jobs_"+string(o)+"_total", help)
	}
	m.duration = histogram("job_duration_seconds", "How long attempts ran.",
		[]float64{.005, .02, .05, .1, .25, .5, 1, 2.5, 5, 15, 60, 120, 300, 900})
	m.wait = histogram("job_wait_seconds", "How long jobs waited for a worker since they could run.",
		[]float64{.01, .05, .1, .25, .5, 1, 2.5, 5, 15, 60, 300, 1800, 3600})
	return m
}

// register returns the collector, or the one of its name that is there already: a process may have both an inserter
// and a worker, which count together.
func register[C prometheus.Collector](r prometheus.Registerer, c C) C {
	err := r.Register(c)
	if there, ok := errors.AsType[prometheus.AlreadyRegisteredError](err); ok {
		if existing, ok := there.ExistingCollector.(C); ok {
			return existing
		}
	}
	if err != nil {
		panic(err) // Two metrics of one name is a mistake of the program, as with MustRegister.
	}
	return c
}
