package metrics_test

import (
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"

	"github.com/shumbooking/shumbooking/platform/metrics"
)

// An answer is what a scraper gets.
type answer struct {
	status            int
	contentType, body string
}

func scrape(from prometheus.Gatherer) answer {
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/metrics", nil)
	r.Header.Set("Accept", "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8")
	metrics.Handler(from, slog.New(slog.DiscardHandler)).ServeHTTP(w, r)
	return answer{status: w.Code, contentType: w.Header().Get("Content-Type"), body: w.Body.String()}
}

func TestContentTypeIsExact(t *testing.T) {
	t.Parallel()
	got := scrape(metrics.NewRegistry(metrics.Build{}))
	const want = "text/plain; version=0.0.4; charset=utf-8"
	if got.contentType != want || got.status != http.StatusOK {
		t.Errorf("Content-Type = %q with status %d, want %q with 200", got.contentType, got.status, want)
	}
}

func TestProcessMetrics(t *testing.T) {
	t.Parallel()
	build := metrics.Build{Version: "1.2.3", Commit: "abc", Started: time.Now().Add(-time.Hour)}
	body := scrape(metrics.NewRegistry(build)).body
	for _, want := range []string{
		"# TYPE app_info gauge", `app_info{commit="abc",version="1.2.3"} 1`,
		"# HELP app_uptime_seconds", "go_goroutines ", "process_resident_memory_bytes ",
	} {
		if !strings.Contains(body, want) {
			t.Errorf("the metrics lack %q", want)
		}
	}
}

func TestUptimeMoves(t *testing.T) {
	t.Parallel()
	registry := metrics.NewRegistry(metrics.Build{Started: time.Now()})
	first, second := scrape(registry), scrape(registry)
	if a, b := line(first.body, "app_uptime_seconds "), line(second.body, "app_uptime_seconds "); a == b || a == "" {
		t.Errorf("app_uptime_seconds was %q and then %q, want another value", a, b)
	}
}

func line(body, prefix string) string {
	for l := range strings.Lines(body) {
		if strings.HasPrefix(l, prefix) {
			return l
		}
	}
	return ""
}

func TestErrorIsNotShown(t *testing.T) {
	t.Parallel()
	broken := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return nil, errors.New("secret cause") })
	got := scrape(broken)
	if got.status != http.StatusInternalServerError || strings.Contains(got.body, "secret") {
		t.Errorf("a broken gatherer gives %d %q, want 500 without the cause", got.status, got.body)
	}
}
