package check

import (
	"math"
	"slices"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
)

// A window is when the service worked on something, in nanoseconds by the clock of the run.
type window struct{ from, to int64 }

// windowOf returns when the service may have worked on an operation: for ever, if nobody knows what became of it.
func windowOf(op *ledger.Op) window {
	if op.Outcome == nil || op.Result() == ledger.Unknown {
		return window{op.At, math.MaxInt64}
	}
	return window{op.At, op.Outcome.At}
}

// and returns the window that has both.
func (w window) and(other window) window { return window{min(w.from, other.from), max(w.to, other.to)} }

// addAsked takes in when bookings were asked for by each key.
func (p *promises) addAsked(l *ledger.Ledger) {
	for i := range l.Ops {
		op := &l.Ops[i]
		by := callerKey{op.GuestID, op.Key}
		if op.Kind != ledger.Book || op.Key == "" {
			continue
		}
		w := windowOf(op)
		if before, found := p.asked[by]; found {
			w = w.and(before)
		}
		p.asked[by] = w
	}
}

// stamps are when a booking was made and cancelled, by the clock of the database; nil if there is no such time.
type stamps struct{ made, cancelled *time.Time }

// slack is left for a clock that is set.
const slack = time.Minute

// compareTimes compares when bookings were made and cancelled with when they were asked to be. The clock of the database
// may be another than that of the run, as long as it is so by the same for most bookings.
func (c *comparison) compareTimes(stamped map[int64]stamps) {
	ahead := c.ahead(stamped)
	for _, id := range sortedIDs(stamped) {
		s, told, of := stamped[id], c.promises.bookings[id], c.promises.cancels[id]
		if told != nil && s.made != nil && !told.made.has(*s.made, ahead) {
			c.find(ruleImpossibleTime, id, "made at %s, and operation %d asked for it %s", s.made, told.op, told.made.clock(ahead))
		}
		if of != nil && s.cancelled != nil && !of.at.has(*s.cancelled, ahead) {
			c.find(ruleImpossibleTime, id, "cancelled at %s, and that was asked for %s", s.cancelled, of.at.clock(ahead))
		}
	}
}

// ahead returns the time of the database's clock as the run began, as the bookings in the middle have it.
func (c *comparison) ahead(stamped map[int64]stamps) int64 {
	var all []int64
	for id, s := range stamped {
		if told := c.promises.bookings[id]; told != nil && s.made != nil {
			all = append(all, s.made.UnixNano()-told.made.from)
		}
	}
	if len(all) == 0 {
		return 0
	}
	slices.Sort(all)
	return all[len(all)/2]
}

// has reports whether a time of the database is in the window, where its clock showed began as the run did.
func (w window) has(at time.Time, began int64) bool {
	since := at.UnixNano() - began
	return since >= w.from-int64(slack) && since-int64(slack) <= w.to
}

// clock tells the window in times of the database.
func (w window) clock(began int64) string {
	text := "from " + time.Unix(0, began+w.from).UTC().String()
	if w.to < math.MaxInt64 {
		text += " to " + time.Unix(0, began+w.to).UTC().String()
	}
	return text
}
