package nginx_test

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"deploy/proxy"
)

func limitRules() map[string]rule {
	// One at a time and one more at once, and then none for a minute.
	few := func(rest, auth string) proxy.Settings {
		return proxy.Settings{"NGINX_RATE_PER_MINUTE": rest, "NGINX_AUTH_RATE_PER_MINUTE": auth, "NGINX_TRUSTED_PROXIES": "127.0.0.1"}
	}
	return map[string]rule{
		"a client is limited":                  {settings: few("1", "1000"), check: checkRate},
		"signing in is limited by itself":      {settings: few("1000000", "1"), check: checkAuthRate},
		"limits leave room for a hotel":        {settings: proxy.Settings{"NGINX_TRUSTED_PROXIES": "127.0.0.1"}, check: checkDefaults},
		"a network of IPv6 is one client":      {settings: few("1", "1"), check: checkNetworks},
		"a client has so many connections":     {settings: proxy.Settings{"NGINX_CONNECTIONS": "1"}, check: checkConnections},
		"a client who sends no header is left": {edits: []damage{{"nginx.conf", "client_header_timeout 10s", "client_header_timeout 100ms"}}, check: checkSlowHeader},
		"a client who sends no body is left":   {edits: []damage{{"nginx.conf", "client_body_timeout 15s", "client_body_timeout 100ms"}}, check: checkSlowBody},
		"an idle connection is closed":         {edits: []damage{{"nginx.conf", "keepalive_timeout 95s", "keepalive_timeout 100ms"}}, check: checkIdle},
	}
}

// from asks as the client of an address, and returns the status.
func (s *site) from(address, path string) int {
	s.t.Helper()
	return s.ask("GET", root+path, "X-Forwarded-For: "+address).StatusCode
}

func checkRate(f *findings, s *site) {
	for i, status := range []int{200, 200, 429, 429} {
		want(f, fmt.Sprint("request ", i), s.from("203.0.113.1", "/hotels"), status)
	}
	want(f, "requests that came through", len(s.reached()), 2)
	res := s.ask("POST", root+"/hotels/1/images", "X-Forwarded-For: 203.0.113.1", "Accept-Language: ru")
	wantProblem(f, res, http.StatusTooManyRequests, "rate_limited")
	want(f, "Retry-After", res.Header.Get("Retry-After"), "60")
	if !strings.Contains(res.body, `"detail":"Вы отправили`) {
		f.add("the problem is %s, want a detail in Russian", res.body)
	}
	want(f, "an image that is not on the volume", s.from("203.0.113.1", "/static/images/x.jpg"), 429)
	want(f, "another client", s.from("203.0.113.2", "/hotels"), 200)
	want(f, "signing in", s.from("203.0.113.1", "/auth/login"), 200)
}

func checkAuthRate(f *findings, s *site) {
	for i, path := range []string{"/auth/login", "/%61uth/register", "/auth//me", "/riverui/sign-in"} {
		want(f, "signing in "+path, s.from("203.0.113.1", path), []int{200, 200, 429, 429}[i])
	}
	res := s.ask("POST", root+"/auth/login", "X-Forwarded-For: 203.0.113.1")
	wantProblem(f, res, http.StatusTooManyRequests, "rate_limited")
	want(f, "Retry-After", res.Header.Get("Retry-After"), "60")
	for range 20 {
		want(f, "the rest", s.from("203.0.113.1", "/hotels"), 200)
	}
}

// checkDefaults: the API allows an address 600 reads and 20 sign-ins a minute, each at once. nginx allows more in a
// minute, as guests of a hotel share an address and have budgets of their own behind.
func checkDefaults(f *findings, s *site) {
	for range 600 {
		want(f, "a read", s.from("203.0.113.1", "/hotels"), 200)
	}
	for range 12 {
		want(f, "a sign-in", s.from("203.0.113.1", "/auth/login"), 200)
	}
}

func checkNetworks(f *findings, s *site) {
	for _, group := range [][]string{
		{"2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:2:ffff:ffff:ffff:ffff"},
		{"2001:db8:1:3::1", "2001:db8:1:3::a0a", "2001:db8:1:3:a0a::"},
		{"2001:db8::1", "2001:db8::2", "2001:db8::ff:1"},
		{"2001:a0a:a0a:a0a::1", "2001:a0a:a0a:a0a:a0a::2", "2001:a0a:a0a:a0a::3"},
		{"203.0.113.7", "203.0.113.7", "203.0.113.7"},
		{"::ffff:198.51.100.1", "::ffff:198.51.100.1", "198.51.100.1"},
		{"203.0.113.8", "203.0.113.8", "203.0.113.8"},
		{"::ffff:198.51.100.2", "198.51.100.2", "198.51.100.2"},
	} {
		for i, address := range group {
			want(f, fmt.Sprintf("request %d of %v", i, group), s.from(address, "/hotels"), []int{200, 200, 429}[i])
		}
	}
}

func checkConnections(f *findings, s *site) {
	inside, leave := make(chan struct{}), make(chan struct{})
	s.reply(func(http.ResponseWriter, *http.Request) {
		inside <- struct{}{}
		<-leave
	})
	first := make(chan response)
	go func() { first <- s.ask("GET", root+"/hotels") }()
	<-inside
	s.reply(func(http.ResponseWriter, *http.Request) {})
	wantProblem(f, s.ask("GET", root+"/hotels"), http.StatusTooManyRequests, "rate_limited")
	close(leave)
	want(f, "the first", (<-first).StatusCode, http.StatusOK)
}

// leaves complains unless the proxy closes the connection on which so much was sent.
func leaves(f *findings, s *site, text string) []response {
	conn := s.dial()
	if err := conn.SetDeadline(time.Now().Add(leaving)); err != nil {
		s.t.Fatal(err)
	}
	if _, err := conn.Write([]byte(text)); err != nil {
		f.add("%v", err)
	}
	closed := &closing{Conn: conn}
	list := answers(closed, "GET")
	if closed.late {
		f.add("the connection stays open")
	}
	return list
}

func checkSlowHeader(f *findings, s *site) {
	leaves(f, s, "GET "+root+"/hotels HTTP/1.1\r\nHost: a\r\nX-Slow: ")
	want(f, "requests that came through", len(s.reached()), 0)
}

func checkSlowBody(f *findings, s *site) {
	leaves(f, s, "POST "+root+"/bookings HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345")
	want(f, "requests that came through", len(s.reached()), 0)
}

func checkIdle(f *findings, s *site) {
	list := leaves(f, s, "GET "+root+"/hotels HTTP/1.1\r\nHost: a\r\n\r\n")
	want(f, "answers before that", len(list), 1)
}
