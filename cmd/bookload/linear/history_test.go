package linear_test

import (
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/cmd/bookload/linear"
	"github.com/shumbooking/shumbooking/platform/date"
)

const (
	roomID  = 7
	guestID = 3
	seconds = 20 * time.Second // more than any of these histories needs
)

// night returns the night i of those that the tests play with.
func night(i int) date.Date { return date.New(2030, time.March, 1).AddDays(i) }

// An op is an operation on the tests' room.
type op struct {
	ledger.Op
}

func begun(kind ledger.Kind, at int64, from, to, rooms int) op {
	return op{ledger.Op{Intent: ledger.Intent{
		Kind: kind, At: at, GuestID: guestID, RoomID: roomID, DateFrom: night(from), DateTo: night(to), Rooms: rooms,
	}}}
}

func (o op) ended(at int64, outcome ledger.Outcome) op {
	outcome.At = at
	o.Outcome = &outcome
	return o
}

// keyed is o with the one key that the tests know.
func (o op) keyed() op {
	o.Key = "k"
	return o
}

// booked is a booking of one unit for [from, to) that was asked for at begin and confirmed at end.
func booked(id, begin, end int64, from, to int) op {
	return begun(ledger.Book, begin, from, to, 1).ended(end, ledger.Outcome{Result: ledger.Done, Booking: &ledger.Booking{
		ID: id, RoomID: roomID, UserID: guestID, DateFrom: night(from), DateTo: night(to), Rooms: 1,
	}})
}

// refused is a booking that was refused because of the nights that are named.
func refused(begin, end int64, from, to int, named ...int) op {
	full := []date.Date{}
	for _, i := range named {
		full = append(full, night(i))
	}
	return begun(ledger.Book, begin, from, to, 1).
		ended(end, ledger.Outcome{Result: ledger.Refused, Status: 409, Code: "room_not_available", Full: full})
}

// told is o with another code of its problem.
func (o op) told(code string) op {
	o.Outcome.Code = code
	return o
}

// units is o for another number of units.
func (o op) units(n int) op {
	o.Rooms = n
	return o
}

// lost is a booking whose answer never came.
func lost(begin int64, from, to int) op { return begun(ledger.Book, begin, from, to, 1) }

func cancelled(id, begin, end int64) op {
	o := op{ledger.Op{Intent: ledger.Intent{Kind: ledger.Cancel, At: begin, GuestID: guestID, BookingID: id}}}
	return o.ended(end, ledger.Outcome{Result: ledger.Done})
}

// showing is o with a booking of one unit for [from, to) in its answer.
func (o op) showing(id int64, from, to int) op {
	o.Outcome.Booking = booked(id, 0, 0, from, to).Outcome.Booking
	return o
}

// stolen is a booking that somebody else could cancel.
func stolen(id, begin, end int64) op {
	o := cancelled(id, begin, end)
	o.Kind, o.Method, o.GuestID = ledger.Pry, "DELETE", guestID+1
	return o
}

// shown is a look at the nights from the given one on, and their counts.
func shown(begin, end int64, from int, counts ...int) op {
	nights := make([]ledger.Night, len(counts))
	for i, n := range counts {
		nights[i] = ledger.Night{Date: night(from + i), Booked: n}
	}
	return begun(ledger.Look, begin, from, from+len(counts), 0).ended(end, ledger.Outcome{Result: ledger.Done, Nights: nights})
}

// ofRoom returns a ledger with a room of so many units, and ops, which are numbered from 1 on.
func ofRoom(quantity int, ops ...op) *ledger.Ledger {
	l := &ledger.Ledger{Rooms: []ledger.Room{{ID: roomID, Quantity: quantity, Own: true}}}
	for i, o := range ops {
		o.Op.Op = int64(i + 1)
		l.Ops = append(l.Ops, o.Op)
	}
	return l
}

func wantExplained(tb testing.TB, l *ledger.Ledger) linear.Result {
	tb.Helper()
	r := linear.Check(l, seconds)
	for _, f := range r.Findings {
		tb.Errorf("found %s: %s", f.Rule, f.Text)
	}
	if len(r.Undecided) > 0 {
		tb.Errorf("undecided: %q", r.Undecided)
	}
	return r
}
