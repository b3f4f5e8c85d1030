package load

import (
	"context"
	"fmt"
	"net/http"
	"sync"

	"github.com/shumbooking/shumbooking/cmd/bookload/client"
	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/platform/date"
)

const (
	// maxStays bounds the live bookings, for each guest that there is: they rarely share as many nights as the service lets
	// one guest have at once.
	maxStays = 200
	// hotNights are the nights of the hot room that everyone wants. They are wanted in pairs, so that nights of different pairs
	// have nothing to do with each other and their histories stay small.
	hotNights = 16
	// hotFrom is how many days ahead they begin.
	hotFrom = 30
)

// An order is a stay that a guest wants.
type order struct {
	room          *room
	from, to      date.Date
	rooms, guests int
	key           string
	shelf         *shelf // for what comes of it
}

// want returns an order of a room somewhere.
func (u *user) want(t *turn) order {
	o := order{room: pick(t.random, u.world.rooms), rooms: 1, shelf: &u.shelf}
	o.from, o.to = u.dates(t)
	if t.random.IntN(10) == 0 {
		o.rooms = 2
	}
	o.guests = 1 + t.random.IntN(o.rooms*o.room.maxGuests)
	return o
}

// wantHot returns an order of the room that everyone wants: of one night, or of both nights of a pair.
func (u *user) wantHot(t *turn) order {
	first := u.world.today.AddDays(hotFrom + 2*t.random.IntN(hotNights/2))
	o := order{room: u.world.hot, from: first, to: first.AddDays(2), rooms: 1, guests: 1, shelf: &u.hotShelf}
	switch t.random.IntN(3) {
	case 0:
		o.to = first.AddDays(1)
	case 1:
		o.from = first.AddDays(1)
	}
	return o
}

func (u *user) book(ctx context.Context, t *turn)         { u.bookOr(ctx, t, u.want, u.place) }
func (u *user) bookTwice(ctx context.Context, t *turn)    { u.bookOr(ctx, t, u.want, u.placeTwice) }
func (u *user) bookHot(ctx context.Context, t *turn)      { u.bookOr(ctx, t, u.wantHot, u.place) }
func (u *user) bookHotTwice(ctx context.Context, t *turn) { u.bookOr(ctx, t, u.wantHot, u.placeTwice) }

// bookOr places an order, or cancels one if there are enough.
func (u *user) bookOr(ctx context.Context, t *turn, want func(*turn) order, place func(context.Context, *turn, order)) {
	o := want(t)
	if o.shelf.size() >= maxStays*len(u.guests) {
		u.cancelFrom(ctx, t, o.shelf)
		return
	}
	o.key = fmt.Sprintf("%s-%d-%d", u.config.Run, u.number, u.placed)
	u.placed++
	place(ctx, t, o)
}

func (u *user) place(ctx context.Context, t *turn, o order) {
	if b := u.send(ctx, t, u.guest, o); b != nil {
		o.shelf.put(stay{b.ID, u.guest})
	}
}

// placeTwice places an order twice at once, as a guest does whose finger slips. Both must be told of the same booking.
func (u *user) placeTwice(ctx context.Context, t *turn, o order) {
	var second *ledger.Booking
	var sending sync.WaitGroup
	sending.Go(func() { second = u.send(ctx, t, u.guest, o) })
	first := u.send(ctx, t, u.guest, o)
	sending.Wait()
	if first == nil {
		first = second // The first was refused before a night was given back.
	}
	if first != nil {
		o.shelf.put(stay{first.ID, u.guest})
	}
}

// send places an order and returns the booking, or nil.
func (u *user) send(ctx context.Context, t *turn, by *account, o order) *ledger.Booking {
	intent := ledger.Intent{Kind: ledger.Book, RoomID: o.room.ID, DateFrom: o.from, DateTo: o.to, Rooms: o.rooms, Guests: o.guests}
	outcome, answer := u.do(ctx, t, by, &intent, client.Request{
		Op: "book", Method: http.MethodPost, Path: "/bookings", Key: o.key, ContentType: "application/json",
		Raw: fmt.Appendf(nil, `{"room_id":%d,"date_from":"%s","date_to":"%s","rooms":%d,"guests":%d}`, o.room.ID, o.from, o.to, o.rooms, o.guests),
	})
	if outcome == nil {
		return nil
	}
	switch outcome.Result {
	case ledger.Done:
		// What cannot be read is a promise of nothing: the ledger then has one without a booking.
		outcome.Booking, _ = client.DecodeBooking(answer)
	case ledger.Refused:
		outcome.Full, _ = client.DecodeFull(answer)
	case ledger.Unknown:
	}
	u.finish(outcome)
	return outcome.Booking
}

func (u *user) cancel(ctx context.Context, t *turn)    { u.cancelFrom(ctx, t, &u.shelf) }
func (u *user) cancelHot(ctx context.Context, t *turn) { u.cancelFrom(ctx, t, &u.hotShelf) }

// cancelFrom cancels a booking for its guest, or asks for a list if there is none.
func (u *user) cancelFrom(ctx context.Context, t *turn, s *shelf) {
	b, found := s.take(t.random)
	if !found {
		u.myBookings(ctx, t)
		return
	}
	outcome, answer := u.do(ctx, t, b.guest, &ledger.Intent{Kind: ledger.Cancel, BookingID: b.id}, client.Request{
		Op: "cancel", Method: http.MethodDelete, Path: bookingPath(b.id),
	})
	if outcome == nil {
		return
	}
	if outcome.Result == ledger.Done {
		outcome.Booking, _ = client.DecodeBooking(answer)
	}
	u.finish(outcome)
}

func bookingPath(id int64) string { return fmt.Sprintf("/bookings/%d", id) }

func (u *user) myBookings(ctx context.Context, t *turn) {
	u.get(ctx, t, u.guest, "my_bookings", "/bookings/me?limit=20")
}

// booking looks at a booking for its guest.
func (u *user) booking(ctx context.Context, t *turn) {
	b, found := u.shelf.see(t.random)
	if !found {
		u.myBookings(ctx, t)
		return
	}
	u.get(ctx, t, b.guest, "booking", bookingPath(b.id))
}
