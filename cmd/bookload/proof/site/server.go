package site

import (
	"net/http"
	"regexp"
	"strconv"
	"syscall"

	"github.com/shumbooking/shumbooking/platform/proctest"
)

// A Server is an API or a worker that is always found at the same address, whatever process serves there.
type Server struct {
	*proctest.Process

	site          *Site
	command, addr string
	// ended is whether somebody ended the process.
	ended bool
}

func (s *Site) newServer(command string) *Server {
	return &Server{site: s, command: command, addr: proctest.FreeAddress(s.tb)}
}

// URL returns where the server answers to a path.
func (s *Server) URL(path string) string { return "http://" + s.addr + path }

// Start starts a process, after the end of the one before.
func (s *Server) Start() {
	s.site.tb.Helper()
	s.Process, s.ended = s.site.Launch(s.command, "--addr", s.addr), false
}

// Kill ends the process with SIGKILL.
func (s *Server) Kill() {
	s.ended = true
	s.Process.Kill()
}

// Stop ends the process as whoever deploys it does, which must succeed.
func (s *Server) Stop() {
	s.site.tb.Helper()
	s.ended = true
	s.Signal(syscall.SIGTERM)
	s.WantSuccess()
}

// WantReady returns when the server is ready.
func (s *Server) WantReady() {
	s.site.tb.Helper()
	proctest.Eventually(s.site.tb, "the "+s.command+" is ready", func() bool {
		if s.Over() {
			s.site.tb.Fatalf("the %s ends before it is ready", s.command)
		}
		return s.ready()
	})
}

// Metric returns the sum of a metric over its labels, 0 where there is none, and whether the server could be asked.
func (s *Server) Metric(name string) (sum float64, ok bool) {
	s.site.tb.Helper()
	status, text := proctest.Get(s.site.tb.Context(), s.URL("/metrics"))
	line := regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(name) + `(?:\{.*\})? (\S+)$`)
	for _, found := range line.FindAllStringSubmatch(text, -1) {
		value, err := strconv.ParseFloat(found[1], 64)
		if err != nil {
			s.site.tb.Fatalf("metric %s: %v", name, err)
		}
		sum += value
	}
	return sum, status == http.StatusOK
}

// Metric returns the sum of a metric of an API over its labels, 0 where there is none. It ends the test if the API does not
// answer.
func (s *Site) Metric(i int, name string) float64 {
	s.tb.Helper()
	sum, ok := s.APIs[i].Metric(name)
	if !ok {
		s.tb.Fatalf("API %d tells no metrics", i)
	}
	return sum
}
