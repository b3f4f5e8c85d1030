package load

import (
	"context"
	"net/http"
	"sync"

	"github.com/shumbooking/shumbooking/cmd/bookload/client"
	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
)

// sightings are the bookings that were made last, for others to pry into.
type sightings struct {
	mu   sync.Mutex
	last [64]stock
	next int
}

func (s *sightings) add(b stock) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.last[s.next%len(s.last)] = b
	s.next++
}

// of returns a booking of somebody else's, beginning the look at a place that is given.
func (s *sightings) of(by *account, start int) (stock, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.last {
		if b := s.last[(start+i)%len(s.last)]; b.guest != nil && b.guest.ID != by.ID {
			return b, true
		}
	}
	return stock{}, false
}

// pry asks for a booking of somebody else's, or for its end. Both must be refused.
func (u *user) pry(ctx context.Context, t *turn) {
	b, found := u.bookings.of(u.guest, t.random.IntN(len(u.bookings.last)))
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
