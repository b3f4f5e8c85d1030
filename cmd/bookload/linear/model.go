package linear

import (
	"cmp"
	"encoding/binary"
	"slices"
	"sort"
	"time"

	"github.com/anishathalye/porcupine"
)

// A verdict is whether a piece has an order.
type verdict int

const (
	explained verdict = iota
	unexplained
	undecided
)

// memory bounds what the search in one piece may remember, in bytes.
const memory = 256 << 20

// decide looks for an order of p.
func (p *piece) decide(deadline time.Time) verdict {
	narrowed, ok := p.narrow()
	if !ok {
		return unexplained
	}
	result := explained
	for _, part := range narrowed.withoutImplied().split() {
		switch part.search(deadline) {
		case unexplained:
			return unexplained
		case undecided:
			result = undecided
		case explained:
		}
	}
	return result
}

// search is decide for a piece that is small.
func (p *piece) search(deadline time.Time) verdict {
	left := time.Until(deadline)
	if left <= 0 {
		return undecided
	}
	// Each step that is possible is remembered as a set of steps and a state.
	budget := memory / (128 + len(p.steps)/8 + countSize*len(p.slots))
	model := porcupine.Model{
		Init: func() any { return p.start() },
		Step: func(state, input, _ any) (bool, any) {
			if budget == 0 {
				return false, state
			}
			ok, next := input.(*step).apply(state.(string), p.capacity) //nolint:forcetypeassert // The inputs are made below, the states by apply.
			if ok {
				budget--
			}
			return ok, next
		},
	}
	switch porcupine.CheckOperationsTimeout(model, p.operations(), left) {
	case porcupine.Ok:
		return explained
	case porcupine.Illegal:
		if budget > 0 {
			return unexplained
		}
	case porcupine.Unknown:
	}
	return undecided
}

func (p *piece) operations() []porcupine.Operation {
	operations := make([]porcupine.Operation, len(p.steps))
	for i, s := range p.steps {
		operations[i] = porcupine.Operation{ClientId: i, Input: s, Call: s.begin, Return: s.end}
	}
	return operations
}

// countSize is how many bytes of a state are a slot's count.
const countSize = 4

// start returns the state that p begins with. States are strings because the search compares them.
func (p *piece) start() string {
	var state []byte
	for _, s := range p.slots {
		state = binary.BigEndian.AppendUint32(state, uint32(s.start))
	}
	return string(state)
}

func count(state string, slot int) int {
	return int(int32(binary.BigEndian.Uint32([]byte(state[slot*countSize:][:countSize]))))
}

// apply returns whether s makes sense in state, and the state after it.
func (s *step) apply(state string, capacity int) (bool, any) {
	sense := s.onSlots(func(i int) bool {
		booked := count(state, s.slots[i])
		return s.possible(i, booked, booked, capacity)
	})
	if by := s.effect(); sense && by != 0 {
		next := []byte(state)
		for _, slot := range s.slots {
			binary.BigEndian.PutUint32(next[slot*countSize:], uint32(count(state, slot)+by))
		}
		return true, string(next)
	}
	// Who never heard of the effect of a call cannot complain that there was none.
	return sense || s.end == forever, state
}

// shortest returns the steps of the shortest beginning of p that has no order already, by their ends; p has none as a whole.
func (p *piece) shortest(deadline time.Time) []*step {
	byEnd := slices.DeleteFunc(slices.Clone(p.steps), func(s *step) bool { return s.end == forever })
	slices.SortStableFunc(byEnd, compareEnds)
	// What begins something that has an order has one, too.
	n := sort.Search(len(byEnd)-1, func(i int) bool { return p.until(byEnd[i].end).decide(deadline) == unexplained })
	return byEnd[:n+1]
}

func compareEnds(a, b *step) int { return cmp.Compare(a.end, b.end) }

// until returns what was known of p at time t: nobody had heard of what ends later.
func (p *piece) until(t int64) *piece {
	known := &piece{capacity: p.capacity, slots: p.slots}
	for _, s := range p.steps {
		switch {
		case s.end <= t:
			known.steps = append(known.steps, s)
		case s.begin <= t && s.effect() != 0:
			known.steps = append(known.steps, &step{call: s.call, slots: s.slots, begin: s.begin, end: forever})
		}
	}
	return known
}
