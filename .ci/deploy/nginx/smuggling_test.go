package nginx_test

import (
	"io"
	"net/http"
	"strconv"
	"strings"

	"deploy/proxy"
)

func smugglingRules() map[string]rule {
	many := proxy.Settings{"NGINX_AUTH_RATE_PER_MINUTE": "100000"}
	// For what the proxy takes to be without an end, and for connections that it would keep.
	short := []damage{
		{"nginx.conf", "keepalive_timeout 95s", "keepalive_timeout 100ms"},
		{"nginx.conf", "client_body_timeout 15s", "client_body_timeout 100ms"},
		{"templates/server.conf.template", "client_body_timeout 20s", "client_body_timeout 100ms"},
	}
	return map[string]rule{
		"requests whose end is in doubt are refused": {settings: many, edits: short, check: checkRefused},
		"what is hidden in a request stays in it":    {settings: many, edits: short, check: checkHidden},
		"a request of HTTP/0.9 gets no answer":       {edits: short, check: checkNine},
		"a request of HTTP/1.0 is one":               {edits: short, check: checkTen},
	}
}

// hidden is what attackers want the server behind to take for a request of its own.
const hidden = "GET " + root + "/hidden HTTP/1.1\r\nHost: a\r\n\r\n"

// doubtful are requests that two readers may end at different places.
func doubtful() map[string]string {
	post := "POST " + root + "/bookings HTTP/1.1\r\nHost: a\r\n"
	get := "GET " + root + "/hotels HTTP/1.1\r\nHost: a\r\n"
	return map[string]string{
		"both lengths":               post + "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + hidden,
		"both, the other way":        post + "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + hidden,
		"two lengths":                post + "Content-Length: 0\r\nContent-Length: 50\r\n\r\n" + hidden,
		"two equal lengths":          post + "Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}" + hidden,
		"a list of lengths":          post + "Content-Length: 2, 2\r\n\r\n{}" + hidden,
		"a signed length":            post + "Content-Length: +2\r\n\r\n{}" + hidden,
		"a negative length":          post + "Content-Length: -1\r\n\r\n" + hidden,
		"a length in hex":            post + "Content-Length: 0x2\r\n\r\n{}" + hidden,
		"a length that overflows":    post + "Content-Length: 18446744073709551618\r\n\r\n{}" + hidden,
		"another coding":             post + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n" + hidden,
		"a coding nobody knows":      post + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + hidden,
		"identity":                   post + "Transfer-Encoding: identity\r\n\r\n" + hidden,
		"chunked twice":              post + "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n" + hidden,
		"two codings":                post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: x\r\n\r\n0\r\n\r\n" + hidden,
		"a coding with a tab before": post + "Transfer-Encoding: \x0bchunked\r\n\r\n0\r\n\r\n" + hidden,
		"chunked in HTTP/1.0": strings.Replace(post, "1.1", "1.0", 1) + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n" +
			hidden,
		"a space before the colon":    post + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + hidden,
		"a folded header":             get + "X-A: b\r\n c: d\r\n\r\n" + hidden,
		"a folded first header":       "GET " + root + "/hotels HTTP/1.1\r\n Host: a\r\n\r\n" + hidden,
		"a return alone in a header":  get + "X-A: b\rX-B: c\r\n\r\n" + hidden,
		"a NUL in a header":           get + "X-A: b\x00c\r\n\r\n" + hidden,
		"a NUL in a name":             get + "X\x00A: b\r\n\r\n" + hidden,
		"a space in a name":           get + "X A: b\r\n\r\n" + hidden,
		"two hosts":                   get + "Host: b\r\n\r\n" + hidden,
		"no host":                     "GET " + root + "/hotels HTTP/1.1\r\n\r\n" + hidden,
		"an empty host":               "GET " + root + "/hotels HTTP/1.1\r\nHost: \r\n\r\n" + hidden,
		"a space in the path":         "GET " + root + "/hot els HTTP/1.1\r\nHost: a\r\n\r\n" + hidden,
		"another version":             "GET " + root + "/hotels HTTP/3.7\r\nHost: a\r\n\r\n" + hidden,
		"no version":                  "GET " + root + "/hotels HTTP/\r\nHost: a\r\n\r\n" + hidden,
		"a chunk size out of range":   post + "Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}\r\n0\r\n\r\n" + hidden,
		"a chunk size that is signed": post + "Transfer-Encoding: chunked\r\n\r\n-1\r\n{}\r\n0\r\n\r\n" + hidden,
		"a chunk size of 0x":          post + "Transfer-Encoding: chunked\r\n\r\n0x2\r\n{}\r\n0\r\n\r\n" + hidden,
		"a chunk without an end":      post + "Transfer-Encoding: chunked\r\n\r\n2\r\n{}0\r\n\r\n" + hidden,
		"a chunk longer than it says": post + "Transfer-Encoding: chunked\r\n\r\n1\r\n{}\r\n0\r\n\r\n" + hidden,
	}
}

func checkRefused(f *findings, s *site) {
	for name, text := range doubtful() {
		for _, path := range []string{"/bookings", "/hotels/1/images", "/auth/login"} {
			list := s.raw(strings.ReplaceAll(text, root+"/bookings", root+path))
			if len(list) != 1 || list[0].StatusCode/100 != 4 {
				f.add("%s at %s: %d answers, want one refusal", name, path, len(list))
			}
			for _, res := range list {
				if res.StatusCode != http.StatusRequestEntityTooLarge {
					wantProblem(f, res, http.StatusBadRequest, "malformed_request")
				}
			}
			for _, r := range s.reached() {
				if strings.Contains(r.RequestURI, "hidden") || path == "/bookings" {
					f.add("%s at %s: %s %s comes through", name, path, r.Method, r.RequestURI)
				}
			}
		}
	}
}

// checkHidden: what one reader may take for a request of its own is part of one request for the proxy, and comes
// through as that and nothing else.
func checkHidden(f *findings, s *site) {
	const line = "POST " + root + "/bookings HTTP/1.1\r\nHost: a\r\nConnection: close\r\n"
	length, size := strconv.Itoa(len(hidden)), strconv.FormatInt(int64(len(hidden)), 16)
	const chunked = line + "Transfer-Encoding: chunked\r\n\r\n"
	for name, text := range map[string]string{
		"in the body":              line + "Content-Length: " + length + "\r\n\r\n" + hidden,
		"in chunks":                chunked + size + "\r\n" + hidden + "\r\n0\r\n\r\n",
		"in extensions of chunks":  chunked + "2;a=\"x\"\r\n{}\r\n0;b\r\n\r\n",
		"in trailers":              chunked + "2\r\n{}\r\n0\r\nX-Forwarded-For: 6.6.6.6\r\nContent-Length: 9\r\n\r\n" + hidden,
		"in another case":          line + "tRANSFER-eNCODING: cHUNKED\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
		"behind a name with _":     line + "Transfer_Encoding: chunked\r\nContent_Length: 5\r\nContent-Length: 2\r\n\r\n{}",
		"behind lines without CR":  strings.ReplaceAll(line, "\r\n", "\n") + "Content-Length: 2\n\n{}",
		"behind spaces":            line + "Content-Length:   2  \r\n\r\n{}",
		"behind an awaited body":   line + "Expect: 100-continue\r\nContent-Length: 2\r\n\r\n{}",
		"behind too much of a GET": "GET " + root + "/hotels HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: " + length + "\r\n\r\n" + hidden,
	} {
		for _, path := range []string{"/bookings", "/hotels/1/images"} {
			s.raw(strings.ReplaceAll(text, root+"/bookings", root+path))
			got := s.last(f, name)
			if strings.Contains(got.RequestURI, "hidden") || len(got.TransferEncoding) > 0 && got.ContentLength >= 0 {
				f.add("%s: %s %s comes through", name, got.Method, got.RequestURI)
			}
			want(f, name+": the address", strings.Join(got.Header.Values("X-Forwarded-For"), "|"), "127.0.0.1")
			want(f, name+": trailers", len(got.Trailer), 0)
		}
	}
}

func checkNine(f *findings, s *site) {
	for _, text := range []string{"GET " + root + "/hotels\r\n", "GET /\r\n", "GET " + root + "/static/images/x.jpg\r\n", "GET " + root + "/metrics\r\n"} {
		conn := s.dial()
		if _, err := conn.Write([]byte(text)); err != nil {
			f.add("%v", err)
		}
		answer, _ := io.ReadAll(conn)
		want(f, text, string(answer), "")
	}
	want(f, "requests that came through", len(s.reached()), 0)
}

func checkTen(f *findings, s *site) {
	for _, target := range []string{root + "/hotels", "http://other.example" + root + "/hotels"} {
		list := s.raw("GET " + target + " HTTP/1.0\r\n\r\n" + hidden)
		want(f, "answers", len(list), 1)
		got := s.last(f, target)
		want(f, "the path", got.RequestURI, root+"/hotels")
		want(f, "the version behind", got.Proto, "HTTP/1.1")
	}
}
