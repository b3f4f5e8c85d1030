package media

import "github.com/prometheus/client_golang/prometheus"

type metrics struct {
	uploaded  prometheus.Counter
	processed *prometheus.CounterVec
	orphans   prometheus.Counter
	missing   prometheus.Counter
}

// How the processing of an image ended.
const (
	resultReady  = "ready"
	resultFailed = "failed"
)

func newMetrics(r prometheus.Registerer) metrics {
	m := metrics{
		uploaded: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "images_uploaded_total", Help: "Images taken for processing.",
		}),
		processed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "images_processed_total", Help: "Images whose processing ended, by result: ready, failed.",
		}, []string{"result"}),
		orphans: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "images_orphan_files_total", Help: "Files without an image that sweeps found and removed.",
		}),
		missing: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "images_missing_files_total", Help: "Files of images that sweeps did not find, counted by each sweep anew. Must not grow.",
		}),
	}
	for _, result := range []string{resultReady, resultFailed} {
		m.processed.WithLabelValues(result)
	}
	r.MustRegister(m.uploaded, m.processed, m.orphans, m.missing)
	return m
}
