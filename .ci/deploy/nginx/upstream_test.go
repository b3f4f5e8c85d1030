package nginx_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"

	"deploy/proxy"
)

func upstreamRules() map[string]rule {
	return map[string]rule{
		"what was not sent is sent elsewhere": {check: checkElsewhere},
		"nothing is done twice":               {check: checkOnce},
		"connections are kept for a moment":   {check: checkKept3s},
	}
}

// behind starts another proxy, from the same files, before other servers.
func (s *site) behind(servers ...string) *site {
	s.t.Helper()
	server := proxy.StartFrom(s.t, s.files, proxy.Settings{"ROOT_PATH": root, "NGINX_API_SERVERS": strings.Join(servers, " ")})
	return &site{Server: server, t: s.t, api: s.api, files: s.files}
}

// checkElsewhere: of two servers one refuses connections, and no request is lost.
func checkElsewhere(f *findings, s *site) {
	l, err := new(net.ListenConfig).Listen(s.t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	refusing := l.Addr().String()
	_ = l.Close()
	two := s.behind(refusing, s.api.Listener.Addr().String())
	for _, method := range []string{"GET", "POST", "PATCH", "DELETE"} {
		for range 4 {
			want(f, method, two.send(method, root+"/hotels/1", "{}").StatusCode, http.StatusOK)
			want(f, method+" of an upload", two.send(method, root+"/hotels/1/images", "{}").StatusCode, http.StatusOK)
		}
	}
	want(f, "requests that came through", len(s.reached()), 32)
}

// A dropper closes connections once it has read a request, and counts.
type dropper struct {
	net.Listener

	mu    sync.Mutex
	lines []string
}

func (d *dropper) serve() {
	for {
		conn, err := d.Accept()
		if err != nil {
			return
		}
		if r, err := http.ReadRequest(bufio.NewReader(conn)); err == nil {
			_, _ = io.Copy(io.Discard, r.Body)
			d.mu.Lock()
			d.lines = append(d.lines, r.Method)
			d.mu.Unlock()
		}
		_ = conn.Close()
	}
}

func (d *dropper) taken() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	lines := d.lines
	d.lines = nil
	return lines
}

// checkOnce: what may have been done is not sent to another server, unless doing it twice is the same.
func checkOnce(f *findings, s *site) {
	l, err := new(net.ListenConfig).Listen(s.t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		s.t.Fatal(err)
	}
	d := &dropper{Listener: l}
	go d.serve()
	s.t.Cleanup(func() { _ = l.Close() })
	two := s.behind(l.Addr().String(), l.Addr().String())
	for method, times := range map[string]int{"POST": 1, "PATCH": 1, "GET": 2} {
		for _, path := range []string{"/bookings", "/auth/login"} {
			res := two.send(method, root+path, "{}")
			wantProblem(f, res, http.StatusBadGateway, "service_unavailable")
			want(f, "how often a "+method+" is sent", fmt.Sprint(d.taken()), fmt.Sprint(slices.Repeat([]string{method}, times)))
		}
	}
	want(f, "an upload", two.send("POST", root+"/hotels/1/images", "{}").StatusCode, http.StatusBadGateway)
	want(f, "how often an upload is sent", len(d.taken()), 1)
}

// checkKept3s: connections are used again, and given up before the API ends those of a server that stops.
func checkKept3s(f *findings, s *site) {
	var mu sync.Mutex
	peers := make(map[string]bool)
	s.reply(func(_ http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		peers[r.RemoteAddr] = true
	})
	for range 20 {
		s.ask("GET", root+"/hotels")
	}
	mu.Lock()
	defer mu.Unlock()
	// Each of the two workers keeps its own.
	if len(peers) > 2 {
		f.add("20 requests one after the other take %d connections", len(peers))
	}
	config := string(readFile(s.t, s.files+"/templates/api.conf.template"))
	if !strings.Contains(config, "\tkeepalive_timeout 3s;") {
		f.add("an idle connection is not given up after 3 s, before the API (5 s)")
	}
}
