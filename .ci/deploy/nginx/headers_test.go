package nginx_test

import (
	"io"
	"net/http"
	"strings"
)

func headerRules() map[string]rule {
	return map[string]rule{
		"headers that claim something are dropped": {check: checkSpoofed},
		"headers of one hop stay on it":            {check: checkHop},
		"headers of the API come through":          {check: checkKept},
		"a request has one id":                     {check: checkRequestID},
		"the server behind orders nothing":         {check: checkAccel},
		"answers are compressed":                   {check: checkGzip},
		"a host is a name or an address":           {check: checkHost},
	}
}

func checkSpoofed(f *findings, s *site) {
	names := strings.Fields(`Forwarded Proxy Via X-Real-IP X-Client-IP X-Cluster-Client-IP True-Client-IP CF-Connecting-IP
		Fastly-Client-IP Client-IP X-Forwarded X-Forwarded-Host X-Forwarded-Port X-Forwarded-Server X-Forwarded-Prefix
		X-Forwarded-Path X-Forwarded-Uri X-Forwarded-Method X-Forwarded-Scheme X-Forwarded-Ssl X-Forwarded-User X-Scheme
		X-Url-Scheme Front-End-Https X-Host X-Original-Host X-Original-URL X-Original-URI X-Original-Method X-Rewrite-URL
		X-HTTP-Method X-HTTP-Method-Override X-Method-Override traceparent tracestate baggage`)
	headers := []string{"X_Forwarded_For: 6.6.6.6", "X_Request_Id: forged", "X-Forwarded-For_: x", "X.Real.IP: x"}
	for _, name := range names {
		headers = append(headers, name+": forged", strings.ToLower(name)+": forged twice")
	}
	for _, path := range []string{"/hotels", "/auth/login", "/hotels/1/images", "/static/images/x.jpg"} {
		s.ask("GET", root+path, headers...)
		got := s.last(f, path)
		for name, values := range got.Header {
			if strings.Contains(strings.Join(values, " "), "forged") || strings.ContainsAny(name, "_.") {
				f.add("%s of a client reaches the API at %s: %q", name, path, values)
			}
		}
		want(f, "the address", strings.Join(got.Header.Values("X-Forwarded-For"), "|"), "127.0.0.1")
	}
}

func checkHop(f *findings, s *site) {
	answers := s.raw("GET " + root + "/hotels HTTP/1.1\r\nHost: a\r\nConnection: close, X-Forwarded-For, X-Request-Id\r\n" +
		"Keep-Alive: 5\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA\r\nTE: trailers\r\nX-Request-Id: one\r\n\r\n")
	want(f, "answers", len(answers), 1)
	got := s.last(f, "hop")
	for _, name := range []string{"Connection", "Keep-Alive", "Upgrade", "HTTP2-Settings", "TE"} {
		want(f, name, strings.Join(got.Header.Values(name), "|"), "")
	}
	want(f, "the address", got.Header.Get("X-Forwarded-For"), "127.0.0.1")
	want(f, "the id", got.Header.Get("X-Request-Id"), "one")
	// HTTP/2 without TLS, by knowing that the server speaks it.
	for _, res := range s.raw("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n") {
		wantProblem(f, res, http.StatusBadRequest, "malformed_request")
	}
	want(f, "requests of HTTP/2 that came through", len(s.reached()), 0)
}

func checkKept(f *findings, s *site) {
	kept := map[string]string{
		"Authorization": "Bearer a.b.c", "Accept-Language": "ru", "Idempotency-Key": `"k"`, "If-Match": `W/"x"`, "If-None-Match": `"y"`,
		"Content-Type": "application/merge-patch+json", "Origin": "https://app.example", "Access-Control-Request-Method": "PATCH",
		"Range": "bytes=0-1", "User-Agent": "test",
	}
	var headers []string
	for name, value := range kept {
		headers = append(headers, name+": "+value)
	}
	for _, path := range []string{"/hotels", "/auth/login", "/hotels/1/images", "/static/images/x.jpg"} {
		s.send("PATCH", root+path, "{}", headers...)
		got := s.last(f, path)
		for name, value := range kept {
			want(f, name+" at "+path, strings.Join(got.Header.Values(name), "|"), value)
		}
		want(f, "the body", got.body, "{}")
	}
	s.ask("GET", root+"/hotels", "Idempotency-Key: a", "Idempotency-Key: b")
	want(f, "a header that stands twice", len(s.last(f, "twice").Header.Values("Idempotency-Key")), 2)
}

func checkRequestID(f *findings, s *site) {
	s.reply(func(w http.ResponseWriter, r *http.Request) { w.Header()["X-Request-Id"] = r.Header["X-Request-Id"] })
	for id, kept := range map[string]bool{
		"abc-1_2.X": true, strings.Repeat("x", 64): true, strings.Repeat("x", 65): false, "": false, "a b": false, "<x>": false,
		"a\r\nX-Request-Id: b": false,
	} {
		res := s.ask("GET", root+"/hotels", "X-Request-Id: "+id)
		got := s.last(f, id).Header.Values("X-Request-Id")
		if len(got) != 1 || kept && got[0] != id || !kept && !newID.MatchString(got[0]) && got[0] != "a" {
			f.add("the id %q becomes %q", id, got)
		}
		want(f, "the id in the answer", strings.Join(res.Header.Values("X-Request-Id"), "|"), strings.Join(got, "|"))
		if !strings.Contains(s.Log(s.t), `"request_id":"`+strings.Join(got, "|")+`"`) {
			f.add("the log lacks the id %q", got)
		}
	}
}

// checkAccel: nginx obeys headers of what it takes for a server of its own, such as to send a file.
func checkAccel(f *findings, s *site) {
	s.reply(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("X-Accel-Redirect", "/-/problem")
		w.Header().Set("X-Accel-Limit-Rate", "1")
		w.Header().Set("Location", "http://api/hotels/1")
		_, _ = io.WriteString(w, "its own")
	})
	for _, path := range []string{"/hotels", "/auth/me", "/hotels/1/images", "/static/images/x.jpg"} {
		res := s.ask("GET", root+path)
		want(f, "the body", res.body, "its own")
		want(f, "X-Accel-Redirect", res.Header.Get("X-Accel-Redirect"), "")
		want(f, "Location", res.Header.Get("Location"), "http://api/hotels/1")
	}
}

func checkGzip(f *findings, s *site) {
	for mediaType, compressed := range map[string]string{
		"application/json": "gzip", "application/problem+json": "gzip", "text/html; charset=utf-8": "gzip", "text/css; charset=utf-8": "gzip",
		"text/javascript; charset=utf-8": "gzip", "image/svg+xml": "gzip", "image/jpeg": "", "image/png": "",
	} {
		s.reply(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", mediaType)
			w.Header().Set("ETag", `"tag"`)
			w.Header().Set("Vary", "Origin")
			_, _ = io.WriteString(w, strings.Repeat("many words ", 200))
		})
		res := s.ask("GET", root+"/hotels", "Accept-Encoding: gzip", "Via: 1.1 front")
		want(f, "the encoding of "+mediaType, res.Header.Get("Content-Encoding"), compressed)
		tag := `"tag"`
		if compressed != "" {
			tag = `W/"tag"`
			want(f, "Vary", strings.Join(res.Header.Values("Vary"), ", "), "Accept-Encoding, Origin")
		}
		want(f, "the tag of "+mediaType, res.Header.Get("ETag"), tag)
		want(f, "without asking for it", s.ask("GET", root+"/hotels").Header.Get("Content-Encoding"), "")
	}
}

// checkHost: any host is served, and what is none is refused before the server behind does it in other words.
func checkHost(f *findings, s *site) {
	for _, host := range []string{"a", "booking.example", "127.0.0.1:8000", "[::1]:8000", "[2001:db8::1]", "shop_1.local"} {
		want(f, host, s.ask("GET", root+"/hotels", "Host: "+host).StatusCode, http.StatusOK)
		want(f, "the host behind", s.last(f, host).Host, host)
	}
	for _, host := range []string{`a"b`, "a<b>", "a@b", "a,b", "a%20b", "a?b", "a#b", `a\b`, "é", "[::1", "a:b", "a:123456", "a b", "a/b", "..", "$host"} {
		for _, path := range []string{"/hotels", "/auth/login", "/hotels/1/images", "/static/images/x.jpg"} {
			wantProblem(f, s.ask("GET", root+path, "Host: "+host), http.StatusBadRequest, "malformed_request")
		}
	}
	want(f, "requests that came through", len(s.reached()), 0)
}
