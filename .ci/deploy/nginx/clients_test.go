package nginx_test

import (
	"fmt"
	"net/http"
	"strings"

	"deploy/proxy"
)

func clientRules() map[string]rule {
	behind := proxy.Settings{"NGINX_TRUSTED_PROXIES": "127.0.0.1, 10.42.0.0/16"}
	forced := proxy.Settings{"NGINX_TRUSTED_PROXIES": "127.0.0.1", "NGINX_FORCE_HTTPS": "true"}
	named := proxy.Settings{"NGINX_TRUSTED_PROXIES": "127.0.0.1", "NGINX_FORCE_HTTPS": "true", "DOMAIN": "booking.example"}
	return map[string]rule{
		"a trusted proxy tells the address": {settings: behind, check: checkTrusted},
		"nobody else tells the address":     {settings: proxy.Settings{"NGINX_TRUSTED_PROXIES": "10.42.0.0/16"}, check: checkUntrusted},
		"HTTPS can be forced":               {settings: forced, check: checkForced},
		"HTTPS is forced to the domain":     {settings: named, check: checkForcedDomain},
		"HTTPS is not forced on strangers": {
			settings: proxy.Settings{"NGINX_TRUSTED_PROXIES": "10.42.0.0/16", "NGINX_FORCE_HTTPS": "true"}, check: checkForcedStranger,
		},
	}
}

// checkTrusted: the address is the last that is no trusted proxy, and the only one that the API hears of.
func checkTrusted(f *findings, s *site) {
	for header, address := range map[string]string{
		"203.0.113.9":                             "203.0.113.9",
		"6.6.6.6, 203.0.113.9":                    "203.0.113.9",
		"6.6.6.6, 203.0.113.9, 10.42.0.7":         "203.0.113.9",
		"203.0.113.9, 127.0.0.1, 10.42.1.1":       "203.0.113.9",
		"2001:db8::9":                             "2001:db8::9",
		"203.0.113.9, rubbish":                    "127.0.0.1",
		"10.42.0.9":                               "10.42.0.9",
		"6.6.6.6\r\nX-Forwarded-For: 203.0.113.9": "203.0.113.9",
	} {
		s.ask("GET", root+"/hotels", "X-Forwarded-For: "+header, "X-Forwarded-Proto: https")
		got := s.last(f, header)
		want(f, fmt.Sprintf("the address for %q", header), strings.Join(got.Header.Values("X-Forwarded-For"), "|"), address)
		want(f, "the scheme", strings.Join(got.Header.Values("X-Forwarded-Proto"), "|"), "https")
	}
	for _, scheme := range []string{"http", "ftp", "https, http"} {
		s.ask("GET", root+"/hotels", "X-Forwarded-Proto: "+scheme)
		want(f, "the scheme for "+scheme, s.last(f, scheme).Header.Get("X-Forwarded-Proto"), "http")
	}
	res := s.ask("GET", root+"/hotels", "X-Forwarded-Proto: https")
	want(f, "HSTS", strings.Join(res.Header.Values("Strict-Transport-Security"), "|"), "max-age=31536000")
	res = s.ask("GET", "/", "X-Forwarded-Proto: https")
	want(f, "HSTS of a problem", res.Header.Get("Strict-Transport-Security"), "max-age=31536000")
	res = s.ask("GET", root+"/hotels", "X-Forwarded-Proto: http")
	want(f, "HSTS without TLS", res.Header.Get("Strict-Transport-Security"), "")
	want(f, "the status of HTTP that is not forced away", res.StatusCode, http.StatusOK)
}

func checkUntrusted(f *findings, s *site) {
	res := s.ask("GET", root+"/hotels", "X-Forwarded-For: 203.0.113.9", "X-Forwarded-Proto: https", "X-Real-IP: 203.0.113.9")
	got := s.last(f, "a stranger")
	want(f, "the address", strings.Join(got.Header.Values("X-Forwarded-For"), "|"), "127.0.0.1")
	want(f, "the scheme", strings.Join(got.Header.Values("X-Forwarded-Proto"), "|"), "http")
	want(f, "HSTS", res.Header.Get("Strict-Transport-Security"), "")
}

func checkForced(f *findings, s *site) {
	for _, path := range []string{root + "/hotels?a=%0d%0ab", root + "/auth/login", root + "/static/images/x.jpg", root + "/hotels/1/images"} {
		res := s.ask("POST", path, "X-Forwarded-Proto: http")
		want(f, path, res.StatusCode, http.StatusPermanentRedirect)
		want(f, "where to", res.Header.Get("Location"), "https://booking.example"+path)
		want(f, "requests that came through", len(s.reached()), 0)
	}
	for path, proto := range map[string]string{"/hotels": "https", "/live": "http", "/ready": "http", "/health": "http"} {
		want(f, path, s.ask("GET", root+path, "X-Forwarded-Proto: "+proto).StatusCode, http.StatusOK)
	}
	want(f, "a probe that says nothing", s.ask("GET", root+"/hotels").StatusCode, http.StatusOK)
	wantProblem(f, s.ask("GET", "/.well-known/acme-challenge/x", "X-Forwarded-Proto: http"), http.StatusNotFound, "not_found")
}

func checkForcedDomain(f *findings, s *site) {
	res := s.ask("GET", root+"/hotels", "X-Forwarded-Proto: http", "Host: evil.example", "X-Forwarded-Host: evil.example")
	want(f, "where to", res.Header.Get("Location"), "https://booking.example"+root+"/hotels")
}

func checkForcedStranger(f *findings, s *site) {
	want(f, "the status", s.ask("GET", root+"/hotels", "X-Forwarded-Proto: http").StatusCode, http.StatusOK)
}
