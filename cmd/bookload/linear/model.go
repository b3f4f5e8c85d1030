package linear

import (
	"cmp"
	"fmt"
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
const memory = 64 << 20

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
	m := newModel(p)
	operations := make([]porcupine.Operation, len(p.steps))
	for i, s := range p.steps {
		operations[i] = porcupine.Operation{ClientId: i, Input: i, Call: s.begin, Return: s.end}
	}
	model := porcupine.Model{
		Init: func() any { return m.init() },
		Step: func(now, index, _ any) (bool, any) {
			return m.next(now.(*state), index.(int)) //nolint:forcetypeassert // Both are made here.
		},
		// The search compares states after the same steps only.
		Equal: func(a, b any) bool {
			return slices.Equal(a.(*state).booked, b.(*state).booked) //nolint:forcetypeassert // As above.
		},
	}
	switch porcupine.CheckOperationsTimeout(model, operations, left) {
	case porcupine.Ok:
		return explained
	case porcupine.Illegal:
		if m.budget > 0 {
			return unexplained
		}
	case porcupine.Unknown:
	}
	return undecided
}

// A model says what can come next in a piece.
type model struct {
	*piece
	byEnd   []int   // indexes of the steps
	reading []int   // indexes of the steps without effect, by their begin
	alike   [][]int // for each step with an effect, the steps with the same that end before it, the last first
	budget  int     // of steps that the search may remember
}

// A state is that of the slots after some of the steps. It is never changed.
type state struct {
	booked []int32 // by slot
	done   []uint64
	// All of byEnd and reading before these places is done.
	ended, read int
}

func newModel(p *piece) *model {
	size := 200 + len(p.steps)/4 + 4*len(p.slots) // bytes, of a state and what porcupine keeps beside it
	m := &model{piece: p, budget: memory / size}
	for i, s := range p.steps {
		m.byEnd = append(m.byEnd, i)
		if s.effect() == 0 {
			m.reading = append(m.reading, i)
		}
	}
	slices.SortFunc(m.byEnd, func(i, j int) int { return cmp.Compare(p.steps[i].end, p.steps[j].end) })
	slices.SortFunc(m.reading, func(i, j int) int { return cmp.Compare(p.steps[i].begin, p.steps[j].begin) })
	m.findAlike()
	return m
}

// findAlike fills in which steps could stand for each other while both are under way.
func (m *model) findAlike() {
	m.alike = make([][]int, len(m.steps))
	before := make(map[string][]int)
	for _, i := range m.byEnd {
		s := m.steps[i]
		if s.effect() == 0 {
			continue
		}
		effect := fmt.Sprint(s.effect(), s.slots)
		for _, j := range slices.Backward(before[effect]) {
			if m.steps[j].end < s.begin {
				break
			}
			m.alike[i] = append(m.alike[i], j)
		}
		before[effect] = append(before[effect], i)
	}
}

func (m *model) init() *state {
	s := &state{done: make([]uint64, len(m.steps)/64+1)}
	for _, slot := range m.slots {
		s.booked = append(s.booked, int32(slot.start))
	}
	return s
}

func (s *state) has(index int) bool { return s.done[index/64]&(1<<(index%64)) != 0 }

// next returns whether the step with the given index can come next, and the state after it.
func (m *model) next(now *state, index int) (bool, any) {
	s := m.steps[index]
	sense, earliest := m.sensible(now, s), m.earliest(now)
	switch {
	case m.budget == 0,
		// What was never answered may have no effect, and then it can come last as well.
		!sense && (s.end != forever || earliest != forever),
		// What has no effect can as well come as soon as it makes sense.
		s.effect() != 0 && m.canRead(now, earliest),
		// Of those with the same effect, the one that ends first can as well come first.
		m.isNotFirst(now, index, earliest):
		return false, now
	}
	m.budget--
	after := &state{booked: now.booked, done: slices.Clone(now.done), ended: now.ended, read: now.read}
	after.done[index/64] |= 1 << (index % 64)
	if by := s.effect(); by != 0 {
		after.booked = slices.Clone(now.booked)
		for _, slot := range s.slots {
			after.booked[slot] += int32(by)
		}
	}
	for after.ended < len(m.byEnd) && after.has(m.byEnd[after.ended]) {
		after.ended++
	}
	for after.read < len(m.reading) && after.has(m.reading[after.read]) {
		after.read++
	}
	return true, after
}

// sensible reports whether s makes sense in a state.
func (m *model) sensible(now *state, s *step) bool {
	return s.onSlots(func(i int) bool {
		booked := int(now.booked[s.slots[i]])
		return s.possible(i, booked, booked, m.capacity)
	})
}

// earliest returns when the first of the steps ends that are not done.
func (m *model) earliest(now *state) int64 { return m.steps[m.byEnd[now.ended]].end }

// canRead reports whether a step without effect can come next.
func (m *model) canRead(now *state, earliest int64) bool {
	for _, i := range m.reading[now.read:] {
		switch s := m.steps[i]; {
		case s.begin > earliest:
			return false
		case !now.has(i) && m.sensible(now, s):
			return true
		}
	}
	return false
}

// isNotFirst reports whether a step with the same effect as the given one can come next, and ends before it.
func (m *model) isNotFirst(now *state, index int, earliest int64) bool {
	return slices.ContainsFunc(m.alike[index], func(i int) bool { return !now.has(i) && m.steps[i].begin <= earliest })
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
