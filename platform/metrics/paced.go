package metrics

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// pace is how long what a paced collector said serves all scrapes.
const pace = time.Second

// paced asks a collector now and then.
type paced struct {
	prometheus.Collector
	mu      sync.Mutex // held while the collector is asked, so that scrapes share the answer
	askedAt time.Time
	last    []prometheus.Metric
}

// Paced returns a collector that asks c at most once a second and repeats what it said meanwhile. It is for
// collectors that ask a database: the metrics are open to anyone, and must not become a way to load it.
func Paced(c prometheus.Collector) prometheus.Collector {
	return &paced{Collector: c}
}

// Collect implements prometheus.Collector.
func (p *paced) Collect(ch chan<- prometheus.Metric) {
	for _, m := range p.ask() {
		ch <- m
	}
}

func (p *paced) ask() []prometheus.Metric {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.askedAt.IsZero() && time.Since(p.askedAt) < pace {
		return p.last
	}
	said := make(chan prometheus.Metric)
	go func() {
		defer close(said)
		p.Collector.Collect(said)
	}()
	p.last = nil
	for m := range said {
		p.last = append(p.last, m)
	}
	p.askedAt = time.Now()
	return p.last
}
