package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
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

// registerConsole mounts a handler that tells what it sees.
func registerConsole(api *httpapi.API) {
	httpapi.Mount(api, "/console/", http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/panic") {
			panic("secret of the panic")
		}
		w.Header().Set("Content-Security-Policy", "default-src 'self'")
		_, limited := r.Context().Deadline()
		fmt.Fprintf(w, "%s %s %s %v", r.Method, r.URL.Path, r.URL.EscapedPath(), limited)
	}))
}

func TestMount(t *testing.T) {
	t.Parallel()
	for _, root := range []string{"", "/apps/things"} {
		c := apitest.Build(t, httpapi.Config{Admit: admit, RootPath: root}, register, registerConsole)
		for _, prefix := range []string{"", root} {
			for request, want := range map[string]string{
				"GET /console/":              "GET " + root + "/console/ " + root + "/console/ true",
				"GET /console/a/b.js?x=1":    "GET " + root + "/console/a/b.js " + root + "/console/a/b.js true",
				"DELETE /console/jobs/":      "DELETE " + root + "/console/jobs/ " + root + "/console/jobs/ true",
				"OPTIONS /console/jobs":      "OPTIONS " + root + "/console/jobs " + root + "/console/jobs true",
				"POST /console/a%2Fb/%7Ec d": "POST " + root + "/console/a/b/~c " + root + "/console/a%2Fb/%7Ec true",
			} {
				method, path, _ := strings.Cut(request, " ")
				path, _, _ = strings.Cut(path, " ")
				res := c.Do(method, prefix+path, nil).Want(http.StatusOK)
				if string(res.Body) != want {
					t.Errorf("%s below %q and %q: sees %s, want %s", request, root, prefix, res.Body, want)
				}
				if got := res.Header.Get("Content-Security-Policy"); got != "default-src 'self'" || res.Header.Get("X-Frame-Options") != "DENY" {
					t.Errorf("%s: headers %v", request, res.Header)
				}
			}
			res := c.Do("GET", prefix+"/console?x=1", nil).Want(http.StatusPermanentRedirect)
			if got, want := res.Header.Get("Location"), root+"/console/?x=1"; got != want {
				t.Errorf("Location = %q, want %q", got, want)
			}
			c.Do("POST", prefix+"/console", nil).WantProblem(http.StatusMethodNotAllowed, "method_not_allowed")
			c.Do("BREW", prefix+"/console/", nil).WantProblem(http.StatusMethodNotAllowed, "method_not_allowed")
			c.Do("GET", prefix+"/console/panic", nil).WantProblem(http.StatusInternalServerError, "internal_error")
			c.Do("GET", prefix+"/console/../things/1", nil).WantProblem(http.StatusNotFound, "not_found")
			c.Do("GET", prefix+"/consoles", nil).WantProblem(http.StatusNotFound, "not_found")
		}
		if strings.Contains(string(c.Do("GET", "/openapi.json", nil).Body), "/console") {
			t.Error("the document tells of the mounted handler")
		}
	}
}

func TestMountIsObserved(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	registry := prometheus.NewRegistry()
	c := apitest.Build(t, httpapi.Config{
		Admit: admit, Metrics: registry, Log: slog.New(slog.NewJSONHandler(&out, nil)),
	}, registerConsole)
	serve(c, httptest.NewRequest("GET", "/console/jobs/1", nil))
	var line map[string]any
	if err := json.Unmarshal(out.Bytes(), &line); err != nil || line["route"] != "/console/" || line["status"] != 200.0 {
		t.Errorf("log line %s, %v", out.Bytes(), err)
	}
	serve(c, httptest.NewRequest("BREW", "/console/jobs/1", nil))
	want := `
# HELP http_requests_total Requests answered, by route pattern (none: no such route), method and status.
# TYPE http_requests_total counter
http_requests_total{handler="/console/",method="GET",status="200"} 1
http_requests_total{handler="none",method="none",status="405"} 1
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "http_requests_total"); err != nil {
		t.Error(err)
	}
}

func TestMountRefusesPrefixes(t *testing.T) {
	t.Parallel()
	for _, prefix := range []string{"", "/", "//", "/console", "console/", "/{id}/"} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("a handler is mounted at %q", prefix)
				}
			}()
			httpapi.Mount(httpapi.New(httpapi.Config{Metrics: prometheus.NewRegistry()}), prefix, http.NotFoundHandler())
		}()
	}
}
