package performance_test

import (
	"context"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/shumbooking/shumbooking/cmd/bookload/client"
	"github.com/shumbooking/shumbooking/cmd/bookload/load"
)

const (
	// beyondCapacity is a rate of operations that no service reaches, so that all users are always busy.
	beyondCapacity = 50_000
	// shareOfCapacity is the load at which answers are timed.
	shareOfCapacity = 0.7
	profile         = "mixed"
)

// BenchmarkTail measures how many operations of mixed load the service takes, and at 70 % of that how much longer the
// slowest hundredth of the answers takes than the middle one, from when they were due.
func BenchmarkTail(b *testing.B) {
	r := newRig(b, fewHotels, cores{})
	f := make(figures)
	for b.Loop() {
		full := r.mixed(b.Context(), beyondCapacity, clients, 0)
		begun := beyondCapacity*full.Elapsed.Seconds() - float64(full.Dropped)
		capacity := begun / full.Elapsed.Seconds()
		part := r.mixed(b.Context(), capacity*shareOfCapacity, 0, *round)
		f.add("capacity/s", capacity)
		all := hdrhistogram.New(1, time.Minute.Microseconds(), 3)
		for _, o := range part.Operations {
			all.Merge(o.Latency)
			f.add(o.Name+"-p99-of-p50", ratio(o.Latency))
		}
		f.add("ms-p50", float64(all.ValueAtQuantile(50))/1000)
		f.add("ms-p99", float64(all.ValueAtQuantile(99))/1000)
		f.add("p99-of-p50", ratio(all))
		if part.Unknown > 0 || part.Dropped > 0 {
			b.Errorf("of %d operations nobody knows what became of them, and %d were not begun", part.Unknown, part.Dropped)
		}
	}
	f.report(b)
}

// ratio tells how many times longer the slowest hundredth takes than the middle.
func ratio(h *hdrhistogram.Histogram) float64 {
	return float64(h.ValueAtQuantile(99)) / float64(max(h.ValueAtQuantile(50), 1))
}

// mixed puts a load of so many operations a second on the service, all of them after a while that is rampUp.
func (r *rig) mixed(ctx context.Context, rate float64, users int, rampUp time.Duration) *load.Result {
	r.tb.Helper()
	c, err := client.New(client.Config{BaseURLs: []string{"http://" + r.address}})
	if err != nil {
		r.tb.Fatal(err)
	}
	defer c.Close()
	result, err := load.Run(ctx, load.Config{
		Client: c, Profile: profile, Duration: rampUp + 3**round, RampUp: rampUp, Rate: rate, Users: users,
		AdminEmail: adminEmail, AdminPassword: adminPassword,
	})
	if err != nil {
		r.tb.Fatal(err)
	}
	return result
}
