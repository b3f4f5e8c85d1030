package linear_test

import (
	"cmp"
	"math"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/cmd/bookload/linear"
	"github.com/shumbooking/shumbooking/platform/date"
)

// A brute tries all orders.
type brute struct {
	quantity int
	ops      []op
	used     []bool
	booked   map[date.Date]int
}

func end(o op) int64 {
	if o.Outcome == nil {
		return math.MaxInt64
	}
	return o.Outcome.At
}

// explains reports whether the ops that are not used yet can follow.
func (b *brute) explains() bool {
	earliest := int64(math.MaxInt64)
	left := false
	for i, o := range b.ops {
		if !b.used[i] {
			earliest = min(earliest, end(o))
			left = left || o.Outcome != nil
		}
	}
	if !left {
		return true // What was never answered may not have happened.
	}
	for i, o := range b.ops {
		if b.used[i] || o.At > earliest {
			continue
		}
		by, possible := b.effect(o)
		if !possible {
			continue
		}
		b.used[i] = true
		b.add(o, by)
		if b.explains() {
			return true
		}
		b.used[i] = false
		b.add(o, -by)
	}
	return false
}

func (b *brute) add(o op, rooms int) {
	for d := o.DateFrom; d.Before(o.DateTo); d = d.AddDays(1) {
		b.booked[d] += rooms
	}
}

// effect returns by how much o changes its nights, and whether it can be next.
func (b *brute) effect(o op) (by int, possible bool) {
	free := b.quantity
	for d := o.DateFrom; d.Before(o.DateTo); d = d.AddDays(1) {
		free = min(free, b.quantity-b.booked[d])
	}
	switch {
	case o.Kind == ledger.Look:
		return 0, !slices.ContainsFunc(o.Outcome.Nights, func(n ledger.Night) bool { return b.booked[n.Date] != n.Booked })
	case o.Kind == ledger.Cancel:
		made := slices.IndexFunc(b.ops, func(m op) bool { return m.Kind == ledger.Book && m.BookingID == o.BookingID })
		return -o.Rooms, b.used[made]
	case o.Result() != ledger.Refused:
		return o.Rooms, free >= o.Rooms
	case len(o.Outcome.Full) == 0:
		return 0, free < o.Rooms
	}
	return 0, !slices.ContainsFunc(o.Outcome.Full, func(d date.Date) bool { return b.booked[d]+o.Rooms <= b.quantity })
}

// drawOps draws a few operations at random, whose answers make sense about as often as not.
func drawOps(t *rapid.T) []op {
	var ops []op
	from := rapid.IntRange(0, 2)
	for i := range rapid.IntRange(1, 7).Draw(t, "ops") {
		first := from.Draw(t, "from")
		last := rapid.IntRange(first+1, 3).Draw(t, "to")
		begin := rapid.Int64Range(0, 12).Draw(t, "begin")
		end := begin + rapid.Int64Range(0, 5).Draw(t, "took")
		units := rapid.IntRange(1, 2).Draw(t, "units")
		var o op
		switch rapid.SampledFrom([]string{"book", "book", "book", "refuse", "refuse any", "look", "lose"}).Draw(t, "kind") {
		case "book":
			o = booked(int64(i+1), begin, end, first, last).units(units)
			o.BookingID = int64(i + 1) // for the brute
			if rapid.Bool().Draw(t, "cancelled") {
				at := end + rapid.Int64Range(1, 5).Draw(t, "later")
				c := cancelled(o.BookingID, at, at+rapid.Int64Range(0, 5).Draw(t, "cancel took"))
				c.DateFrom, c.DateTo, c.Rooms = o.DateFrom, o.DateTo, units // for the brute
				ops = append(ops, c)
			}
		case "refuse":
			o = refused(begin, end, first, last, rapid.SliceOfNDistinct(rapid.IntRange(first, last-1), 1, last-first, rapid.ID).Draw(t, "full")...).units(units)
		case "refuse any":
			o = refused(begin, end, first, last).units(units)
		case "look":
			o = shown(begin, end, first, rapid.SliceOfN(rapid.IntRange(0, 2), last-first, last-first).Draw(t, "counts")...)
		case "lose":
			o = lost(begin, first, last).units(units)
		}
		ops = append(ops, o)
	}
	slices.SortStableFunc(ops, func(a, b op) int { return cmp.Compare(a.At, b.At) })
	return ops
}

// TestAgreesWithAllOrders says that nothing that makes the search short changes its answer.
func TestAgreesWithAllOrders(t *testing.T) {
	t.Parallel()
	agreed := make(map[bool]int)
	rapid.Check(t, func(t *rapid.T) {
		for range 20 { // of what is cheap, more than the usual hundred
			quantity := rapid.IntRange(1, 3).Draw(t, "quantity")
			ops := drawOps(t)
			b := brute{quantity: quantity, ops: ops, used: make([]bool, len(ops)), booked: make(map[date.Date]int)}
			want := b.explains()
			r := linear.Check(ofRoom(quantity, ops...), seconds)
			if got := len(r.Findings) == 0; got != want || len(r.Undecided) > 0 {
				t.Fatalf("%+v: explained = %v, want %v, as all orders of %v say", r, got, want, ops)
			}
			agreed[want]++
		}
	})
	if agreed[true] == 0 || agreed[false] == 0 {
		t.Errorf("%d histories were explained and %d not: one of them is not tested", agreed[true], agreed[false])
	}
}
