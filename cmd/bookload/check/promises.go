package check

import (
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/platform/date"
)

// promises are what the service said to the clients of a run.
type promises struct {
	bookings map[int64]*promise
	guests   map[int64]ledger.Guest
	rooms    map[int64]ledger.Room
	images   map[int64]*promisedImage
	// replies are those that must be stored by their keys.
	replies map[callerKey]*promisedReply
	// unknown are the requests to book of which nobody knows what became of them, and how many alike there are.
	unknown map[wish]int
	// asked is when bookings were asked for by a key.
	asked   map[callerKey]window
	cancels map[int64]*cancels // by booking

	first   map[int64]int64 // the first booking of each guest
	holders []int64         // the guests that have one, in order
}

// A promise is an acknowledged booking.
type promise struct {
	told ledger.Booking
	op   int64
	made window
}

// A promisedImage is a photograph that was taken.
type promisedImage struct {
	hotelID int64
	op      int64
}

// A callerKey is an Idempotency-Key and whose it is: 0 stands for staff.
type callerKey struct {
	guestID int64
	key     string
}

// A promisedReply is what must be stored by a key.
type promisedReply struct {
	op     int64
	told   *ledger.Booking // of a Book
	images []int64         // of an Upload
	digest string          // of the body, if the ledger has it
	until  time.Time       // as long as it must be stored at least
	seen   bool
}

// A wish is what a request to book asks for.
type wish struct {
	guestID, roomID int64
	from, to        date.Date
	rooms, guests   int
}

// cancels are what became of the requests to cancel one booking.
type cancels struct {
	done, unknown int
	at            window
}

// keyAge is how long a reply is stored at least.
const keyAge = 24 * time.Hour

// promisesOf reads a ledger and finds in r what is wrong with it by itself.
func promisesOf(l *ledger.Ledger, r *report) *promises {
	p := &promises{
		bookings: make(map[int64]*promise), guests: make(map[int64]ledger.Guest), rooms: make(map[int64]ledger.Room),
		images: make(map[int64]*promisedImage), replies: make(map[callerKey]*promisedReply),
		unknown: make(map[wish]int), asked: make(map[callerKey]window), cancels: make(map[int64]*cancels),
	}
	for _, g := range l.Guests {
		p.guests[g.ID] = g
	}
	for _, room := range l.Rooms {
		p.rooms[room.ID] = room
	}
	p.addAsked(l)
	for i := range l.Ops {
		p.add(&l.Ops[i], l.Header.Started, r)
	}
	p.addUnknown(l)
	p.addFirst()
	checkTold(l, p, r)
	p.count(l, r)
	return p
}

func (p *promises) count(l *ledger.Ledger, r *report) {
	r.count(int64(len(l.Ops)), "operations of the ledger")
	r.count(int64(len(p.bookings)), "acknowledged bookings")
	r.count(int64(len(p.guests)), "guests")
	if l.Torn {
		r.leave("the last line of the ledger: it is incomplete, so that nobody went on from it")
	}
	if n := missing(l); n > 0 {
		r.leave("%d operations that are not in the ledger, though later ones are: they may have had any effect", n)
	}
	open := 0
	for i := range l.Ops {
		if l.Ops[i].Result() == ledger.Unknown {
			open++
		}
	}
	if open > 0 {
		r.leave("%d operations whose outcome nobody knows: each may have had its effect once, or not at all", open)
	}
}

// missing returns how many numbers of operations are left out. A run that is killed may leave out the last of each client.
func missing(l *ledger.Ledger) int64 {
	var last int64
	for i := range l.Ops {
		last = max(last, l.Ops[i].Op)
	}
	return last - int64(len(l.Ops))
}

// add takes in what an operation was told, but for requests to book without an outcome.
func (p *promises) add(op *ledger.Op, started time.Time, r *report) {
	switch done := op.Result() == ledger.Done; {
	case op.Kind == ledger.Book && done && op.Outcome.Booking != nil:
		p.acknowledge(op, started, r)
	case op.Kind == ledger.Cancel && op.Result() != ledger.Refused:
		of := p.cancels[op.BookingID]
		if of == nil {
			of = &cancels{at: windowOf(op)}
			p.cancels[op.BookingID] = of
		}
		of.at = of.at.and(windowOf(op))
		if done {
			of.done++
		} else {
			of.unknown++
		}
	case op.Kind == ledger.Upload && done:
		for _, id := range op.Outcome.Images {
			p.images[id] = &promisedImage{hotelID: op.HotelID, op: op.Op}
		}
		p.keep(op, started, &promisedReply{images: op.Outcome.Images})
	}
}

// acknowledge takes in a booking. Two requests may be answered with one if they have one key, and must be then.
func (p *promises) acknowledge(op *ledger.Op, started time.Time, r *report) {
	told := op.Outcome.Booking
	by := callerKey{op.GuestID, op.Key}
	before := p.replies[by]
	if op.Key != "" && before != nil && before.told != nil {
		if before.told.ID != told.ID {
			r.find(ruleAcknowledgedTwice, "operations %d and %d: bookings %d and %d for one key, %s",
				before.op, op.Op, before.told.ID, told.ID, op.Key)
		}
	} else {
		p.keep(op, started, &promisedReply{told: told})
		if other := p.bookings[told.ID]; other != nil {
			r.find(ruleAcknowledgedTwice, "booking %d: acknowledged to operations %d and %d", told.ID, other.op, op.Op)
		}
	}
	if p.bookings[told.ID] == nil {
		p.bookings[told.ID] = &promise{told: *told, op: op.Op, made: windowOf(op)}
	}
	// It may be the work of another request with the key, of which nobody knows what became of it.
	if asked, found := p.asked[by]; found {
		p.bookings[told.ID].made = p.bookings[told.ID].made.and(asked)
	}
}

// keep says that the reply to op must be stored. Its age counts from when it was asked for.
func (p *promises) keep(op *ledger.Op, started time.Time, reply *promisedReply) {
	if op.Key == "" {
		return
	}
	reply.op, reply.digest, reply.until = op.Op, op.Outcome.Digest, started.Add(time.Duration(op.At)).Add(keyAge)
	p.replies[callerKey{op.GuestID, op.Key}] = reply
}

// addUnknown takes in the requests to book of which nobody knows what became of them. Those with one key count as one, and
// as none if another with that key was acknowledged.
func (p *promises) addUnknown(l *ledger.Ledger) {
	asked := make(map[callerKey]bool)
	for i := range l.Ops {
		op := &l.Ops[i]
		by := callerKey{op.GuestID, op.Key}
		if op.Kind != ledger.Book || op.Result() != ledger.Unknown || op.Key != "" && (asked[by] || p.replies[by] != nil) {
			continue
		}
		asked[by] = true
		p.unknown[wishOf(&op.Intent)]++
	}
}

func (p *promises) addFirst() {
	p.first = make(map[int64]int64)
	for id, of := range p.bookings {
		if before, found := p.first[of.told.UserID]; !found || id < before {
			p.first[of.told.UserID] = id
		}
	}
	p.holders = sortedIDs(p.first)
}

func wishOf(i *ledger.Intent) wish {
	return wish{i.GuestID, i.RoomID, i.DateFrom, i.DateTo, max(i.Rooms, 1), i.Guests}
}

// mayBe reports whether a booking may have a status after all requests to cancel it.
func (p *promises) mayBe(id int64, status string) bool {
	of := p.cancels[id]
	switch status {
	case confirmed:
		return of == nil || of.done == 0
	case cancelled:
		return of != nil
	}
	return false
}

// The states of a booking.
const (
	confirmed = "confirmed"
	cancelled = "cancelled"
)
