package performance_test

import (
	"testing"
)

const (
	fewHotels = 1000
	// metropolis is more hotels than any city has: the city next to it is the largest.
	metropolis = 1_000_000
	// calmClients leave a machine of four cores idle at times, so that what is measured is not how long they wait for it.
	calmClients = 2
)

// BenchmarkSearchSize compares the times of searches in the largest city of a large database with those in a small one.
func BenchmarkSearchSize(b *testing.B) {
	large, small := newRig(b, *hotels, cores{}), newRig(b, fewHotels, cores{})
	inLarge := large.search(large.cityOf(metropolis), large.guests())
	inSmall := small.search(small.cityOf(metropolis), small.guests())
	inLarge.clients, inSmall.clients = calmClients, calmClients
	inLarge.run(b)
	inSmall.run(b)
	f := make(figures)
	for b.Loop() {
		few, many := inSmall.run(b).quantile(0.99), inLarge.run(b).quantile(0.99)
		f.add("ms-p99", float64(many.Microseconds())/1000)
		f.add("p99-of-few", float64(many)/float64(few))
	}
	f.report(b)
}
