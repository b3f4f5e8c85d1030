package httpapi

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

type metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	inFlight prometheus.Gauge
	panics   prometheus.Counter
}

// unmatched is the label of requests that no route took.
const unmatched = "none"

func newMetrics(r prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "http_requests_total",
			Help: "Requests answered, by route pattern (none: no such route), method and status.",
		}, []string{"handler", "method", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "http_request_duration_seconds",
			Help:    "Time to answer a request, by route pattern and method.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10},
		}, []string{"handler", "method"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "http_requests_inprogress",
			Help: "Requests being answered.",
		}),
		panics: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "http_panics_total",
			Help: "Requests whose handler panicked: each is a bug.",
		}),
	}
	r.MustRegister(m.requests, m.duration, m.inFlight, m.panics)
	return m
}

// begin counts a request in; the function it returns counts it out.
func (m *metrics) begin() func(x *exchange, method string, elapsed time.Duration) {
	m.inFlight.Inc()
	return func(x *exchange, method string, elapsed time.Duration) {
		m.inFlight.Dec()
		handler := x.pattern
		if handler == "" {
			// A method that no route has may be any string, and a label must be one of few.
			handler, method = unmatched, unmatched
		}
		m.requests.WithLabelValues(handler, method, strconv.Itoa(x.status)).Inc()
		m.duration.WithLabelValues(handler, method).Observe(elapsed.Seconds())
	}
}
