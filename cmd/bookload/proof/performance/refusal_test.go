package performance_test

import (
	"math/rand/v2"
	"net/http"
	"testing"
)

// fullStays is how many stays the full room has none left for.
const fullStays = 20

// fullRoom makes a hotel's new room of which there is one, and books its first stays.
func (r *rig) fullRoom(s *shop) int64 {
	r.tb.Helper()
	room := r.one(`INSERT INTO rooms (hotel_id, city_id, currency, title, price, price_floor, price_ceiling, quantity, max_guests)
		SELECT id, city_id, currency, 'Full room', 10000, 10000, 10000, 1, 2 FROM hotels ORDER BY id LIMIT 1 RETURNING id`)
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

// BenchmarkRefusal tells how many times as many bookings are refused as are made in the same time.
func BenchmarkRefusal(b *testing.B) {
	r := newRig(b, *hotels, cores{})
	rooms := r.roomsOfDemo()
	s := &shop{
		tokens: r.guests(), stays: newCalendar(daysToBook),
		room: func() int64 { return 1 + rand.Int64N(rooms) }, //nolint:gosec // chance, not secrecy
	}
	full := *s
	room := r.fullRoom(s)
	full.room = func() int64 { return room }
	making, refusing := r.book(s, http.StatusCreated, http.StatusConflict), r.book(&full, http.StatusConflict)
	request := refusing.request
	refusing.request = func(buf []byte, client, n int) []byte {
		return request(buf, client, n%(fullStays*guestsPerClient))
	}
	making.run(b)
	refusing.run(b)
	var f figures
	for b.Loop() {
		before := r.bill()
		made := making.run(b)
		between := r.bill()
		refused := refusing.run(b)
		api, database, redis, clients := r.bill().since(between, refused.all)
		madeAPI, madeDatabase, _, _ := between.since(before, made.all)
		f.add("made/s", made.perSecond())
		f.add("refused/s", refused.perSecond())
		f.add("refused-of-made", refused.perSecond()/made.perSecond())
		f.add("api-µs", api)
		f.add("database-µs", database)
		f.add("redis-µs", redis)
		f.add("clients-µs", clients)
		f.add("made-api-µs", madeAPI)
		f.add("made-database-µs", madeDatabase)
	}
	f.report(b)
}
