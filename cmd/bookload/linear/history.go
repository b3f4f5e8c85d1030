package linear

import (
	"fmt"
	"math"
	"net/http"
	"slices"

	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/platform/date"
)

// A kind is what a call does or says.
type kind int

const (
	take kind = iota // rooms were booked
	give             // booked rooms were given back
	full             // nights had no room
	show             // nights had so many rooms booked
)

// forever is the end of a call whose answer never came. It may have its effect at any time, or not at all, which is the
// same as having it after everything else.
const forever = math.MaxInt64

// A call is an operation on one room as the model sees it.
type call struct {
	kind       kind
	ops        []*ledger.Op // several if the service must take them for one
	begin, end int64
	nights     []int // days since the zero date, ascending
	rooms      int
	anyOf      bool  // of a full: at least one of the nights was, and nobody said which
	booked     []int // of a show: what the nights had
}

// effect returns by how much c changes the count of its nights.
func (c *call) effect() int {
	switch c.kind {
	case take:
		return c.rooms
	case give:
		return -c.rooms
	case full, show:
	}
	return 0
}

// A history is what happened to a room.
type history struct {
	room       ledger.Room
	calls      []*call
	operations int

	whole   *piece // of the calls
	courses []*course
}

// A request is what makes operations one to the service.
type request struct {
	guest int64
	key   string
}

// A collector sorts the operations of a ledger by room.
type collector struct {
	rooms    map[int64]*history // the run's own
	requests map[request]*call
	bookings map[int64]*call // the calls that made them
	foreign  int             // operations on rooms that others may book, too
}

// collect returns the histories of the rooms of l that nobody else has booked, and says what is in none.
func collect(l *ledger.Ledger) ([]*history, []string) {
	c := collector{rooms: make(map[int64]*history), requests: make(map[request]*call), bookings: make(map[int64]*call)}
	var histories []*history
	for _, room := range l.Rooms {
		if room.Own && c.rooms[room.ID] == nil {
			c.rooms[room.ID] = &history{room: room}
			histories = append(histories, c.rooms[room.ID])
		}
	}
	for i := range l.Ops {
		c.addBookOrLook(&l.Ops[i])
	}
	for _, ops := range cancellations(l) {
		c.addCancel(ops)
	}
	if c.foreign == 0 {
		return histories, nil
	}
	return histories, []string{fmt.Sprintf("%d operations are on rooms that others may have booked as well", c.foreign)}
}

func (c *collector) addBookOrLook(o *ledger.Op) {
	if o.Kind != ledger.Book && o.Kind != ledger.Look {
		return
	}
	h := c.rooms[o.RoomID]
	if h == nil {
		c.foreign++
		return
	}
	h.operations++
	switch {
	case o.Kind == ledger.Look && o.Result() == ledger.Done:
		h.addShow(o)
	case o.Kind == ledger.Look:
	case o.Result() != ledger.Refused:
		c.addTake(h, o)
	case o.Outcome.Code == "room_not_available":
		h.addFull(o)
	}
}

// addTake adds a booking. All requests with one key are one booking, made after the first of them was sent and before
// the first of them was answered.
func (c *collector) addTake(h *history, o *ledger.Op) {
	r := request{guest: o.GuestID, key: o.Key}
	made := c.requests[r]
	if made == nil || r.key == "" || contradicts(made, o) {
		made = &call{kind: take, begin: o.At, end: forever, nights: nightsOf(o.DateFrom, o.DateTo), rooms: o.Rooms}
		h.calls = append(h.calls, made)
		c.requests[r] = made
	}
	made.ops = append(made.ops, o)
	made.begin = min(made.begin, o.At)
	if o.Result() == ledger.Done {
		made.end = min(made.end, o.Outcome.At)
		if b := o.Outcome.Booking; b != nil {
			c.bookings[b.ID] = made
		}
	}
}

// contradicts reports whether o was told of another booking than made was.
func contradicts(made *call, o *ledger.Op) bool {
	if o.Result() != ledger.Done || o.Outcome.Booking == nil {
		return false
	}
	return slices.ContainsFunc(made.ops, func(other *ledger.Op) bool {
		return other.Result() == ledger.Done && other.Outcome.Booking != nil && other.Outcome.Booking.ID != o.Outcome.Booking.ID
	})
}

func (h *history) addFull(o *ledger.Op) {
	named := make([]int, len(o.Outcome.Full))
	for i, d := range o.Outcome.Full {
		named[i] = day(d)
	}
	slices.Sort(named)
	f := &call{kind: full, ops: []*ledger.Op{o}, begin: o.At, end: o.Outcome.At, nights: slices.Compact(named), rooms: o.Rooms}
	if len(named) == 0 {
		f.nights = nightsOf(o.DateFrom, o.DateTo)
		f.anyOf = len(f.nights) > 1
	}
	h.calls = append(h.calls, f)
}

func (h *history) addShow(o *ledger.Op) {
	nights := slices.SortedFunc(slices.Values(o.Outcome.Nights), func(a, b ledger.Night) int { return a.Date.Sub(b.Date) })
	s := &call{kind: show, ops: []*ledger.Op{o}, begin: o.At, end: o.Outcome.At}
	for _, n := range nights {
		s.nights = append(s.nights, day(n.Date))
		s.booked = append(s.booked, n.Booked)
	}
	h.calls = append(h.calls, s)
}

// cancellations returns the operations that may have cancelled a booking, each booking's together. To read somebody
// else's booking, or fail to cancel it, is none.
func cancellations(l *ledger.Ledger) [][]*ledger.Op {
	index := make(map[int64]int)
	var groups [][]*ledger.Op
	for i := range l.Ops {
		o := &l.Ops[i]
		stolen := o.Kind == ledger.Pry && o.Method == http.MethodDelete && o.Result() == ledger.Done
		if !stolen && (o.Kind != ledger.Cancel || o.Result() == ledger.Refused) {
			continue
		}
		at, found := index[o.BookingID]
		if !found {
			at = len(groups)
			index[o.BookingID] = at
			groups = append(groups, nil)
		}
		groups[at] = append(groups[at], o)
	}
	return groups
}

// addCancel adds the one time that a booking is given back, however often it was asked for.
func (c *collector) addCancel(ops []*ledger.Op) {
	g := &call{kind: give, ops: ops, begin: forever, end: forever}
	for _, o := range ops {
		g.begin = min(g.begin, o.At)
		if o.Result() == ledger.Done {
			g.end = min(g.end, o.Outcome.At)
		}
	}
	room := c.describeGive(g)
	if h := c.rooms[room]; h != nil {
		h.operations += len(ops)
		h.calls = append(h.calls, g)
	} else {
		c.foreign += len(ops)
	}
}

// describeGive fills in what g gives back and returns the room: what its booking asked for, or what a client was shown
// if the booking was never acknowledged, which proves that it was made.
func (c *collector) describeGive(g *call) int64 {
	if made := c.bookings[g.ops[0].BookingID]; made != nil {
		g.nights, g.rooms = made.nights, made.rooms
		return made.ops[0].RoomID
	}
	shown := slices.IndexFunc(g.ops, func(o *ledger.Op) bool { return o.Outcome != nil && o.Outcome.Booking != nil })
	if shown < 0 {
		return 0
	}
	b := g.ops[shown].Outcome.Booking
	g.nights, g.rooms = nightsOf(b.DateFrom, b.DateTo), b.Rooms
	if h := c.rooms[b.RoomID]; h != nil {
		h.acknowledge(b, g.end)
	}
	return b.RoomID
}

// acknowledge notes that one of the bookings of unknown result is b, and was made by the given time.
func (h *history) acknowledge(b *ledger.Booking, by int64) {
	nights := nightsOf(b.DateFrom, b.DateTo)
	for _, c := range h.calls {
		if c.kind == take && c.end == forever && c.begin <= by && c.ops[0].GuestID == b.UserID && c.rooms == b.Rooms &&
			slices.Equal(c.nights, nights) {
			c.end = by
			return
		}
	}
}

// day returns d as a number of days.
func day(d date.Date) int { return d.Sub(date.Date{}) }

func nightsOf(from, to date.Date) []int {
	nights := make([]int, max(0, to.Sub(from)))
	for i := range nights {
		nights[i] = day(from) + i
	}
	return nights
}
