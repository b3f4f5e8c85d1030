// Package linear checks that what clients of a booking service were told can be explained by one honest service.
//
// It takes the operations on each room from a ledger and looks for an order of them in which every one makes sense: a
// booking found room on all its nights, a room was called full when it was, a counter showed what was booked, and what a
// client was told before it asked for something else comes first. If there is no such order, no service that does one
// thing after the other can have answered so: it has sold a night twice, forgotten a booking, given a night back twice,
// or refused what was free. This is linearizability, and github.com/anishathalye/porcupine decides it.
//
// Deciding it takes exponential time in what happens at once, so most of the package makes histories small without
// changing the answer: see course for what needs no search, and split for what needs no common one. What is still too
// much is reported as undecided.
package linear

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/platform/date"
)

// The rules that a Finding can be about, by what its operation was told.
const (
	Booking = "unexplained_booking" // a booking was confirmed although a night had no room left for it
	Cancel  = "unexplained_cancel"  // a booking gave back rooms that nobody held
	Refusal = "unexplained_refusal" // a room was called full when it was not
	Counter = "unexplained_counter" // a night was shown with another number of bookings than it had
)

// A Finding is an operation that no order of what happened explains.
type Finding struct {
	Rule   string
	RoomID int64
	Nights []date.Date
	Ops    []int64 // the operation, and those that were under way at the same time
	Text   string
}

// A Result is what Check found.
type Result struct {
	// Findings has at most one for each night: what comes after it on that night is no longer judged.
	Findings []Finding
	// Nights is how many nights of rooms were looked at.
	Nights int
	// Histories is how many searches were made: what was under way on a night, or on several, without a pause.
	Histories int
	// Operations is how many operations of the ledger are in the histories.
	Operations int
	// Undecided says what was left out, a sentence each.
	Undecided []string
}

// Check checks the rooms of l that the run made for itself, and takes about timeout at most.
func Check(l *ledger.Ledger, timeout time.Duration) Result {
	deadline := time.Now().Add(timeout)
	histories, left := collect(l)
	r := Result{Undecided: left}
	for _, h := range histories {
		h.check(&r, deadline)
	}
	return r
}

// check adds what there is to say about h to r.
func (h *history) check(r *Result, deadline time.Time) {
	r.Operations += h.operations
	h.whole = newWhole(h.room.Quantity, h.calls)
	h.courses = h.whole.courses()
	r.Nights += len(h.whole.slots)
	failed := make(map[int]bool)
	h.rejectContradicted(r, failed)
	h.checkNights(r, failed, deadline)
	h.checkGroups(r, failed, deadline)
}

// rejectContradicted finds the calls that make no sense in any order, and notes their nights as failed.
func (h *history) rejectContradicted(r *Result, failed map[int]bool) {
	byEnd := slices.SortedStableFunc(slices.Values(h.whole.steps), compareEnds)
	for _, s := range byEnd {
		slots := h.whole.contradicted(s, h.courses)
		if len(slots) == 0 || slices.ContainsFunc(s.nights, func(n int) bool { return failed[n] }) {
			continue
		}
		var nights []int
		for _, slot := range slots {
			nights = append(nights, h.whole.slots[slot].night)
			failed[nights[len(nights)-1]] = true
		}
		r.Findings = append(r.Findings, h.finding(s.call, nights))
	}
}

// checkNights looks at each night alone, which is quick and says where the fault is.
func (h *history) checkNights(r *Result, failed map[int]bool, deadline time.Time) {
	var pieces []*piece
	for i, s := range h.whole.slots {
		if !failed[s.night] {
			pieces = append(pieces, h.whole.only(i).withoutImplied().split()...)
		}
	}
	h.decide(r, failed, pieces, deadline)
}

// checkGroups looks at nights together that operations have asked for together.
func (h *history) checkGroups(r *Result, failed map[int]bool, deadline time.Time) {
	groups := slices.DeleteFunc(h.whole.withoutImplied().split(), func(p *piece) bool {
		return len(p.slots) == 1 || slices.ContainsFunc(p.slots, func(s slot) bool { return failed[s.night] })
	})
	h.decide(r, failed, groups, deadline)
}

// decide adds the first fault of each night to r. The pieces of a night are in the order of time.
func (h *history) decide(r *Result, failed map[int]bool, pieces []*piece, deadline time.Time) {
	verdicts := make([]verdict, len(pieces))
	inParallel(len(pieces), func(i int) { verdicts[i] = pieces[i].decide(deadline) })
	var open []*piece
	for i, p := range pieces {
		nights := p.nights()
		switch {
		case verdicts[i] == undecided:
			open = append(open, p)
		case verdicts[i] == explained, slices.ContainsFunc(nights, func(n int) bool { return failed[n] }):
		default:
			for _, n := range nights {
				failed[n] = true
			}
			known := p.shortest(deadline)
			r.Findings = append(r.Findings, h.finding(known[len(known)-1].call, nights))
		}
	}
	r.Histories += len(pieces) - len(open)
	if len(open) > 0 {
		r.Undecided = append(r.Undecided, h.leaveOpen(open, len(pieces)))
	}
}

// leaveOpen says which of so many pieces were not decided.
func (h *history) leaveOpen(pieces []*piece, of int) string {
	var nights []int
	operations := 0
	for _, p := range pieces {
		nights = append(nights, p.nights()...)
		operations += len(p.steps)
	}
	slices.Sort(nights)
	return fmt.Sprintf("room %d: %d of %d histories, of %d operations on %s, were not decided within the time and memory given",
		h.room.ID, len(pieces), of, operations, dates(slices.Compact(nights)))
}

// inParallel calls do with 0 to n-1, on all cores.
func inParallel(n int, do func(int)) {
	var workers sync.WaitGroup
	var next atomic.Int64
	for range min(n, runtime.GOMAXPROCS(0)) {
		workers.Go(func() {
			for i := int(next.Add(1)) - 1; i < n; i = int(next.Add(1)) - 1 {
				do(i)
			}
		})
	}
	workers.Wait()
}
