package nginx_test

import (
	"net/http"
	"strings"

	"deploy/proxy"
)

func pathRules() map[string]rule {
	return map[string]rule{
		"paths come through as they were sent": {check: checkPaths},
		"paths come through without a prefix":  {settings: proxy.Settings{"ROOT_PATH": ""}, check: checkBare},
		"nothing is outside of the prefix":     {check: checkOutside},
		"a dot in the prefix is a dot":         {settings: proxy.Settings{"ROOT_PATH": "/v1.0"}, check: checkDot},
		"metrics are not public":               {check: checkMetrics},
		"metrics without a prefix":             {settings: proxy.Settings{"ROOT_PATH": ""}, check: checkBareMetrics},
		"methods are those of the API":         {check: checkMethods},
		"pages come through":                   {check: checkPages},
		"probes have a port of their own":      {check: checkStatus},
	}
}

func checkPaths(f *findings, s *site) {
	for _, path := range []string{
		"/", "/hotels", "/hotels/1/rooms/2", "/hotels/a%2Fb", "/hotels/a%2fb", "//hotels", "/hotels//1", "/hotels/./1",
		"/x/../hotels", "/%68otels", "/caf%C3%A9", "/a%20b", "/a+b", "/hotels?x=%2F&y=a+b&&z", "/hotels?", "/a;b=1",
		"/static/images/x.jpg", "/static/images/%2e%2e/x", "/live", "/ready", "/health",
	} {
		res := s.ask(http.MethodGet, root+path)
		want(f, path, res.StatusCode, http.StatusOK)
		want(f, "the path behind the proxy", s.last(f, path).RequestURI, root+path)
	}
	s.ask(http.MethodGet, "http://other.example"+root+"/hotels")
	want(f, "a whole URL", s.last(f, "a whole URL").RequestURI, root+"/hotels")
	// The API cleans nothing, so that a path which only looks like the prefix when cleaned is its to refuse.
	s.ask(http.MethodGet, "/apps%2Fshum-booking/hotels")
	want(f, "an encoded prefix", s.last(f, "an encoded prefix").RequestURI, "/apps%2Fshum-booking/hotels")
}

func checkBare(f *findings, s *site) {
	for _, path := range []string{"/", "/hotels", "/hotels/a%2Fb?x", "//hotels", "/apps/shum-booking/hotels"} {
		s.ask(http.MethodGet, path)
		want(f, path, s.last(f, path).RequestURI, path)
	}
}

func checkOutside(f *findings, s *site) {
	for _, path := range []string{
		"/", "/hotels", "/apps", "/apps/", root, root + "x/hotels", "/APPS/shum-booking/hotels", root + "/../hotels",
		root + "/%2e%2e/hotels", "/live", "/metrics", "/-/problem", "/.well-known/acme-challenge/x", "/stub_status", "/healthz",
	} {
		wantProblem(f, s.ask(http.MethodGet, path), http.StatusNotFound, "not_found")
		want(f, path+" came through", len(s.reached()), 0)
	}
	wantProblem(f, s.ask(http.MethodGet, "/../../etc/passwd"), http.StatusBadRequest, "malformed_request")
	wantProblem(f, s.ask(http.MethodGet, root+"/%zz"), http.StatusBadRequest, "malformed_request")
	wantProblem(f, s.ask(http.MethodGet, root+"/a%00b"), http.StatusBadRequest, "malformed_request")
}

func checkDot(f *findings, s *site) {
	s.ask(http.MethodGet, "/v1.0/hotels")
	want(f, "the prefix", s.last(f, "the prefix").RequestURI, "/v1.0/hotels")
	wantProblem(f, s.ask(http.MethodGet, "/v1x0/hotels"), http.StatusNotFound, "not_found")
}

// metricsPaths are ways to write the path of the metrics.
func metricsPaths(prefix string) []string {
	paths := []string{
		"/metrics", "/metrics?x=1", "/metrics/", "/metrics/x", "/%6detrics", "/%6d%65%74%72%69%63%73", "//metrics", "/metrics//",
		"/./metrics", "/x/../metrics", "/x%2f..%2fmetrics", "/%2e/metrics", "/Metrics", "/METRICS", "/m%45trics", "/metrics%2f",
		"/hotels/../metrics", "/metrics/.", "/metrics/x/..", "/metrics#x",
	}
	for i, path := range paths {
		paths[i] = prefix + path
	}
	return append(paths, "//"+strings.TrimPrefix(prefix, "/")+"//metrics", "/x/.."+prefix+"/metrics", "http://x"+prefix+"/metrics")
}

func checkMetrics(f *findings, s *site) {
	for _, path := range metricsPaths(root) {
		for _, method := range []string{http.MethodGet, http.MethodPost, http.MethodHead} {
			res := s.ask(method, path)
			want(f, method+" "+path, res.StatusCode, http.StatusNotFound)
			want(f, path+" came through", len(s.reached()), 0)
		}
	}
	s.ask(http.MethodGet, root+"/metricsx")
	want(f, "another path", s.last(f, "another path").RequestURI, root+"/metricsx")
}

func checkBareMetrics(f *findings, s *site) {
	for _, path := range metricsPaths("") {
		wantProblem(f, s.ask(http.MethodGet, path), http.StatusNotFound, "not_found")
		want(f, path+" came through", len(s.reached()), 0)
	}
}

func checkMethods(f *findings, s *site) {
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} {
		s.ask(method, root+"/hotels")
		want(f, "the method behind the proxy", s.last(f, method).Method, method)
	}
	for _, method := range []string{"TRACE", "TRACK", "PROPFIND", "MOVE", "LOCK", "FOO", "PRI", "GETX"} {
		for _, path := range []string{"/hotels", "/auth/login", "/hotels/1/images", "/static/images/x"} {
			res := s.ask(method, root+path)
			wantProblem(f, res, http.StatusMethodNotAllowed, "method_not_allowed")
			want(f, "Allow for "+method, res.Header.Get("Allow"), "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")
			want(f, method+" came through", len(s.reached()), 0)
		}
	}
	// Older versions of nginx refuse the method with 405, newer ones its targets with 400, and the other way round.
	for _, target := range []string{root + "/hotels", "booking.example:443"} {
		if status := s.ask(http.MethodConnect, target).StatusCode; status != http.StatusMethodNotAllowed && status != http.StatusBadRequest {
			f.add("CONNECT %s: got %d, want a refusal", target, status)
		}
		want(f, "CONNECT came through", len(s.reached()), 0)
	}
	for _, method := range []string{"get", "G ET"} {
		wantProblem(f, s.ask(method, root+"/hotels"), http.StatusBadRequest, "malformed_request")
		want(f, method+" came through", len(s.reached()), 0)
	}
}

// checkPages: what the API says of its pages stays, such as the policies that let them run scripts of their own.
func checkPages(f *findings, s *site) {
	s.reply(func(w http.ResponseWriter, _ *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", "script-src 'self'")
		h.Set("Content-Type", "text/html; charset=utf-8")
		h.Set("Cache-Control", "no-cache")
		h.Set("Set-Cookie", "session=1; Path=/; HttpOnly")
		h.Set("Referrer-Policy", "same-origin")
	})
	for _, path := range []string{"/docs", "/docs/swagger-ui-bundle.js", "/openapi.json", "/riverui/", "/riverui/api/jobs?state=running"} {
		res := s.ask(http.MethodGet, root+path, "Cookie: session=1", "Sec-Fetch-Site: same-origin", "Origin: http://booking.example:8000",
			"Host: booking.example:8000")
		for name, value := range map[string]string{
			"Content-Security-Policy": "script-src 'self'", "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-cache",
			"Set-Cookie": "session=1; Path=/; HttpOnly", "Referrer-Policy": "same-origin",
		} {
			want(f, name+" of "+path, strings.Join(res.Header.Values(name), "|"), value)
		}
		got := s.last(f, path)
		want(f, "the cookie", got.Header.Get("Cookie"), "session=1")
		want(f, "the host, by which the API knows its own pages", got.Host, "booking.example:8000")
		want(f, "Sec-Fetch-Site", got.Header.Get("Sec-Fetch-Site"), "same-origin")
		want(f, "the origin", got.Header.Get("Origin"), "http://booking.example:8000")
	}
}

func checkStatus(f *findings, s *site) {
	for path, status := range map[string]int{
		"/healthz": http.StatusOK, "/stub_status": http.StatusOK, "/": http.StatusNotFound, root + "/hotels": http.StatusNotFound,
	} {
		got, err := statusOf(s.t, s.StatusURL+path)
		if err != nil {
			f.add("%v", err)
			continue
		}
		want(f, "the status port at "+path, got, status)
	}
	want(f, "requests to the status port that came through", len(s.reached()), 0)
}
