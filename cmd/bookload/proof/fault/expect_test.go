package fault_test

import (
	"cmp"
	"slices"
	"testing"
	"time"
)

// A way is how an operation fares while a fault lasts. Answers that are no success are 503 in any case.
type way int

const (
	// either is success or 503, and the zero way.
	either way = iota
	// works is success, each time.
	works
	// partly is success at times.
	partly
	// refuses is 503, each time but for what was known a moment ago.
	refuses
	// returns is success in the end, though the fault lasts.
	returns
)

// An expectation is what is checked while a fault lasts. That every answer comes in time and is well-formed is checked always.
type expectation struct {
	ways map[op]way
	// health are the states that /health tells at some time during the fault; optional.
	health []string
	// affects says by what one sees that the fault was one.
	affects effect
	// within is how long an answer takes at most; deadline if it is zero.
	within time.Duration
	// booked says that bookings go on.
	booked bool
}

// An effect fails a test in which a fault had none.
type effect func(t *testing.T, seen []*sighting, before, after marks)

// judge checks what was seen during a fault.
func (e *expectation) judge(t *testing.T, seen []*sighting, before, after marks) {
	t.Helper()
	for _, s := range seen {
		s.wellFormed(t, cmp.Or(e.within, deadline))
	}
	for _, o := range ops() {
		e.judgeOp(t, o, slices.DeleteFunc(slices.Clone(seen), func(s *sighting) bool { return s.op != o }))
	}
	for _, want := range e.health {
		told := slices.ContainsFunc(seen, func(s *sighting) bool { return s.op == health && s.status() == want })
		if !told {
			t.Errorf("/health never says %q", want)
		}
	}
	if e.booked && after.bookings == before.bookings {
		t.Error("nobody has booked meanwhile")
	}
	e.affects(t, seen, before, after)
}

func (e *expectation) judgeOp(t *testing.T, o op, seen []*sighting) {
	t.Helper()
	if len(seen) == 0 {
		t.Errorf("%s was not asked", o)
		return
	}
	succeeded := slices.ContainsFunc(seen, (*sighting).succeeded)
	last := make(map[int]*sighting)
	for _, s := range seen {
		if !s.late {
			last[s.api] = s
		}
		switch w := e.ways[o]; {
		case w == works && !s.OK():
			t.Errorf("%v, want it to work all the time", s)
		case w == refuses && s.OK() && s.begin > onset && !s.late:
			t.Errorf("%v, want 503", s)
		}
	}
	if e.ways[o] == partly && !succeeded {
		t.Errorf("%s never works: %v", o, seen[len(seen)-1])
	}
	if e.ways[o] != returns {
		return
	}
	for api := range apis {
		if s := last[api]; s == nil || !s.OK() {
			t.Errorf("%s of API %d is %v in the end, want it to work again", o, api, s)
		}
	}
}

// passes is the effect of a fault that nobody need notice: what it was done to was in use.
func passes(of func(marks) int64) effect {
	return func(t *testing.T, _ []*sighting, before, after marks) {
		t.Helper()
		if of(after) == of(before) {
			t.Error("nothing was sent to what is out of order")
		}
	}
}

// refusesSome is the effect of a fault by which requests of some kinds are turned away.
func refusesSome(kinds ...op) effect {
	return func(t *testing.T, seen []*sighting, _, _ marks) {
		t.Helper()
		for _, o := range kinds {
			if !slices.ContainsFunc(seen, func(s *sighting) bool { return s.op == o && !s.OK() }) {
				t.Errorf("the fault turns no %s away", o)
			}
		}
	}
}

// fallsBack is the effect of a Redis that is missed: each process judges for itself, and counts that it does.
func fallsBack(t *testing.T, _ []*sighting, before, after marks) {
	t.Helper()
	if after.fallbacks <= before.fallbacks {
		t.Errorf("ratelimit_fallback_total goes from %v to %v, want more", before.fallbacks, after.fallbacks)
	}
}
