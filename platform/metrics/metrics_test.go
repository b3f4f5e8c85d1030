package metrics_test

import (
	"errors"
	"io"
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

func scrape(t *testing.T, from prometheus.Gatherer) (*http.Response, string) {
	t.Helper()
	w := httptest.NewRecorder()
	r := httptest.NewRequest("GET", "/metrics", nil)
	r.Header.Set("Accept", "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8")
	metrics.Handler(from, slog.New(slog.DiscardHandler)).ServeHTTP(w, r)
	body, err := io.ReadAll(w.Result().Body)
	if err != nil {
		t.Fatal(err)
	}
	return w.Result(), string(body)
}

func TestContentTypeIsExact(t *testing.T) {
	t.Parallel()
	res, _ := scrape(t, metrics.NewRegistry(metrics.Build{}))
	const want = "text/plain; version=0.0.4; charset=utf-8"
	if got := res.Header.Get("Content-Type"); got != want || res.StatusCode != http.StatusOK {
		t.Errorf("Content-Type = %q with status %d, want %q with 200", got, res.StatusCode, want)
	}
}

func TestProcessMetrics(t *testing.T) {
	t.Parallel()
	build := metrics.Build{Version: "1.2.3", Commit: "abc", Started: time.Now().Add(-time.Hour)}
	_, body := scrape(t, metrics.NewRegistry(build))
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
	_, first := scrape(t, registry)
	_, second := scrape(t, registry)
	if a, b := line(first, "app_uptime_seconds "), line(second, "app_uptime_seconds "); a == b || a == "" {
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
	res, body := scrape(t, broken)
	if res.StatusCode != http.StatusInternalServerError || strings.Contains(body, "secret") {
		t.Errorf("a broken gatherer gives %d %q, want 500 without the cause", res.StatusCode, body)
	}
}
