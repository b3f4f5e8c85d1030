package booking

import "github.com/prometheus/client_golang/prometheus"

type counters struct {
	created   prometheus.Counter
	cancelled prometheus.Counter
	refused   *prometheus.CounterVec
	repeated  prometheus.Counter
}

func newCounters(r prometheus.Registerer) counters {
	m := counters{
		created: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "bookings_created_total", Help: "Bookings made.",
		}),
		cancelled: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "bookings_cancelled_total", Help: "Bookings cancelled.",
		}),
		refused: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "booking_refusals_total", Help: "Bookings refused, by the code of the problem that told why.",
		}, []string{"code"}),
		repeated: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "booking_retries_total", Help: "Booking transactions repeated after a deadlock or a serialization failure.",
		}),
	}
	r.MustRegister(m.created, m.cancelled, m.refused, m.repeated)
	return m
}
