package performance_test

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"testing"
	"time"
)

// daysToBook is how far ahead the first stay of bookings is: after the season of the demo data.
const daysToBook = 100

// A shop is where bookings are made: many rooms, or few of one room that is full.
type shop struct {
	tokens []string
	room   func() int64
	stays  calendar
}

// roomsOfDemo returns how many rooms the demo data has. Their ids have no gaps.
func (r *rig) roomsOfDemo() int64 {
	return r.one("SELECT count(*) FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM rooms) AS r WHERE id = n")
}

func (s *shop) body(room int64, from, to time.Time) []byte {
	return fmt.Appendf(nil, `{"room_id":%d,"date_from":"%s","date_to":"%s","guests":1}`,
		room, from.Format(time.DateOnly), to.Format(time.DateOnly))
}

// book returns a stream of bookings, each with a key of its own.
func (r *rig) book(s *shop, want ...int) stream {
	return stream{
		address: r.address, clients: clients, time: *round, want: want,
		request: func(buf []byte, client, n int) []byte {
			guest := client*guestsPerClient + n%guestsPerClient
			from, to := s.stays.stay(n / guestsPerClient * nightsOfStay)
			key := fmt.Sprintf("bench-%016x-%d", rand.Uint64(), n)
			return appendPost(buf, "/bookings", s.tokens[guest], key, s.body(s.room(), from, to))
		},
	}
}

// bareBooking returns the statements of a booking as a script, for guests with sessions of their own.
func (r *rig) bareBooking(s *shop, rooms int64) *script {
	r.tb.Helper()
	key := "bench-" + fmt.Sprint(time.Now().UnixNano())
	from, to := s.stays.stay(0)
	// Its id is known from other values of the statements by its size.
	room := r.one(`SELECT r.id FROM rooms r WHERE id > 1000 AND quantity > 0 AND NOT EXISTS (
		SELECT FROM room_nights n WHERE n.room_id = r.id AND n.night >= $1 AND n.night < $2) ORDER BY id LIMIT 1`, from, to)
	l := r.dial()
	request := appendPost(nil, "/bookings", s.tokens[0], key, s.body(room, from, to))
	statements := witness(r.tb, r.db, r.logFile, func() {
		if status, body, err := l.read(request); err != nil || status != http.StatusCreated {
			r.tb.Fatalf("a booking is answered with %d %v: %s", status, err, body)
		}
	})
	const authenticate, effect, reply = 1, 4, 2 // BEGIN, claim, locks, booking; reply, COMMIT
	if len(statements) != authenticate+effect+reply {
		r.tb.Fatalf("a booking sends %d statements: %v", len(statements), statements)
	}
	session, caller := *statements[0].args[0], *statements[0].args[1]
	script := &script{variables: map[string]string{
		fmt.Sprint(room): "room", key: "key", session: "session", caller: "guest",
		from.Format(time.DateOnly): "from", to.Format(time.DateOnly): "to",
	}}
	guest, opened := r.bareGuests()
	fmt.Fprintf(&script.text, "\\set room random(1, %d)\n\\set key random(100000000000000000, 900000000000000000)\n", rooms)
	fmt.Fprintf(&script.text, "\\set guest %d + random(0, %d)\n\\set session :guest + %d\n", guest, bareGuests-1, opened-guest)
	s.stays.choose(script)
	script.add(statements[0], ";")
	script.pipeline(statements[1 : 1+effect])
	script.pipeline(statements[1+effect:])
	return script
}

// bareGuests is how many guests pgbench books for. It chooses among them by chance, so that they must be many for none to
// have too many bookings.
const bareGuests = 5000

// bareGuests makes guests with sessions and returns the ids of the first of both. The others follow without gaps.
func (r *rig) bareGuests() (guest, session int64) {
	r.tb.Helper()
	r.exec(`WITH u AS (
		INSERT INTO users (email) SELECT 'bare-' || $1::bigint || '-' || i || '@example.com' FROM generate_series(1, $2::integer) i RETURNING id
	) INSERT INTO sessions (user_id, expires_at) SELECT id, now() + interval '1 day' FROM u ORDER BY id`,
		time.Now().UnixNano(), bareGuests)
	guest, session = r.one("SELECT max(id) FROM users")-bareGuests+1, r.one("SELECT max(id) FROM sessions")-bareGuests+1
	const aligned = "SELECT count(*) FROM sessions WHERE user_id >= $1 AND id >= $2 AND user_id - $1 = id - $2"
	if found := r.one(aligned, guest, session); found != bareGuests {
		r.tb.Fatalf("%d of %d guests have sessions in their order: somebody else uses the database", found, bareGuests)
	}
	return guest, session
}

// BenchmarkBook compares a booking of two nights, in one of all rooms, with its statements through pgbench.
func BenchmarkBook(b *testing.B) {
	for _, way := range places() {
		b.Run(way.name, func(b *testing.B) {
			r := newRig(b, *hotels, way.cores)
			rooms := r.roomsOfDemo()
			s := &shop{
				tokens: r.guests(), stays: newCalendar(daysToBook),
				room: func() int64 { return 1 + rand.Int64N(rooms) },
			}
			r.against(b, comparison{http: r.book(s, http.StatusCreated, http.StatusConflict), sql: r.bareBooking(s, rooms)})
		})
	}
}
