package performance_test

import (
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// BenchmarkStart measures the time from the start of the program until it is ready, with its database there.
func BenchmarkStart(b *testing.B) {
	r := newRig(b, fewHotels, cores{})
	f := make(figures)
	for b.Loop() {
		_ = r.api.Process.Signal(syscall.SIGKILL)
		_ = r.api.Wait()
		begun := time.Now()
		r.startAPI()
		f.add("ms-to-ready", float64(time.Since(begun).Microseconds())/1000)
	}
	f.report(b)
}

const (
	// openConnections are held at the same time. Of these, slowConnections are in the middle of a request.
	openConnections = 10_000
	slowConnections = 2_000
	// openers open connections at the same time.
	openers = 16
)

// BenchmarkMemory measures how much memory the service holds while ten thousand clients are connected, each of which has
// searched once, and two thousand of which are sending another request and do not come to its end.
func BenchmarkMemory(b *testing.B) {
	r := newRig(b, fewHotels, cores{})
	tokens := r.guests()
	search := r.search(r.cityOf(metropolis), tokens)
	search.run(b)
	f := make(figures)
	for b.Loop() {
		lines := r.openAll(search)
		f.add("MiB-idle", r.resident())
		half := appendPost(nil, "/bookings", tokens[0], "", make([]byte, 1000))
		for _, l := range lines[:slowConnections] {
			if _, err := l.conn.Write(half[:len(half)-500]); err != nil {
				b.Fatal(err)
			}
		}
		time.Sleep(time.Second) //nolint:forbidigo // nothing tells that the service has read them
		f.add("MiB-slow", r.resident())
		for _, l := range lines {
			l.hangUp()
		}
	}
	f.report(b)
}

// openAll opens the connections and sends a request of the stream on each.
func (r *rig) openAll(search stream) []*line {
	r.tb.Helper()
	lines := make([]*line, openConnections)
	var wg sync.WaitGroup
	for opener := range openers {
		wg.Go(func() {
			for i := opener; i < openConnections; i += openers {
				l, err := dial(r.tb.Context(), r.address)
				if err != nil {
					r.tb.Error(err)
					return
				}
				lines[i] = l
				if status, err := l.ask(search.request(nil, i%clients, i)); err != nil || status != http.StatusOK {
					r.tb.Errorf("search: %d %v", status, err)
				}
			}
		})
	}
	wg.Wait()
	if r.tb.Failed() {
		r.tb.FailNow()
	}
	return lines
}

var residentSize = regexp.MustCompile(`VmRSS:\s+(\d+) kB`)

// resident returns how much memory the service has, in MiB.
func (r *rig) resident() float64 {
	r.tb.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", r.api.Process.Pid))
	if err != nil {
		r.tb.Fatal(err)
	}
	kib, err := strconv.Atoi(string(residentSize.FindSubmatch(text)[1]))
	if err != nil {
		r.tb.Fatal(err)
	}
	return float64(kib) / 1024
}
