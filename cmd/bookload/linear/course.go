package linear

import (
	"cmp"
	"maps"
	"math"
	"slices"
	"sort"
)

// A course is between which bounds the count of a night was, whatever the order of what happened at once. What the
// bounds explain, and what they contradict, needs no search.
type course struct {
	times     []int64 // when the bounds change, ascending
	low, high []int   // from just after the time with the same index until just before the next
}

// courses are those of a room's nights.
type courses map[int]*course

// A change of the bounds.
type change struct {
	at        int64
	low, high int
}

// newCourses returns the courses of all nights that calls mention. A booking may be there from when it was asked for, and
// is for sure once that was answered; the other way round when it is given back.
func newCourses(calls []*call) courses {
	changes := make(map[int][]change)
	for _, c := range calls {
		for _, n := range c.nights {
			all := changes[n]
			switch c.kind {
			case take:
				all = append(all, change{at: c.begin, high: c.rooms}, change{at: c.end, low: c.rooms})
			case give:
				all = append(all, change{at: c.begin, low: -c.rooms}, change{at: c.end, high: -c.rooms})
			case full, show:
			}
			changes[n] = all
		}
	}
	result := make(courses, len(changes))
	for n, all := range changes {
		result[n] = newCourse(all)
	}
	return result
}

func newCourse(changes []change) *course {
	slices.SortFunc(changes, func(a, b change) int { return cmp.Compare(a.at, b.at) })
	c := &course{times: []int64{math.MinInt64}, low: []int{0}, high: []int{0}}
	for _, ch := range changes {
		last := len(c.times) - 1
		if ch.at == forever {
			break
		}
		if ch.at > c.times[last] {
			c.times, c.low, c.high = append(c.times, ch.at), append(c.low, c.low[last]), append(c.high, c.high[last])
			last++
		}
		c.low[last] += ch.low
		c.high[last] += ch.high
	}
	return c
}

// nights returns the nights in order.
func (cs courses) nights() []int { return slices.Sorted(maps.Keys(cs)) }

// after returns the index of the bounds just after t.
func (c *course) after(t int64) int {
	return sort.Search(len(c.times), func(i int) bool { return c.times[i] > t }) - 1
}

// within returns the widest bounds that any moment from begin to end can have, both included.
func (c *course) within(begin, end int64) (low, high int) {
	first, last := max(0, c.after(begin-1)), c.after(end)
	return slices.Min(c.low[first : last+1]), slices.Max(c.high[first : last+1])
}

// contradict returns the nights on which c makes no sense at any moment of it.
func (cs courses) contradict(c *call, capacity int) []int {
	if c.end == forever {
		return nil
	}
	var nights []int
	for i, n := range c.nights {
		low, high := cs[n].within(c.begin, c.end)
		var wrong bool
		switch c.kind {
		case take:
			wrong = low+c.rooms > capacity
		case give:
			wrong = high < c.rooms
		case full:
			wrong = high+c.rooms <= capacity
		case show:
			wrong = c.booked[i] < low || c.booked[i] > high
		}
		if wrong {
			nights = append(nights, n)
		}
	}
	if c.anyOf && len(nights) < len(c.nights) {
		return nil
	}
	return nights
}

// imply returns whether a call makes sense at some moment of it in every order of the others, and changes nothing: so the
// others have an order if and only if all of them have.
func (cs courses) imply(capacity int) func(*call) bool {
	return func(c *call) bool {
		if c.kind != full && c.kind != show {
			return false
		}
		if cs.certain(c, c.begin, capacity) {
			return true
		}
		for _, n := range c.nights {
			times := cs[n].times
			for i := cs[n].after(c.begin) + 1; i < len(times) && times[i] < c.end; i++ {
				if cs.certain(c, times[i], capacity) {
					return true
				}
			}
		}
		return false
	}
}

// certain reports whether c makes sense just after t, whatever the order of the others.
func (cs courses) certain(c *call, t int64, capacity int) bool {
	if t >= c.end {
		return false
	}
	so := func(i int) bool {
		at := cs[c.nights[i]]
		low, high := at.low[at.after(t)], at.high[at.after(t)]
		if c.kind == full {
			return low+c.rooms > capacity
		}
		return low == c.booked[i] && high == c.booked[i]
	}
	for i := range c.nights {
		if so(i) == c.anyOf {
			return c.anyOf
		}
	}
	return !c.anyOf
}
