package nginx_test

import (
	"encoding/json"
	"fmt"
	"net"
	"slices"
	"strings"
	"unicode/utf8"

	"deploy/proxy"
)

func logRules() map[string]rule {
	return map[string]rule{
		"the log tells of each request":   {settings: proxy.Settings{"NGINX_TRUSTED_PROXIES": "127.0.0.1"}, check: checkLog},
		"the log names the network alone": {settings: proxy.Settings{"NGINX_TRUSTED_PROXIES": "127.0.0.1"}, check: checkLogClients},
	}
}

// A logLine is a line of the access log.
type logLine struct {
	Time, RequestID, Client, Method, Path, Upstream string

	Status        int     `json:"status"`
	BytesSent     int     `json:"bytes_sent"`
	BytesReceived int     `json:"bytes_received"`
	Duration      float64 `json:"duration_s"`
	UpstreamTime  string  `json:"upstream_s"`
	Code          string  `json:"upstream_status"`
	ID            string  `json:"request_id"`
}

// lines ends the proxy and returns the lines of its access log. Lines of nginx itself begin with a date.
func (s *site) lines(f *findings) []logLine {
	s.Quit(s.t)
	var list []logLine
	for line := range strings.Lines(s.Log(s.t)) {
		if !strings.HasPrefix(line, "{") {
			continue
		}
		var l logLine
		if err := json.Unmarshal([]byte(line), &l); err != nil || !utf8.ValidString(line) {
			f.add("%q is no JSON: %v", line, err)
		}
		list = append(list, l)
	}
	return list
}

func checkLog(f *findings, s *site) {
	const secret = "hunter2-canary"
	s.ask("POST", root+"/hotels?token="+secret, "Authorization: Bearer "+secret, "X-Request-Id: first", "User-Agent: "+secret,
		"Referer: https://x/"+secret, "Cookie: a="+secret, "X-Forwarded-For: 203.0.113.77")
	s.ask("GET", root+`/a"b\c%0a`+"?"+secret, "X-Request-Id: second", "X-Forwarded-For: 203.0.113.77")
	s.ask("GET", root+"/caf\xe9\xff", "X-Request-Id: fifth")
	s.ask("TRACE", "/?"+secret, "X-Request-Id: third")
	s.raw("\x16\x03\x01 " + secret + "\r\n\r\n")
	// With nobody behind, nginx has much to say.
	s.stop()
	s.ask("GET", root+"/hotels?token="+secret, "X-Request-Id: fourth", "X-Forwarded-For: 203.0.113.77")
	conn := s.dial()
	_ = conn.(*net.TCPConn).SetLinger(0)
	fmt.Fprintf(conn, "POST %s/bookings?%s HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n1", root, secret)
	_ = conn.Close()
	lines := s.lines(f)
	for _, kept := range []string{secret, "203.0.113.77"} {
		if strings.Contains(s.Log(s.t), kept) {
			f.add("the log has %s", kept)
		}
	}
	byID := make(map[string]logLine)
	for _, l := range lines {
		byID[l.ID] = l
	}
	for id, wanted := range map[string]logLine{
		"first":  {Method: "POST", Path: root + "/hotels", Status: 200, Client: "203.0.113.0/24", Code: "200"},
		"second": {Method: "GET", Path: root + `/a"b\c%0a`, Status: 200, Client: "203.0.113.0/24", Code: "200"},
		"fifth":  {Method: "GET", Path: root + "/caf", Status: 200, Client: "127.0.0.0/24", Code: "200"},
		"third":  {Method: "TRACE", Path: "/", Status: 405, Client: "127.0.0.0/24"},
		"fourth": {Method: "GET", Path: root + "/hotels", Status: 502, Client: "203.0.113.0/24", Code: "502, 502"},
	} {
		l := byID[id]
		got := logLine{Method: l.Method, Path: l.Path, Status: l.Status, Client: l.Client, Code: l.Code}
		want(f, "the line of the "+id, got, wanted)
		if l.Time == "" || l.BytesSent == 0 || l.BytesReceived == 0 || (l.Code != "") != (l.UpstreamTime != "" && l.Upstream != "") {
			f.add("the line of the %s lacks something: %+v", id, l)
		}
	}
}

func checkLogClients(f *findings, s *site) {
	networks := map[string]string{
		"198.51.100.200": "198.51.100.0/24", "2001:db8:aaaa:bbbb:cccc::1": "2001:db8:aaaa::/48", "2001:db8::1": "2001:db8::/48",
		"fe80::1": "fe80::/48", "::1": "::/48", "1:2::3": "1:2::/48", "::ffff:198.51.100.7": "198.51.100.0/24",
	}
	for address := range networks {
		s.ask("GET", "/", "X-Forwarded-For: "+address)
	}
	var got, wanted []string
	for _, l := range s.lines(f) {
		got = append(got, l.Client)
	}
	for _, network := range networks {
		wanted = append(wanted, network)
	}
	slices.Sort(got)
	slices.Sort(wanted)
	want(f, "the clients in the log", fmt.Sprint(got), fmt.Sprint(wanted))
}
