package check_test

import (
	"net/http"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
)

// change is a damage of the outcome of the first operation with a key.
func change(name, key, want string, how func(*ledger.Outcome)) damage {
	return damage{name: name, want: want, ledger: func(l *ledger.Ledger) { how(op(l, key).Outcome) }}
}

// changeKind is a damage of the outcome of the first operation of a kind.
func changeKind(name string, kind ledger.Kind, want string, how func(*ledger.Outcome)) damage {
	return damage{name: name, want: want, ledger: func(l *ledger.Ledger) {
		for i := range l.Ops {
			if l.Ops[i].Kind == kind {
				how(l.Ops[i].Outcome)
				return
			}
		}
	}}
}

// toldDamages are services that told something else than what is stored.
func toldDamages() []damage {
	return []damage{
		change("ToldNoBooking", "bob-40", "booking_unasked told_wrong", func(o *ledger.Outcome) { o.Booking = nil }),
		change("ToldAnotherRoom", "bob-40", "booking_differs reply_differs told_wrong", func(o *ledger.Outcome) { o.Booking.RoomID++ }),
		change("ToldAnotherStay", "bob-40", "booking_differs reply_differs told_wrong", func(o *ledger.Outcome) { o.Booking.DateTo = o.Booking.DateTo.AddDays(1) }),
		change("ToldAnotherPrice", "bob-40", "booking_differs reply_differs told_wrong", func(o *ledger.Outcome) { o.Booking.Price++ }),
		change("ToldAnotherPriceThatAddsUp", "bob-40", "booking_differs reply_differs told_wrong", func(o *ledger.Outcome) {
			o.Booking.Price++
			o.Booking.Nightly[0].Price++
		}),
		change("ToldAnotherNightlyPrice", "bob-50", "booking_differs reply_differs", func(o *ledger.Outcome) {
			o.Booking.Nightly[0].Price++
			o.Booking.Nightly[1].Price--
		}),
		change("ToldAnotherReference", "bob-40", "reply_differs", func(o *ledger.Outcome) { o.Booking.Reference = "00000000" }),
		change("ToldNoReference", "bob-40", "reply_differs told_wrong", func(o *ledger.Outcome) { o.Booking.Reference = "" }),
		change("ToldCancelled", "bob-40", "told_wrong", func(o *ledger.Outcome) { o.Booking.Status = "cancelled" }),
		change("RefusedThoughBooked", "bob-40", "booking_unasked", func(o *ledger.Outcome) { o.Result, o.Booking = ledger.Refused, nil }),
		{name: "AcknowledgedToTwo", ledger: func(l *ledger.Ledger) {
			*op(l, "ann-60").Outcome.Booking = *op(l, "ann-31").Outcome.Booking
			second(l, "ann-60").Outcome.Booking = op(l, "ann-31").Outcome.Booking
		}, want: "acknowledged_twice booking_unasked reply_differs told_wrong"},
		{name: "TwoForOneKey", ledger: func(l *ledger.Ledger) {
			l.Ops = append(l.Ops, *op(l, "bob-40"))
			again := &l.Ops[len(l.Ops)-1]
			again.Op, again.Outcome = 1000, new(*op(l, "bob-40").Outcome)
			again.Outcome.Booking = nil
			for i := range l.Ops {
				if l.Ops[i].Kind == ledger.Book && l.Ops[i].Key == "" {
					again.Outcome.Booking = l.Ops[i].Outcome.Booking
					again.DateFrom, again.DateTo = again.Outcome.Booking.DateFrom, again.Outcome.Booking.DateTo
				}
			}
		}, want: "acknowledged_twice"},
		{name: "ReferenceOfTwo", ledger: func(l *ledger.Ledger) {
			for i := range l.Ops {
				if l.Ops[i].Kind == ledger.Book && l.Ops[i].Key == "" {
					l.Ops[i].Outcome.Booking.Reference = op(l, "ann-30").Outcome.Booking.Reference
				}
			}
		}, want: "reference_twice"},
		changeKind("CancelledAnother", ledger.Cancel, "reference_twice told_wrong", func(o *ledger.Outcome) { o.Booking.ID++ }),
		changeKind("CancelledAndConfirmed", ledger.Cancel, "told_wrong", func(o *ledger.Outcome) { o.Booking.Status = "confirmed" }),
		changeKind("CancelledAtAnotherPrice", ledger.Cancel, "told_wrong", func(o *ledger.Outcome) { o.Booking.Price, o.Booking.Nightly[0].Price = 1, 1 }),
		changeKind("CancelRefusedThoughDone", ledger.Cancel, "booking_status_differs", func(o *ledger.Outcome) { o.Result, o.Status, o.Booking = ledger.Refused, http.StatusConflict, nil }),
		changeKind("CancelOfABookingNotFound", ledger.Cancel, "booking_status_differs told_wrong", func(o *ledger.Outcome) { o.Result, o.Status, o.Booking = ledger.Refused, http.StatusNotFound, nil }),
		changeKind("PryShown", ledger.Pry, "pried", func(o *ledger.Outcome) { o.Result, o.Status = ledger.Done, http.StatusOK }),
		changeKind("PryToldOf", ledger.Pry, "pried", func(o *ledger.Outcome) { o.Status = http.StatusForbidden }),
		changeKind("LookShorter", ledger.Look, "told_wrong", func(o *ledger.Outcome) { o.Nights = o.Nights[1:] }),
		changeKind("LookOversold", ledger.Look, "told_wrong unexplained_counter", func(o *ledger.Outcome) { o.Nights[0].Booked = 4 }),
		changeKind("LookNegative", ledger.Look, "told_wrong unexplained_counter", func(o *ledger.Outcome) { o.Nights[0].Booked = -1 }),
		changeKind("LookAtMore", ledger.Look, "told_wrong", func(o *ledger.Outcome) { o.Nights[0].Capacity = 4 }),
		changeKind("LookAtAnotherNight", ledger.Look, "told_wrong unexplained_counter", func(o *ledger.Outcome) { o.Nights[0].Date = o.Nights[1].Date }),
		changeKind("LookAtOneTooMany", ledger.Look, "unexplained_counter", func(o *ledger.Outcome) { o.Nights[0].Booked = 1 }),
		{name: "RefusedThoughFree", ledger: func(l *ledger.Ledger) {
			asked := op(l, "bob-31")
			asked.DateFrom, asked.DateTo = asked.DateFrom.AddDays(100), asked.DateTo.AddDays(100)
		}, want: "unexplained_refusal"},
		changeKind("UploadOfNothing", ledger.Upload, "reply_differs told_wrong", func(o *ledger.Outcome) { o.Images = nil }),
		changeKind("UploadOfAnother", ledger.Upload, "image_missing reply_differs", func(o *ledger.Outcome) { o.Images[0] = 999999 }),
		{name: "UnknownWithTheKeyOfABooking", ledger: func(l *ledger.Ledger) {
			// It explains nothing: what it asked for was granted to the other.
			l.Ops = append(l.Ops, ledger.Op{Intent: op(l, "bob-40").Intent})
		}, sql: copyBooking("bob-40", 0, "1"), want: "booking_unasked"},
		{name: "RepliesAreNotKeptForEver", ledger: func(l *ledger.Ledger) { l.Header.Started = time.Now().Add(-25 * time.Hour) },
			sql: "DELETE FROM idempotency_keys WHERE key IN ('ann-31', 'ann-60')", want: ""},
	}
}

// second is the second operation with a key.
func second(l *ledger.Ledger, key string) *ledger.Op {
	first := op(l, key)
	for i := range l.Ops {
		if l.Ops[i].Key == key && &l.Ops[i] != first {
			return &l.Ops[i]
		}
	}
	panic("one operation has the key " + key)
}
