package linear

import (
	"cmp"
	"math"
	"slices"
	"sort"
)

// A course is between which bounds the count of a slot was, whatever the order of what happened at once. What the bounds
// explain, and what they contradict, needs no search.
type course struct {
	times     []int64 // when the bounds change, ascending
	low, high []int   // from just after the time with the same index until just before the next
	// least and most are the bounds at that very time, where what begins and what ends are at once.
	least, most []int
}

// A change of the bounds.
type change struct {
	at        int64
	low, high int
}

// courses returns the courses of the slots. A booking may be there from when it was asked for, and is for sure once that
// was answered; the other way round when it is given back.
func (p *piece) courses() []*course {
	changes := make([][]change, len(p.slots))
	for _, s := range p.steps {
		by := s.effect()
		for _, slot := range s.slots {
			if by > 0 {
				changes[slot] = append(changes[slot], change{at: s.begin, high: by}, change{at: s.end, low: by})
			} else if by < 0 {
				changes[slot] = append(changes[slot], change{at: s.begin, low: by}, change{at: s.end, high: by})
			}
		}
	}
	courses := make([]*course, len(p.slots))
	for i, s := range p.slots {
		courses[i] = newCourse(s.start, changes[i])
	}
	return courses
}

func newCourse(start int, changes []change) *course {
	slices.SortFunc(changes, func(a, b change) int { return cmp.Compare(a.at, b.at) })
	from := []int{start}
	c := &course{times: []int64{math.MinInt64}, low: from, high: slices.Clone(from), least: slices.Clone(from), most: slices.Clone(from)}
	for _, ch := range changes {
		if ch.at == forever {
			break
		}
		c.extend(ch.at)
		last := len(c.times) - 1
		c.low[last] += ch.low
		c.high[last] += ch.high
		c.least[last] += min(0, ch.low)
		c.most[last] += max(0, ch.high)
	}
	return c
}

// extend makes t the last time.
func (c *course) extend(t int64) {
	last := len(c.times) - 1
	if c.times[last] == t {
		return
	}
	c.times = append(c.times, t)
	c.low, c.least = append(c.low, c.low[last]), append(c.least, c.low[last])
	c.high, c.most = append(c.high, c.high[last]), append(c.most, c.high[last])
}

// until returns the index of the last time that is not after t.
func (c *course) until(t int64) int {
	return sort.Search(len(c.times), func(i int) bool { return c.times[i] > t }) - 1
}

// at returns the bounds at time t.
func (c *course) at(t int64) (low, high int) {
	i := c.until(t)
	if c.times[i] == t {
		return c.least[i], c.most[i]
	}
	return c.low[i], c.high[i]
}

// after returns the bounds just after time t.
func (c *course) after(t int64) (low, high int) {
	i := c.until(t)
	return c.low[i], c.high[i]
}

// within returns the widest bounds of all moments from begin to end.
func (c *course) within(begin, end int64) (low, high int) {
	low, high = c.at(begin)
	for i := c.until(begin); i <= c.until(end); i++ {
		if c.times[i] >= begin {
			low, high = min(low, c.least[i]), max(high, c.most[i])
		}
		if c.times[i] < end {
			low, high = min(low, c.low[i]), max(high, c.high[i])
		}
	}
	return low, high
}

// possible reports whether s can be when the count of its slot with index i is within bounds.
func (s *step) possible(i, low, high, capacity int) bool {
	switch s.kind {
	case take:
		return low+s.rooms <= capacity
	case give:
		return high >= s.rooms
	case full:
		return high+s.rooms > capacity
	case show:
	}
	return low <= s.booked[i] && s.booked[i] <= high
}

// certain reports whether s must make sense when the count of its slot with index i is within bounds.
func (s *step) certain(i, low, high, capacity int) bool {
	switch s.kind {
	case full:
		return low+s.rooms > capacity
	case show:
		return low == s.booked[i] && high == s.booked[i]
	case take, give:
	}
	return false
}

// onSlots reports whether of holds for all slots of s, or for one if s is about any of them.
func (s *step) onSlots(of func(i int) bool) bool {
	for i := range s.slots {
		if of(i) == s.anyOf {
			return s.anyOf
		}
	}
	return !s.anyOf
}

// moments returns the times within s between which nothing changes on its slots, with its begin and end.
func (s *step) moments(courses []*course) []int64 {
	times := []int64{s.begin, s.end}
	for _, slot := range s.slots {
		c := courses[slot]
		times = append(times, c.times[c.until(s.begin)+1:c.until(s.end)+1]...)
	}
	slices.Sort(times)
	return slices.Compact(times)
}

// implied reports whether s makes sense at some moment of it in every order of the others, and changes nothing. So the
// others have an order if and only if they have one with s.
func (p *piece) implied(s *step, courses []*course) bool {
	if s.effect() != 0 || s.end == forever {
		return false
	}
	return slices.ContainsFunc(s.moments(courses), func(t int64) bool {
		return s.onSlots(func(i int) bool {
			low, high := courses[s.slots[i]].after(t)
			return s.certain(i, low, high, p.capacity)
		})
	})
}

// withoutImplied returns p without its implied steps.
func (p *piece) withoutImplied() *piece {
	courses := p.courses()
	rest := *p
	rest.steps = slices.DeleteFunc(slices.Clone(p.steps), func(s *step) bool { return p.implied(s, courses) })
	return &rest
}

// contradicted returns the slots of s on which it makes no sense at any moment of it.
func (p *piece) contradicted(s *step, courses []*course) []int {
	if s.end == forever {
		return nil
	}
	var slots []int
	for i, slot := range s.slots {
		if low, high := courses[slot].within(s.begin, s.end); !s.possible(i, low, high, p.capacity) {
			slots = append(slots, slot)
		}
	}
	if s.anyOf && len(slots) < len(s.slots) {
		return nil
	}
	return slots
}

// rounds bounds how often narrow goes over the steps. It may stop at any time.
const rounds = 100

// narrow returns p with the times of its steps reduced to when they are possible, which leaves its orders as they are, and
// whether there can be any. Each step that is narrowed narrows the bounds for others.
func (p *piece) narrow() (*piece, bool) {
	narrowed := *p
	narrowed.steps = slices.Clone(p.steps)
	for range rounds {
		courses, changed := narrowed.courses(), false
		for i, s := range narrowed.steps {
			if s.end == forever {
				continue
			}
			begin, end, ok := narrowed.span(s, courses)
			if !ok {
				return nil, false
			}
			if begin != s.begin || end != s.end {
				narrowed.steps[i] = &step{call: s.call, slots: s.slots, begin: begin, end: end}
				changed = true
			}
		}
		if !changed {
			break
		}
	}
	return &narrowed, true
}

// span returns the first and the last moment at which s is possible, and whether there is one.
func (p *piece) span(s *step, courses []*course) (begin, end int64, ok bool) {
	times := s.moments(courses)
	note := func(from, to int64, bounds func(*course, int64) (int, int)) {
		possible := s.onSlots(func(i int) bool {
			low, high := bounds(courses[s.slots[i]], from)
			return s.possible(i, low, high, p.capacity)
		})
		if possible {
			if !ok {
				begin = from
			}
			end, ok = to, true
		}
	}
	for i, t := range times {
		note(t, t, (*course).at)
		if i+1 < len(times) {
			note(t, times[i+1], (*course).after)
		}
	}
	return begin, end, ok
}
