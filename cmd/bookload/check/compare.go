package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
)

// A comparison is of the promises with all bookings that some source shows. What it finds begins with the source's name.
type comparison struct {
	promises *promises
	report   *report
	source   string
	// unasked are the bookings that nobody was told of, by what they would have been asked for as.
	unasked map[wish][]int64
	seen    map[int64]bool
	nights  int64
}

func newComparison(p *promises, r *report, source string) *comparison {
	return &comparison{promises: p, report: r, source: source, unasked: make(map[wish][]int64), seen: make(map[int64]bool)}
}

// find adds a finding about a booking.
func (c *comparison) find(rule string, id int64, format string, args ...any) {
	c.report.find(rule, "%s: booking %d: %s", c.source, id, fmt.Sprintf(format, args...))
}

// add compares one booking of the run's guests or rooms.
func (c *comparison) add(b *ledger.Booking) {
	c.seen[b.ID] = true
	c.nights += int64(len(b.Nightly))
	if !c.promises.mayBe(b.ID, b.Status) {
		c.find(ruleStatusDiffers, b.ID, "it is %s; cancellations %s", b.Status, c.promises.cancels[b.ID])
	}
	told := c.promises.bookings[b.ID]
	if told == nil {
		w := wish{b.UserID, b.RoomID, b.DateFrom, b.DateTo, b.Rooms, b.Guests}
		if _, found := c.promises.guests[b.UserID]; !found {
			w.guestID = 0 // If the run asked for it, then as staff.
		}
		c.unasked[w] = append(c.unasked[w], b.ID)
		return
	}
	if found := differences(&told.told, b); len(found) > 0 {
		c.find(ruleBookingDiffers, b.ID, "%s", strings.Join(found, "; "))
	}
}

// end finds what is missing and what is too much: a request of which nobody knows what became of it explains one
// booking.
func (c *comparison) end() {
	for _, id := range sortedIDs(c.promises.bookings) {
		if told := c.promises.bookings[id]; !c.seen[id] {
			c.find(ruleBookingMissing, id, "acknowledged to operation %d of guest %d for room %d from %s to %s",
				told.op, told.told.UserID, told.told.RoomID, told.told.DateFrom, told.told.DateTo)
		}
	}
	for w, ids := range c.unasked {
		slices.Sort(ids)
		for _, id := range ids[min(c.promises.unknown[w], len(ids)):] {
			c.find(ruleBookingUnasked, id, "guest %d, room %d, %s to %s; nobody asked for it, or not so often", w.guestID, w.roomID, w.from, w.to)
		}
	}
	c.report.count(int64(len(c.seen)), "bookings in the "+c.source)
	c.report.count(c.nights, "nights in the "+c.source)
}

// String tells how many requests to cancel there were.
func (c *cancels) String() string {
	if c == nil {
		return "asked for: none"
	}
	return fmt.Sprintf("granted: %d, unknown: %d", c.done, c.unknown)
}
