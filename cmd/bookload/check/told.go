package check

import (
	"fmt"
	"net/http"
	"slices"

	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/platform/date"
)

// checkTold compares each answer with its request.
func checkTold(l *ledger.Ledger, p *promises, r *report) {
	references := make(map[string]int64)
	for i := range l.Ops {
		op := &l.Ops[i]
		if op.Outcome == nil {
			continue
		}
		for _, wrong := range p.wrongWith(op) {
			r.find(ruleToldWrong, "operation %d: %s", op.Op, wrong)
		}
		if op.Kind == ledger.Pry {
			checkPry(op, r)
		}
		if b := op.Outcome.Booking; b != nil {
			if id, found := references[b.Reference]; found && id != b.ID {
				r.find(ruleReferenceTwice, "%s: bookings %d and %d", b.Reference, id, b.ID)
			}
			references[b.Reference] = b.ID
		}
	}
}

// checkPry finds that a guest learnt of the booking of somebody else. Only 404 says nothing.
func checkPry(op *ledger.Op, r *report) {
	switch o := op.Outcome; {
	case o.Result == ledger.Done:
		r.find(rulePried, "operation %d: %s of booking %d by guest %d succeeded (%d)", op.Op, op.Method, op.BookingID, op.GuestID, o.Status)
	case o.Result == ledger.Refused && o.Status != http.StatusNotFound && o.Status != http.StatusUnauthorized:
		r.find(rulePried, "operation %d: %s of booking %d by guest %d was refused with %d %s, which tells that it exists",
			op.Op, op.Method, op.BookingID, op.GuestID, o.Status, o.Code)
	}
}

// wrongWith returns what in an outcome does not fit the request.
func (p *promises) wrongWith(op *ledger.Op) []string {
	o := op.Outcome
	switch {
	case op.Kind == ledger.Book && o.Result == ledger.Done:
		return p.wrongWithBooking(op)
	case op.Kind == ledger.Cancel && o.Result == ledger.Done:
		return p.wrongWithCancel(op)
	case op.Kind == ledger.Cancel && o.Result == ledger.Refused && o.Status == http.StatusNotFound && p.owns(op):
		return []string{fmt.Sprintf("guest %d cannot find booking %d, which is theirs", op.GuestID, op.BookingID)}
	case op.Kind == ledger.Upload && o.Result == ledger.Done && len(o.Images) == 0:
		return []string{"the upload was taken, and no photograph is named"}
	case op.Kind == ledger.Look && o.Result == ledger.Done:
		return p.wrongWithLook(op)
	}
	return nil
}

// owns reports whether the booking that op is about was acknowledged to whoever asks, before they asked.
func (p *promises) owns(op *ledger.Op) bool {
	of := p.bookings[op.BookingID]
	return of != nil && of.told.UserID == op.GuestID && of.op < op.Op
}

func (p *promises) wrongWithBooking(op *ledger.Op) []string {
	b := op.Outcome.Booking
	if b == nil {
		return []string{"the request was granted, and no booking is shown"}
	}
	got := wish{b.UserID, b.RoomID, b.DateFrom, b.DateTo, b.Rooms, b.Guests}
	want := wishOf(&op.Intent)
	if op.GuestID == 0 {
		want.guestID = got.guestID // Staff may book for anybody.
	}
	var wrong []string
	if got != want {
		wrong = append(wrong, fmt.Sprintf("booking %d is %+v, and was asked for as %+v", b.ID, got, want))
	}
	if b.Status != confirmed {
		wrong = append(wrong, fmt.Sprintf("booking %d is new and %s", b.ID, b.Status))
	}
	for _, line := range b.Nightly {
		if room := p.rooms[b.RoomID]; room.Own && line.Price != room.Price*int64(b.Rooms) {
			wrong = append(wrong, fmt.Sprintf("booking %d costs %d on %s, and %d rooms at %d were asked for", b.ID, line.Price, line.Date, b.Rooms, room.Price))
		}
	}
	return append(wrong, contradictions(b)...)
}

// contradictions returns in what a booking contradicts itself.
func contradictions(b *ledger.Booking) []string {
	var wrong []string
	if b.ID <= 0 || len(b.Reference) != 8 {
		wrong = append(wrong, fmt.Sprintf("booking %d has the reference %q", b.ID, b.Reference))
	}
	var sum int64
	var nights []date.Date
	for _, line := range b.Nightly {
		sum += line.Price
		nights = append(nights, line.Date)
	}
	if sum != b.Price {
		wrong = append(wrong, fmt.Sprintf("booking %d costs %d, and its nights %d", b.ID, b.Price, sum))
	}
	if !slices.Equal(nights, nightsOf(b.DateFrom, b.DateTo)) {
		wrong = append(wrong, fmt.Sprintf("booking %d stays from %s to %s, and its nights are %v", b.ID, b.DateFrom, b.DateTo, nights))
	}
	return wrong
}

func nightsOf(from, to date.Date) []date.Date {
	var nights []date.Date
	for night := from; night.Before(to); night = night.AddDays(1) {
		nights = append(nights, night)
	}
	return nights
}

func (p *promises) wrongWithCancel(op *ledger.Op) []string {
	b := op.Outcome.Booking
	if b == nil {
		return nil // What is shown is the service's to decide; that it is cancelled will be seen.
	}
	if b.ID != op.BookingID || b.Status != cancelled {
		return []string{fmt.Sprintf("booking %d was to be cancelled, and booking %d is shown as %s", op.BookingID, b.ID, b.Status)}
	}
	wrong := contradictions(b)
	if of := p.bookings[b.ID]; of != nil {
		for _, difference := range differences(&of.told, b) {
			wrong = append(wrong, fmt.Sprintf("booking %d as it was cancelled: %s", b.ID, difference))
		}
	}
	return wrong
}

func (p *promises) wrongWithLook(op *ledger.Op) []string {
	nights := nightsOf(op.DateFrom, op.DateTo)
	shown := op.Outcome.Nights
	if len(shown) != len(nights) {
		return []string{fmt.Sprintf("%d nights of room %d are shown of %d", len(shown), op.RoomID, len(nights))}
	}
	room := p.rooms[op.RoomID]
	var wrong []string
	for i, night := range shown {
		if night.Date != nights[i] || night.Booked < 0 || night.Booked > night.Capacity || room.Own && night.Capacity != room.Quantity {
			wrong = append(wrong, fmt.Sprintf("room %d on %s, of which there are %d: %d of %d are booked on %s",
				op.RoomID, nights[i], room.Quantity, night.Booked, night.Capacity, night.Date))
		}
	}
	return wrong
}

// differences returns in what a booking that is shown differs from the one that was acknowledged, but for the status.
func differences(told, shown *ledger.Booking) []string {
	var found []string
	for _, field := range []struct {
		name      string
		got, want any
	}{
		{"room", shown.RoomID, told.RoomID},
		{"hotel", shown.HotelID, told.HotelID},
		{"guest", shown.UserID, told.UserID},
		{"first night", shown.DateFrom, told.DateFrom},
		{"departure", shown.DateTo, told.DateTo},
		{"party", shown.Guests, told.Guests},
		{"number of rooms", shown.Rooms, told.Rooms},
		{"price", shown.Price, told.Price},
		{"currency", shown.Currency, told.Currency},
		{"reference", shown.Reference, told.Reference},
	} {
		if field.got != field.want {
			found = append(found, fmt.Sprintf("the %s is %v, and was told as %v", field.name, field.got, field.want))
		}
	}
	if !slices.Equal(shown.Nightly, told.Nightly) {
		found = append(found, fmt.Sprintf("the nights are %v, and were told as %v", shown.Nightly, told.Nightly))
	}
	return found
}
