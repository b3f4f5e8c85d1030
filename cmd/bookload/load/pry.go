package load

import (
	"context"
	"net/http"

	"github.com/shumbooking/shumbooking/cmd/bookload/client"
	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
)

// pry asks for a booking of somebody else's, or for its end. Both must be refused.
func (u *user) pry(ctx context.Context, t *turn) {
	b, found := u.shelf.foreign(t.random, u.guest)
	if !found {
		u.myBookings(ctx, t)
		return
	}
	method := pick(t.random, []string{http.MethodGet, http.MethodDelete})
	outcome, answer := u.do(ctx, t, u.guest, &ledger.Intent{Kind: ledger.Pry, BookingID: b.id, Method: method}, client.Request{
		Op: "pry", Method: method, Path: bookingPath(b.id),
	})
	if outcome == nil {
		return
	}
	if outcome.Result == ledger.Done {
		outcome.Booking, _ = client.DecodeBooking(answer)
	}
	u.finish(outcome)
}
