package httpapi_test

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

func TestLogLine(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	c := apitest.Build(t, httpapi.Config{
		Admit: admit, Log: slog.New(slog.NewJSONHandler(&out, nil)),
	}, register).As("good")
	tests := []struct {
		method, target string
		want           map[string]any
	}{
		{"GET", "/things/5?city=1", map[string]any{"status": 422.0, "route": "/things/{id}", "level": "INFO"}},
		{"DELETE", "/things/5", map[string]any{"status": 204.0, "route": "/things/{id}", "user_id": "42", "method": "DELETE"}},
		{"GET", "/things/500", map[string]any{"status": 500.0, "err": "secret of the database", "level": "ERROR"}},
		{"GET", "/nowhere", map[string]any{"status": 404.0, "route": ""}},
	}
	for _, tt := range tests {
		out.Reset()
		id := c.Do(tt.method, tt.target, nil).Header.Get("X-Request-Id")
		var line map[string]any
		if err := json.Unmarshal(out.Bytes(), &line); err != nil {
			t.Fatalf("%s %s logs %q: %v, want one JSON line", tt.method, tt.target, out.String(), err)
		}
		tt.want["request_id"] = id
		for key, want := range tt.want {
			if line[key] != want {
				t.Errorf("%s %s: %s = %v, want %v", tt.method, tt.target, key, line[key], want)
			}
		}
		if _, ok := line["duration_ms"].(float64); !ok {
			t.Errorf("%s %s: no duration in %v", tt.method, tt.target, line)
		}
	}
}

func TestProbesAreLoggedQuietly(t *testing.T) {
	t.Parallel()
	for level, want := range map[slog.Level]int{slog.LevelInfo: 0, slog.LevelDebug: 1} {
		var out bytes.Buffer
		c := apitest.Build(t, httpapi.Config{
			Admit: admit, Log: slog.New(slog.NewJSONHandler(&out, &slog.HandlerOptions{Level: level})),
		}, register)
		c.Do("GET", "/ping?from=a-probe", nil).Want(http.StatusOK)
		if got := strings.Count(out.String(), "\n"); got != want {
			t.Errorf("at level %v: %d lines, want %d: %s", level, got, want, out.String())
		}
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	c := apitest.Build(t, httpapi.Config{Admit: admit, Metrics: registry}, register)
	c.Do("GET", "/things/5", nil)
	c.Do("GET", "/things/6", nil)
	c.Do("GET", "/things/404", nil)
	c.Do("GET", "/nowhere/5", nil)
	c.Do("BREW", "/nowhere/6", nil)
	want := `
# HELP http_requests_total Requests answered, by route pattern (none: no such route), method and status.
# TYPE http_requests_total counter
http_requests_total{handler="/things/{id}",method="GET",status="200"} 2
http_requests_total{handler="/things/{id}",method="GET",status="404"} 1
http_requests_total{handler="none",method="none",status="404"} 2
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "http_requests_total"); err != nil {
		t.Error(err)
	}
	if n, err := testutil.GatherAndCount(registry, "http_request_duration_seconds"); n != 2 || err != nil {
		t.Errorf("%d duration series, %v; want one for each handler and method", n, err)
	}
}

func TestRootPath(t *testing.T) {
	t.Parallel()
	c := apitest.Build(t, httpapi.Config{Admit: admit, RootPath: "/apps/things"}, register).As("good")
	for _, prefix := range []string{"", "/apps/things"} {
		// The document describes the paths below the server's URL, so only the status is compared here.
		req := httptest.NewRequest("GET", prefix+"/things/5", nil)
		if got := serve(c, req).Code; got != http.StatusOK {
			t.Errorf("GET %s/things/5 = %d", prefix, got)
		}
	}
	if got := serve(c, httptest.NewRequest("GET", "/apps/th%69ngs/things/5", nil)).Code; got != http.StatusOK {
		t.Errorf("the prefix written in another way: %d, want 200", got)
	}
	for _, path := range []string{"/apps/thingsx/things/5", "/apps/things", "/apps/things//things", "/apps/things/apps/things/things/5"} {
		if got := serve(c, httptest.NewRequest("GET", path, nil)).Code; got != http.StatusNotFound {
			t.Errorf("GET %s = %d, want 404", path, got)
		}
	}
	res := c.Do("POST", "/things", `{"title":"a"}`).Want(201)
	if got, want := res.Header.Get("Location"), "/apps/things/things/7"; got != want {
		t.Errorf("Location = %q, want %q", got, want)
	}
	if p := c.Do("GET", "/things/404", nil).Problem(); !strings.HasPrefix(p.Type, "/apps/things/docs/problems#") {
		t.Errorf("type = %q lacks the root path", p.Type)
	}
	var doc struct{ Servers []struct{ URL string } }
	c.Do("GET", "/openapi.json", nil).Decode(&doc)
	if len(doc.Servers) != 1 || doc.Servers[0].URL != "/apps/things" {
		t.Errorf("servers = %+v", doc.Servers)
	}
	if page := string(c.Do("GET", "/docs", nil).Body); !strings.Contains(page, "/apps/things/docs/swagger-ui-bundle.js") || !strings.Contains(page, "/apps/things/openapi.json") {
		t.Errorf("the page does not load its parts below the root path: %s", page)
	}
}

func TestCORS(t *testing.T) {
	t.Parallel()
	c := apitest.Build(t, httpapi.Config{Admit: admit, CORSOrigins: []string{"https://app.example"}}, register)
	for origin, allowed := range map[string]bool{
		"https://app.example": true, "https://evil.example": false, "http://app.example": false, "https://app.example:8443": false,
		"https://app.example.evil.example": false, "null": false, "*": false, "": false,
	} {
		want := map[bool]string{true: origin, false: ""}[allowed]
		for target, status := range map[string]int{"OPTIONS /things": 204, "GET /things": 200, "GET /nothing": 404, "POST /things": 401} {
			method, path, _ := strings.Cut(target, " ")
			req := httptest.NewRequest(method, path, strings.NewReader("{}"))
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Origin", origin)
			req.Header.Set("Access-Control-Request-Method", "POST")
			res := serve(c, req)
			h := res.Header()
			if got := h.Get("Access-Control-Allow-Origin"); got != want || res.Code != status {
				t.Errorf("%s from %q: %d, allowed %q, want %d and %q", target, origin, res.Code, got, status, want)
			}
			if got := h.Get("Access-Control-Allow-Methods"); (got != "") != (allowed && method == "OPTIONS") {
				t.Errorf("%s from %q: methods %q", target, origin, got)
			}
			if h.Values("Vary")[0] != "Origin" || h.Get("Access-Control-Allow-Credentials") != "" {
				t.Errorf("%s from %q: headers %v", target, origin, h)
			}
		}
	}
}

// A preflight is told the methods of its path and the headers that the API takes, and an answer which headers scripts
// may read.
func TestPreflight(t *testing.T) {
	t.Parallel()
	c := apitest.Build(t, httpapi.Config{Admit: admit, CORSOrigins: []string{"https://app.example"}}, register)
	ask := func(method, target string) http.Header {
		req := httptest.NewRequest(method, target, nil)
		req.Header.Set("Origin", "https://app.example")
		req.Header.Set("Access-Control-Request-Method", "DELETE")
		return serve(c, req).Header()
	}
	for target, want := range map[string]string{
		"/things": "GET, HEAD, OPTIONS, POST", "/things/1": "DELETE, GET, HEAD, OPTIONS, PATCH, PUT", "/nothing": "",
	} {
		if got := ask("OPTIONS", target).Get("Access-Control-Allow-Methods"); got != want {
			t.Errorf("%s: methods %q, want %q", target, got, want)
		}
	}
	sent, read := ask("OPTIONS", "/things/1").Get("Access-Control-Allow-Headers"), ask("GET", "/things/1").Get("Access-Control-Expose-Headers")
	for _, name := range []string{"Authorization", "Content-Type", "Idempotency-Key", "If-Match", "If-None-Match"} {
		if !strings.Contains(sent, name) {
			t.Errorf("a page may not send %s, only %s", name, sent)
		}
	}
	for _, name := range []string{"ETag", "Idempotency-Replayed", "Content-Language", "RateLimit", "RateLimit-Policy", "Retry-After", "Location"} {
		if !strings.Contains(read, name) {
			t.Errorf("a page may not read %s, only %s", name, read)
		}
	}
}

func TestCORSIsOff(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	req := httptest.NewRequest("OPTIONS", "/things", nil)
	req.Header.Set("Origin", "https://app.example")
	req.Header.Set("Access-Control-Request-Method", "GET")
	for name := range serve(c, req).Header() {
		if strings.HasPrefix(name, "Access-Control-") {
			t.Errorf("%s is sent, though no origin may call", name)
		}
	}
}

// serve sends req without holding the answer against the document.
func serve(c *apitest.Client, req *http.Request) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	c.Handler().ServeHTTP(rec, req)
	return rec
}
