package linear

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/platform/date"
)

// maxBeside bounds how many operations a text tells of beside the one that it is about.
const maxBeside = 12

// finding says that c cannot be explained on the given nights.
func (h *history) finding(c *call, nights []int) Finding {
	f := Finding{RoomID: h.room.ID, Ops: c.numbers(), Rule: [...]string{take: Booking, give: Cancel, full: Refusal, show: Counter}[c.kind]}
	var text strings.Builder
	fmt.Fprintf(&text, "room %d of %d units, %s: %s, which nothing explains", h.room.ID, h.room.Quantity, dates(nights), c)
	for _, n := range nights {
		f.Nights = append(f.Nights, date.Date{}.AddDays(n))
		slot := slices.IndexFunc(h.whole.slots, func(s slot) bool { return s.night == n })
		low, high := h.courses[slot].within(c.begin, c.end)
		fmt.Fprintf(&text, "; on %v %s were booked then", f.Nights[len(f.Nights)-1], between(low, high))
	}
	var beside []*call
	for _, o := range h.calls {
		if !slices.Equal(o.ops, c.ops) && o.begin <= c.end && o.end >= c.begin && sharesNight(o, nights) {
			beside = append(beside, o)
			f.Ops = append(f.Ops, o.numbers()...)
		}
	}
	for _, o := range beside[:min(len(beside), maxBeside)] {
		fmt.Fprintf(&text, "; beside it %s", o)
	}
	if more := len(beside) - maxBeside; more > 0 {
		fmt.Fprintf(&text, "; and %d others", more)
	}
	f.Text = text.String()
	return f
}

func sharesNight(c *call, nights []int) bool {
	return slices.ContainsFunc(c.nights, func(n int) bool { return slices.Contains(nights, n) })
}

func between(low, high int) string {
	if low == high {
		return fmt.Sprint(low)
	}
	return fmt.Sprintf("%d to %d", low, high)
}

func (c *call) numbers() []int64 {
	numbers := make([]int64, len(c.ops))
	for i, o := range c.ops {
		numbers[i] = o.Op
	}
	return numbers
}

// String tells what clients asked for and were told.
func (c *call) String() string {
	o := c.ops[0]
	var what string
	switch c.kind {
	case take:
		what = fmt.Sprintf("booked %d from %v to %v", o.Rooms, o.DateFrom, o.DateTo)
	case give:
		what = fmt.Sprintf("cancelled booking %d, of %d on %s", o.BookingID, c.rooms, dates(c.nights))
	case full:
		what = fmt.Sprintf("asked for %d from %v to %v and was told that %s", o.Rooms, o.DateFrom, o.DateTo, toldFull(o))
	case show:
		what = "was shown " + shown(o)
	}
	name := "operation " + strings.Trim(fmt.Sprint(c.numbers()), "[]")
	if c.end == forever {
		return fmt.Sprintf("%s (client %d, from %v, never answered) may have %s", name, o.Client, time.Duration(o.At), what)
	}
	return fmt.Sprintf("%s (client %d, %v to %v) %s", name, o.Client, time.Duration(c.begin), time.Duration(c.end), what)
}

func toldFull(o *ledger.Op) string {
	if len(o.Outcome.Full) == 0 {
		return "there is no room"
	}
	named := make([]string, len(o.Outcome.Full))
	for i, d := range o.Outcome.Full {
		named[i] = d.String()
	}
	return strings.Join(named, ", ") + " are full"
}

func shown(o *ledger.Op) string {
	var seen []string
	for _, n := range o.Outcome.Nights {
		seen = append(seen, fmt.Sprintf("%d on %v", n.Booked, n.Date))
	}
	return strings.Join(seen, ", ")
}

// dates writes nights as dates, neighbours as a range.
func dates(nights []int) string {
	var parts []string
	for i := 0; i < len(nights); {
		last := i
		for last+1 < len(nights) && nights[last+1] == nights[last]+1 {
			last++
		}
		part := date.Date{}.AddDays(nights[i]).String()
		if last > i {
			part += " to " + date.Date{}.AddDays(nights[last]).String()
		}
		parts = append(parts, part)
		i = last + 1
	}
	return strings.Join(parts, ", ")
}
