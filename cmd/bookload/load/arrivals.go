package load

import (
	"math"
	"math/rand/v2"
	"sync"
	"time"
)

const (
	// lateAfter is how long after it was due an operation counts as late.
	lateAfter = time.Second
	// grain is how much later than asked for the system may wake up somebody who had nothing to do.
	grain = time.Millisecond
)

// A schedule says when the operations of an open loop are due, in their order.
type schedule struct {
	rate   float64 // operations a second
	ramp   float64 // seconds until the rate is reached
	length time.Duration

	mu     sync.Mutex
	random *rand.Rand
	passed float64 // how many would be due by the last one if they came at regular times
	number uint64
}

// An arrival is an operation that is due.
type arrival struct {
	number uint64
	due    time.Duration // since the run began
}

// schedule returns when operations are due, or nil for a closed loop.
func (r *run) schedule() *schedule {
	if r.config.Rate == 0 {
		return nil
	}
	return &schedule{
		rate: r.config.Rate, ramp: r.config.RampUp.Seconds(), length: r.config.Duration,
		random: randomOf(r.config.Seed, math.MaxUint64),
	}
}

// randomOf returns the numbers that belong to an operation: they are the same whoever does it, and whenever.
func randomOf(seed, number uint64) *rand.Rand {
	return rand.New(rand.NewPCG(seed, number)) //nolint:gosec // A load is to be repeated, and not to be secret.
}

// next returns the next operation, or false if none is due any more.
func (s *schedule) next() (arrival, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passed += s.random.ExpFloat64()
	a := arrival{number: s.number, due: s.when(s.passed)}
	s.number++
	return a, a.due < s.length
}

// when returns at what time so many operations are due on average: the rate grows along a line until the ramp is over.
func (s *schedule) when(passed float64) time.Duration {
	seconds := passed/s.rate + s.ramp/2
	if seconds < s.ramp {
		seconds = math.Sqrt(2 * passed * s.ramp / s.rate)
	}
	return time.Duration(seconds * float64(time.Second))
}

// dropped returns how many operations were due by the end that nobody had begun. A nil schedule has none.
func (s *schedule) dropped(end time.Duration) int64 {
	if s == nil {
		return 0
	}
	var n int64
	for a, more := s.next(); more && a.due < end; a, more = s.next() {
		n++
	}
	return n
}

// await waits until an operation is due and returns from when its latency counts. It returns false if the load is over first.
// Who comes too late, because earlier operations took so long, is no excuse for the service: the latency counts from when
// the operation was due. A user that waited for it and was woken late counts from then, up to the grain of the timers.
func (r *run) await(a arrival) (from time.Time, ok bool) {
	due := r.started.Add(a.due)
	wait := time.Until(due)
	if wait <= 0 {
		if wait < -lateAfter {
			r.late.Add(1)
		}
		return due, !r.isOver()
	}
	if !r.sleep(wait) {
		return due, false
	}
	return due.Add(min(time.Since(due), grain)), true
}

// sleep reports whether the load lasted so long.
func (r *run) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return !r.isOver()
	case <-r.over:
		return false
	}
}
