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
	var p99, ratios []float64
	for b.Loop() {
		few, many := inSmall.run(b).quantile(0.99), inLarge.run(b).quantile(0.99)
		p99 = append(p99, float64(many.Microseconds())/1000)
		ratios = append(ratios, float64(many)/float64(few))
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(median(p99), "ms-p99")
	b.ReportMetric(median(ratios), "p99-of-few")
}
