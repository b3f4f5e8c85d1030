package nginx_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"deploy/proxy"
)

const (
	root = "/apps/shum-booking"
	// patience is after how long what should happen surely has, on a busy machine too.
	patience = 30 * time.Second
	// leaving is after how long nginx has surely left who says nothing, where its times are short; where they are those of
	// deployments it has not.
	leaving = 9 * time.Second
)

// findings are what a check has to complain about.
type findings []string

func (f *findings) add(format string, args ...any) { *f = append(*f, fmt.Sprintf(format, args...)) }

// want complains unless two values are the same.
func want[T comparable](f *findings, what string, got, wanted T) {
	if got != wanted {
		f.add("%s: got %v, want %v", what, got, wanted)
	}
}

// A received is a request as it came out of the proxy.
type received struct {
	*http.Request

	body string
}

// A site is a proxy with a server behind it that records.
type site struct {
	*proxy.Server

	t      *testing.T
	files  string
	api    *httptest.Server
	mu     sync.Mutex
	seen   []received
	answer http.HandlerFunc
	// whole, if it is there, answers instead, with the body still to come.
	whole http.Handler
	// faults are requests without an answer.
	faults findings
}

// newSite starts a proxy from files. Settings that are not given are those of a server behind a prefix.
func newSite(t *testing.T, files string, settings proxy.Settings) *site {
	t.Helper()
	s := &site{t: t, files: files, answer: func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{}") }}
	s.api = httptest.NewServer(http.HandlerFunc(s.serve))
	t.Cleanup(s.api.Close)
	all := proxy.Settings{"ROOT_PATH": root, "NGINX_API_SERVERS": s.api.Listener.Addr().String()}
	maps.Copy(all, settings)
	s.Server = proxy.StartFrom(t, files, all)
	return s
}

func (s *site) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	whole := s.whole
	s.mu.Unlock()
	if whole != nil {
		whole.ServeHTTP(w, r)
		return
	}
	body, err := io.ReadAll(r.Body)
	s.mu.Lock()
	s.seen = append(s.seen, received{Request: r, body: string(body)})
	answer := s.answer
	s.mu.Unlock()
	if err == nil {
		answer(w, r)
	}
}

// reply lets the server behind the proxy answer with something else from now on.
func (s *site) reply(answer http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answer = answer
}

// replace lets something else answer from now on, and records no more.
func (s *site) replace(whole http.Handler) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.whole = whole
}

// stop ends the server behind the proxy, which would wait for the connections that the proxy keeps.
func (s *site) stop() {
	_ = s.api.Listener.Close()
	s.api.CloseClientConnections()
}

// reached returns what came through since it was last asked.
func (s *site) reached() []received {
	s.mu.Lock()
	defer s.mu.Unlock()
	seen := s.seen
	s.seen = nil
	return seen
}

// last returns the one request that came through, and complains about none and about several.
func (s *site) last(f *findings, what string) received {
	seen := s.reached()
	if len(seen) != 1 {
		f.add("%s: %d requests came through, want 1", what, len(seen))
		return received{Request: httptest.NewRequestWithContext(s.t.Context(), http.MethodGet, "/", nil)}
	}
	return seen[0]
}

// A response is an answer with its body.
type response struct {
	*http.Response

	body string
}

// ask sends a request of its own connection, with headers such as "Accept: text/html".
func (s *site) ask(method, target string, headers ...string) response {
	s.t.Helper()
	return s.send(method, target, "", headers...)
}

// send is ask with a body.
func (s *site) send(method, target, body string, headers ...string) response {
	s.t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nConnection: close\r\n", method, target)
	if !slices.ContainsFunc(headers, func(h string) bool { return strings.HasPrefix(h, "Host:") }) {
		b.WriteString("Host: booking.example\r\n")
	}
	if body != "" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	answers := s.raw(b.String() + "\r\n" + body)
	if len(answers) != 1 {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.faults.add("%s %s got %d answers, want 1", method, target, len(answers))
		return response{Response: &http.Response{}}
	}
	return answers[0]
}

// dial returns a connection to the proxy, which is closed when the test ends.
func (s *site) dial() net.Conn {
	s.t.Helper()
	conn, err := new(net.Dialer).DialContext(s.t.Context(), "tcp", strings.TrimPrefix(s.URL, "http://"))
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(patience)); err != nil {
		s.t.Fatal(err)
	}
	return conn
}

// raw writes bytes to a connection of their own, and returns the answers that come until the proxy closes it. The
// bytes must have it do so.
func (s *site) raw(text string) []response {
	s.t.Helper()
	conn := s.dial()
	// nginx waits a moment for that, and counts the connection.
	defer func() { _ = conn.Close() }()
	// Whoever is refused may find the connection closed while writing.
	go func() { _, _ = io.WriteString(conn, text) }()
	method, _, _ := strings.Cut(text, " ")
	return answers(conn, method)
}

// answers reads answers to a method until the connection ends.
func answers(conn io.Reader, method string) []response {
	all, _ := io.ReadAll(conn)
	reader := bufio.NewReader(bytes.NewReader(all))
	var list []response
	for {
		res, err := http.ReadResponse(reader, &http.Request{Method: method})
		if err != nil {
			return list
		}
		body, err := io.ReadAll(res.Body)
		_ = res.Body.Close()
		if err != nil {
			return list
		}
		list = append(list, response{Response: res, body: string(body)})
	}
}

// A damage is a text in a file that is replaced by another one, wherever it stands.
type damage struct{ file, old, with string }

// edit replaces a text in a file, which must have it.
func edit(t *testing.T, path, old, with string) {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(text, []byte(old)) {
		t.Fatalf("%s has no %q to damage", filepath.Base(path), old)
	}
	if err := os.WriteFile(path, bytes.ReplaceAll(text, []byte(old), []byte(with)), 0o600); err != nil {
		t.Fatal(err)
	}
}

// A closing connection notes whether it was still open at its deadline.
type closing struct {
	net.Conn

	late bool
}

func (c *closing) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.late = c.late || errors.Is(err, os.ErrDeadlineExceeded)
	return n, err
}

// waitLong returns a channel that is ready after so long that what should happen has.
func (s *site) waitLong() <-chan time.Time { return time.After(patience) }

// statusOf asks a URL.
func statusOf(t *testing.T, url string) (int, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		return 0, err
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return 0, err
	}
	return res.StatusCode, res.Body.Close()
}
