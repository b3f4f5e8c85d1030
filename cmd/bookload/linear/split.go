package linear

import (
	"cmp"
	"slices"
)

// A piece of a history has an order, or none, whatever there is in the others.
type piece struct {
	capacity int
	slots    []slot
	steps    []*step
}

// A slot is a night, or a night for as long as something was always under way on it.
type slot struct {
	night int
	start int // how many rooms were booked when it began
}

// A step is a call in a piece.
type step struct {
	*call
	slots      []int // of its nights
	begin, end int64 // when it can have been, which narrow makes less
}

// newWhole returns all calls on a room as one piece.
func newWhole(capacity int, calls []*call) *piece {
	p := &piece{capacity: capacity}
	index := make(map[int]int)
	for _, c := range calls {
		s := &step{call: c, slots: make([]int, len(c.nights)), begin: c.begin, end: c.end}
		for i, n := range c.nights {
			if _, found := index[n]; !found {
				index[n] = len(p.slots)
				p.slots = append(p.slots, slot{night: n})
			}
			s.slots[i] = index[n]
		}
		p.steps = append(p.steps, s)
	}
	return p
}

// only returns what p says about one of its slots alone.
func (p *piece) only(slot int) *piece {
	alone := &piece{capacity: p.capacity, slots: p.slots[slot : slot+1]}
	for _, s := range p.steps {
		i := slices.Index(s.slots, slot)
		if i < 0 || s.anyOf {
			continue
		}
		c := *s.call
		c.nights = c.nights[i : i+1]
		if c.kind == show {
			c.booked = c.booked[i : i+1]
		}
		alone.steps = append(alone.steps, &step{call: &c, slots: []int{0}, begin: s.begin, end: s.end})
	}
	return alone
}

// split cuts p into pieces, in the order in which they begin.
//
// Whenever nothing is under way on a night, all that has happened to it is known, and so is its count: what comes before
// and what comes after such a moment meet in that number alone. So each night falls into slots, and the only thing that
// couples slots is a step that is in several. Orders of the pieces always go together: each is the order of some moments
// within its steps, and all moments together are an order in which a slot's come before those of the next.
func (p *piece) split() []*piece {
	steps := slices.SortedStableFunc(slices.Values(p.steps), func(a, b *step) int { return cmp.Compare(a.begin, b.begin) })
	cut := newCutter(p.slots)
	slots := make([][]int, len(steps))
	for i, s := range steps {
		slots[i] = cut.add(s)
	}
	var pieces []*piece
	index := make(map[int]*piece) // by the root of their slots
	place := make([]int, len(cut.slots))
	for i, s := range cut.slots {
		root := cut.root(i)
		if index[root] == nil {
			index[root] = &piece{capacity: p.capacity}
			pieces = append(pieces, index[root])
		}
		place[i] = len(index[root].slots)
		index[root].slots = append(index[root].slots, s)
	}
	for i, s := range steps {
		if len(slots[i]) == 0 {
			continue
		}
		part := index[cut.root(slots[i][0])]
		for j, s := range slots[i] {
			slots[i][j] = place[s]
		}
		part.steps = append(part.steps, &step{call: s.call, slots: slots[i], begin: s.begin, end: s.end})
	}
	return pieces
}

// A cutter finds the slots of steps that are added in the order in which they begin.
type cutter struct {
	slots  []slot
	parent []int // of the slots, in a forest whose trees are the pieces
	latest []latest
}

// latest is where the cutting of a slot has come to.
type latest struct {
	slot  slot // how it is once all that is under way has happened
	index int
	end   int64 // of what is under way
}

func newCutter(slots []slot) *cutter {
	k := &cutter{latest: make([]latest, len(slots))}
	for i, s := range slots {
		k.latest[i] = latest{slot: s, end: -1}
	}
	return k
}

// add returns the slots of s.
func (k *cutter) add(s *step) []int {
	slots := make([]int, len(s.slots))
	for i, slot := range s.slots {
		l := &k.latest[slot]
		if l.end < s.begin {
			l.index = len(k.slots)
			k.slots = append(k.slots, l.slot)
			k.parent = append(k.parent, l.index)
		}
		l.end = max(l.end, s.end)
		l.slot.start += s.effect()
		slots[i] = l.index
		k.parent[k.root(l.index)] = k.root(slots[0])
	}
	return slots
}

func (k *cutter) root(slot int) int {
	for k.parent[slot] != slot {
		k.parent[slot] = k.parent[k.parent[slot]]
		slot = k.parent[slot]
	}
	return slot
}

// nights returns the nights of p in order.
func (p *piece) nights() []int {
	nights := make([]int, len(p.slots))
	for i, s := range p.slots {
		nights[i] = s.night
	}
	slices.Sort(nights)
	return slices.Compact(nights)
}
