package linear

import (
	"cmp"
	"slices"
)

// A piece of a history has an order if and only if the rest has one.
type piece struct {
	capacity int
	slots    []slot
	steps    []step
}

// A slot is a night during a time in which something was always under way.
type slot struct {
	night int
	start int // how many rooms were booked when it began
}

// A step is a call and the slots of its nights.
type step struct {
	*call
	slots []int
}

// split cuts calls into pieces, in the order in which they begin.
//
// Whenever nothing is under way on a night, all that has happened to it is known, and so is its count: what comes before
// and what comes after such a moment meet in that number alone. So each night falls into slots, and the only thing that
// couples slots is a call that is in several. Orders of the pieces always go together: each is the order of some moments
// within its calls, and all moments together are an order in which a slot's come before those of the next.
func split(calls []*call, capacity int) []*piece {
	calls = slices.SortedStableFunc(slices.Values(calls), func(a, b *call) int { return cmp.Compare(a.begin, b.begin) })
	var cut cutter
	slots := make([][]int, len(calls))
	for i, c := range calls {
		slots[i] = cut.add(c)
	}
	var pieces []*piece
	index := make(map[int]*piece) // by the root of their slots
	place := make([]int, len(cut.slots))
	for i, s := range cut.slots {
		root := cut.root(i)
		if index[root] == nil {
			index[root] = &piece{capacity: capacity}
			pieces = append(pieces, index[root])
		}
		place[i] = len(index[root].slots)
		index[root].slots = append(index[root].slots, s)
	}
	for i, c := range calls {
		if len(slots[i]) == 0 {
			continue
		}
		p := index[cut.root(slots[i][0])]
		for j, s := range slots[i] {
			slots[i][j] = place[s]
		}
		p.steps = append(p.steps, step{call: c, slots: slots[i]})
	}
	return pieces
}

// A cutter finds the slots of calls that are added in the order in which they begin.
type cutter struct {
	slots  []slot
	parent []int // of the slots, in a forest whose trees are the pieces
	open   map[int]*openSlot
}

// An openSlot is the latest slot of a night.
type openSlot struct {
	slot  int
	end   int64 // of what is under way in it
	count int   // once all of that has happened
}

// add returns the slots of c's nights.
func (k *cutter) add(c *call) []int {
	if k.open == nil {
		k.open = make(map[int]*openSlot)
	}
	slots := make([]int, len(c.nights))
	for i, n := range c.nights {
		o := k.open[n]
		if o == nil {
			o = &openSlot{end: -1}
			k.open[n] = o
		}
		if o.end < c.begin {
			o.slot = len(k.slots)
			k.slots = append(k.slots, slot{night: n, start: o.count})
			k.parent = append(k.parent, o.slot)
		}
		o.end = max(o.end, c.end)
		o.count += c.effect()
		slots[i] = o.slot
		k.parent[k.root(o.slot)] = k.root(slots[0])
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

// effect returns by how much c changes the count of its nights.
func (c *call) effect() int {
	switch c.kind {
	case take:
		return c.rooms
	case give:
		return -c.rooms
	case full, show:
	}
	return 0
}

// project returns what calls say about one night alone.
func project(calls []*call, night int) []*call {
	var alone []*call
	for _, c := range calls {
		i := slices.Index(c.nights, night)
		if i < 0 || c.anyOf {
			continue
		}
		one := *c
		one.nights = c.nights[i : i+1]
		if c.kind == show {
			one.booked = c.booked[i : i+1]
		}
		alone = append(alone, &one)
	}
	return alone
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
