package demo

import "math/rand/v2"

// A random makes the choices for one hotel. It is seeded with the hotel's
// number, so that what one hotel is like does not depend on the others, nor on
// which goroutine makes it up.
type random struct{ *rand.Rand }

// seed tells this kind of data from any other made by the same generator.
const seed = 0x5368756d

func newRandom(n int) *random { return &random{rand.New(rand.NewPCG(seed, uint64(n)))} }

// below returns a number from 0 to n-1.
func (r *random) below(n int) int { return r.IntN(n) }

// between returns a number from low to high, both included.
func (r *random) between(low, high int) int { return low + r.IntN(high-low+1) }

// chance is true with probability p.
func (r *random) chance(p float64) bool { return r.Float64() < p }

// weighted returns an index, each with the probability of its weight.
func (r *random) weighted(weights ...float64) int {
	var sum float64
	for _, w := range weights {
		sum += w
	}
	at := r.Float64() * sum
	for i, w := range weights {
		if at -= w; at < 0 {
			return i
		}
	}
	return len(weights) - 1
}

// one returns an element of list.
func one[T any](r *random, list []T) T { return list[r.IntN(len(list))] }
