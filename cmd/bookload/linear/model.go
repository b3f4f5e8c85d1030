package linear

import (
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
const memory = 128 << 20

// decide looks for an order of p.
func (p *piece) decide(deadline time.Time) verdict {
	left := time.Until(deadline)
	if left <= 0 {
		return undecided
	}
	// Each step that is possible is remembered as a set of calls and a state.
	budget := memory / (128 + len(p.steps)/8 + 4*len(p.slots))
	model := porcupine.Model{
		Init: func() any { return p.start() },
		Step: func(state, input, _ any) (bool, any) {
			if budget == 0 {
				return false, state
			}
			budget--
			return input.(*step).apply(state.(string), p.capacity) //nolint:forcetypeassert // The inputs are made below, the states by apply.
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
	for i := range p.steps {
		s := &p.steps[i]
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
	sense := 0
	for i, slot := range s.slots {
		if s.sensible(i, count(state, slot), capacity) {
			sense++
		}
	}
	if s.anyOf {
		return sense > 0, state
	}
	if all := sense == len(s.slots); !all || s.effect() == 0 {
		// Who never heard of the effect of a call cannot complain that there was none.
		return all || s.end == forever, state
	}
	next := []byte(state)
	for _, slot := range s.slots {
		binary.BigEndian.PutUint32(next[slot*countSize:], uint32(count(state, slot)+s.effect()))
	}
	return true, string(next)
}

// sensible reports whether s can be when its night with index i has so many rooms booked.
func (s *step) sensible(i, booked, capacity int) bool {
	switch s.kind {
	case take:
		return booked+s.rooms <= capacity
	case give:
		return booked >= s.rooms
	case full:
		return booked+s.rooms > capacity
	case show:
	}
	return booked == s.booked[i]
}

// shortest returns the calls of the shortest beginning of p that has no order already, by their ends; p has none as a whole.
func (p *piece) shortest(deadline time.Time) []*call {
	byEnd := make([]*call, 0, len(p.steps))
	for _, s := range p.steps {
		if s.end != forever {
			byEnd = append(byEnd, s.call)
		}
	}
	slices.SortStableFunc(byEnd, compareEnds)
	// A beginning of one that has an order has one, too.
	n := sort.Search(len(byEnd)-1, func(i int) bool { return p.until(byEnd[i].end).decide(deadline) == unexplained })
	return byEnd[:n+1]
}

// until returns what was known of p at time t: nobody had heard of what ends later.
func (p *piece) until(t int64) *piece {
	known := &piece{capacity: p.capacity, slots: p.slots}
	for _, s := range p.steps {
		switch {
		case s.end <= t:
			known.steps = append(known.steps, s)
		case s.begin <= t && s.effect() != 0:
			pending := *s.call
			pending.end = forever
			known.steps = append(known.steps, step{call: &pending, slots: s.slots})
		}
	}
	return known
}
