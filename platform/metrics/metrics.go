// Package metrics serves the Prometheus metrics of a process.
package metrics

import (
	"bytes"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/common/expfmt"

	"github.com/shumbooking/shumbooking/platform/httpapi"
)

// ContentType is that of the text format, version 0.0.4. Scrapers in use compare it as a string, so it lacks
// the "escaping" parameter that promhttp appends.
const ContentType = "text/plain; version=0.0.4; charset=utf-8"

// A Build says what is running since when.
type Build struct {
	Version, Commit string
	Started         time.Time
}

// NewRegistry returns a registry with the metrics of any process of ours: Go's runtime, the operating system's
// view of the process, app_info and app_uptime_seconds.
func NewRegistry(b Build) *prometheus.Registry {
	info := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "app_info", Help: "Always 1; the labels say what is running.",
		ConstLabels: prometheus.Labels{"version": b.Version, "commit": b.Commit},
	})
	info.Set(1)
	uptime := prometheus.NewGaugeFunc(prometheus.GaugeOpts{
		Name: "app_uptime_seconds", Help: "Seconds since the process began.",
	}, func() float64 { return time.Since(b.Started).Seconds() })
	r := prometheus.NewRegistry()
	r.MustRegister(info, uptime, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return r
}

// Register mounts GET /metrics on api.
func Register(api *httpapi.API, from prometheus.Gatherer, log *slog.Logger) {
	h := Handler(from, log)
	httpapi.HandleRaw(api, httpapi.Route{
		Pattern: "GET /metrics", ID: "getMetrics", Tag: "System", Access: httpapi.Public, Probe: true,
		Summary: "Metrics for Prometheus",
	}, ContentType, func(w http.ResponseWriter, r *http.Request, _ *struct{}) error {
		h.ServeHTTP(w, r)
		return nil
	})
}

// Handler serves what is gathered from, in the text format.
func Handler(from prometheus.Gatherer, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, err := gather(from)
		if err != nil {
			log.ErrorContext(r.Context(), "metrics cannot be gathered", "error", err)
			http.Error(w, "The metrics cannot be gathered.", http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", ContentType)
		_, _ = w.Write(text) // The client is gone, which is its own affair.
	})
}

// gather encodes to memory, so that an error can still become a status.
func gather(from prometheus.Gatherer) ([]byte, error) {
	families, err := from.Gather()
	if err != nil {
		return nil, err
	}
	var text bytes.Buffer
	for _, family := range families {
		if _, err := expfmt.MetricFamilyToText(&text, family); err != nil {
			return nil, err
		}
	}
	return text.Bytes(), nil
}
