package performance_test

import (
	"math/rand/v2"
	"net/http"
	"testing"
)

// fullStays is how many stays the full room has none left for.
const fullStays = 20

// newRoom makes a hotel's new room of which there are so many.
func (r *rig) newRoom(quantity int) int64 {
	r.tb.Helper()
	return r.one(`INSERT INTO rooms (hotel_id, city_id, currency, title, price, price_floor, price_ceiling, quantity, max_guests)
		SELECT id, city_id, currency, 'Wanted room', 10000, 10000, 10000, $1, 2 FROM hotels ORDER BY id LIMIT 1 RETURNING id`, quantity)
}

// fullRoom makes a new room of which there is one, and books its first stays.
func (r *rig) fullRoom(s *shop) int64 {
	r.tb.Helper()
	room := r.newRoom(1)
	l := r.dial()
	for n := range fullStays {
		from, to := s.stays.stay(n * nightsOfStay)
		request := appendPost(nil, "/bookings", s.tokens[n], "", s.body(room, from, to))
		if status, body, err := l.read(request); err != nil || status != http.StatusCreated {
			r.tb.Fatalf("booking the room until it is full: %d %v %s", status, err, body)
		}
	}
	return room
}

// maxQuantity is more than are booked of a room here.
const maxQuantity = 10_000

// wanted returns a stream of bookings of a few stays of one room.
func (r *rig) wanted(s *shop, room int64, want ...int) stream {
	one := *s
	one.room = func() int64 { return room }
	all := r.book(&one, want...)
	request := all.request
	all.request = func(buf []byte, client, n int) []byte {
		return request(buf, client, n%(fullStays*guestsPerClient))
	}
	return all
}

// BenchmarkRefusal tells how many times as many bookings are refused as are made in the same time: of a room that is full
// as of all rooms, and as of a room that everyone wants too, while there is one left.
func BenchmarkRefusal(b *testing.B) {
	r := newRig(b, *hotels, cores{})
	rooms := r.roomsOfDemo()
	s := &shop{
		tokens: r.guests(), stays: newCalendar(daysToBook),
		room: func() int64 { return 1 + rand.Int64N(rooms) },
	}
	making := r.book(s, http.StatusCreated, http.StatusConflict)
	refusing := r.wanted(s, r.fullRoom(s), http.StatusConflict)
	for _, each := range []stream{making, refusing} {
		each.run(b)
	}
	f := make(figures)
	for b.Loop() {
		// Of guests who have not enough of bookings on these nights yet, which nobody would be refused for.
		fresh := *s
		fresh.tokens = r.guests()
		rushing := r.wanted(&fresh, r.newRoom(maxQuantity), http.StatusCreated)
		made, before := making.run(b), r.bill()
		rushed, between := rushing.run(b), r.bill()
		refused := refusing.run(b)
		api, database, redis, clients := r.bill().since(between, refused.all)
		rushedAPI, rushedDatabase, _, _ := between.since(before, rushed.all)
		f.add("made/s", made.perSecond())
		f.add("made-there/s", rushed.perSecond())
		f.add("refused/s", refused.perSecond())
		f.add("refused-of-made", refused.perSecond()/made.perSecond())
		f.add("refused-of-made-there", refused.perSecond()/rushed.perSecond())
		f.add("api-µs", api)
		f.add("database-µs", database)
		f.add("redis-µs", redis)
		f.add("clients-µs", clients)
		f.add("made-there-api-µs", rushedAPI)
		f.add("made-there-database-µs", rushedDatabase)
	}
	f.report(b)
}
