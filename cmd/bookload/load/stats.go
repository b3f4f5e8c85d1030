package load

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/shumbooking/shumbooking/cmd/bookload/client"
)

const (
	// longestLatency is what a latency is counted as that is longer, in microseconds.
	longestLatency = int64(time.Hour / time.Microsecond)
	// digits and secondDigits are how exact the latencies of a run and of one second are.
	digits, secondDigits = 3, 2
)

// A recorder counts what comes of the requests of a run.
type recorder struct {
	started time.Time

	mu                sync.Mutex
	ended             time.Time // zero until nothing is begun any more
	ops               map[string]*Operation
	seconds           []Second // those that are over
	current           Second
	hist              *hdrhistogram.Histogram // of the current one
	answers, failures int64
}

func newRecorder(started time.Time) *recorder {
	return &recorder{
		started: started, ops: make(map[string]*Operation), hist: hdrhistogram.New(1, longestLatency, secondDigits),
	}
}

// observe counts an attempt, unless it was begun when the load was over.
func (r *recorder) observe(s client.Sample) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.ended.IsZero() && s.Begin.After(r.ended) {
		return
	}
	o := r.operation(s.Op)
	o.Statuses[s.Status]++
	if s.Code != "" {
		o.Codes[s.Code]++
	}
	o.Sent += s.Sent
	o.Received += s.Received
	latency := microseconds(s.End.Sub(s.Due))
	// Neither value can be out of range.
	_ = o.Latency.RecordValue(latency)
	_ = o.Service.RecordValue(microseconds(s.End.Sub(s.Begin)))

	r.roll(s.End)
	r.current.Answers++
	r.answers++
	if s.Status == 0 || s.Status >= 500 {
		r.current.Failures++
		r.failures++
	}
	_ = r.hist.RecordValue(latency)
}

func microseconds(d time.Duration) int64 { return max(1, min(d.Microseconds(), longestLatency)) }

func (r *recorder) operation(name string) *Operation {
	o := r.ops[name]
	if o == nil {
		o = &Operation{
			Name: name, Statuses: make(map[int]int64), Codes: make(map[string]int64),
			Latency: hdrhistogram.New(1, longestLatency, digits), Service: hdrhistogram.New(1, longestLatency, digits),
		}
		r.ops[name] = o
	}
	return o
}

// roll ends the seconds that are over at a time. What arrives after the end of the load counts in its last second.
func (r *recorder) roll(now time.Time) {
	if !r.ended.IsZero() && now.After(r.ended) {
		now = r.ended
	}
	for len(r.seconds) < int(now.Sub(r.started)/time.Second) {
		r.endSecond()
	}
}

func (r *recorder) endSecond() {
	r.seconds = append(r.seconds, r.finished())
	r.current = Second{}
	r.hist.Reset()
}

// finished returns the current second with its percentiles.
func (r *recorder) finished() Second {
	s := r.current
	if s.Answers > 0 {
		s.P50 = time.Duration(r.hist.ValueAtPercentile(50)) * time.Microsecond
		s.P99 = time.Duration(r.hist.ValueAtPercentile(99)) * time.Microsecond
	}
	return s
}

// stop has what is begun from now on not be counted. It returns how long the load was.
func (r *recorder) stop() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	now := time.Now()
	r.roll(now)
	r.ended = now
	return now.Sub(r.started)
}

// progress returns the counts so far and the last second that is over.
func (r *recorder) progress() Progress {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.roll(time.Now())
	p := Progress{Answers: r.answers, Failures: r.failures}
	if n := len(r.seconds); n > 0 {
		p.Last = r.seconds[n-1]
	}
	return p
}

// result returns what was counted, once nobody counts any more.
func (r *recorder) result() *Result {
	r.mu.Lock()
	defer r.mu.Unlock()
	// A small rest would look as if the service had become slow.
	if rest := r.ended.Sub(r.started) % time.Second; rest >= time.Second/2 || len(r.seconds) == 0 {
		r.endSecond()
	}
	result := &Result{Seconds: r.seconds}
	for _, o := range slices.SortedFunc(maps.Values(r.ops), func(a, b *Operation) int { return strings.Compare(a.Name, b.Name) }) {
		result.Operations = append(result.Operations, *o)
	}
	return result
}
