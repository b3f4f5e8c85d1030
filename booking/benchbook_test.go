package booking

import (
	cryptorand "crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/date"
)

// A bookingGuest is signed in.
type bookingGuest struct {
	auth.Caller
	token string
}

// guests returns guests enough that none of them has ten bookings on a night.
func (x *bench) guests(n int) []bookingGuest {
	x.b.Helper()
	guests := make([]bookingGuest, n)
	run := time.Now().UnixNano()
	for i := range guests {
		email := fmt.Sprintf("bench-%d-%d@example.com", run, i)
		password := "correct horse battery"
		user, err := x.auth.CreateUser(x.b.Context(), &auth.CreateUserParams{Email: email, Password: password, Role: auth.Guest})
		if err != nil {
			x.b.Fatal(err)
		}
		tokens, err := x.auth.Login(x.b.Context(), &auth.LoginParams{Email: email, Password: password})
		if err != nil {
			x.b.Fatal(err)
		}
		guests[i].token = tokens.AccessToken
		guests[i].UserID = user.ID
		guests[i].SessionID = x.one("SELECT id FROM sessions WHERE user_id = $1", user.ID)
	}
	return guests
}

// BenchmarkBook books two or three nights, through the handler and as its bare statements, the look at the session
// among them. With a key, both sides store the reply in the transaction of the booking.
func BenchmarkBook(b *testing.B) {
	for _, way := range []struct {
		suffix string
		keys   keys
	}{{"", none}, {"/key", fresh}} {
		b.Run("spread"+way.suffix, func(b *testing.B) {
			x := newBench(b, manyHotels)
			rooms := x.one("SELECT max(id) FROM rooms WHERE id < $1 AND title <> $2", copyOffset, hotTitle)
			x.benchmarkBook(way.keys, func(r *rand.Rand) int64 { return 1 + r.Int64N(rooms) })
		})
		b.Run("hot"+way.suffix, func(b *testing.B) {
			x := newBench(b, manyHotels)
			room := x.hotRoom()
			x.benchmarkBook(way.keys, func(*rand.Rand) int64 { return room })
		})
	}
}

// keys return the idempotency key of an operation, or "".
type keys func() string

func none() string { return "" }

func fresh() string { return cryptorand.Text() }

// hotTitle tells the rooms that the benchmarks make from those of the demo data, whose ids have no gaps.
const hotTitle = "Hot room"

// hotRoom returns a new room of which there are more than will be booked.
func (x *bench) hotRoom() int64 {
	x.b.Helper()
	return x.one(`
INSERT INTO rooms (hotel_id, city_id, currency, title, price, price_floor, price_ceiling, quantity, max_guests)
SELECT id, city_id, currency, $1, 10000, 10000, 10000, 10000, 2 FROM hotels ORDER BY id LIMIT 1 RETURNING id`, hotTitle)
}

func (x *bench) benchmarkBook(key keys, room func(*rand.Rand) int64) {
	guests := x.guests(2000)
	compare(x.b,
		func(seed uint64) {
			r := rand.New(rand.NewPCG(seed, 2))
			guest := guests[r.IntN(len(guests))]
			from, to := yearStay(r)
			body, _ := json.Marshal(map[string]any{"room_id": room(r), "date_from": from, "date_to": to, "guests": 1})
			req := httptest.NewRequest(http.MethodPost, "/bookings", strings.NewReader(string(body)))
			req.Header.Set("Content-Type", "application/json")
			req.Header.Set("Authorization", "Bearer "+guest.token)
			if k := key(); k != "" {
				req.Header.Set("Idempotency-Key", k)
			}
			// Rooms of the demo data may be full on some night.
			x.call(req, http.StatusCreated, http.StatusConflict)
		},
		func(seed uint64) {
			r := rand.New(rand.NewPCG(seed, 2))
			guest := guests[r.IntN(len(guests))]
			from, to := yearStay(r)
			x.bareBooking(guest, key(), room(r), from, to)
		})
}

// yearStay returns a stay of two or three nights within a year that begins after the season of the demo data.
func yearStay(r *rand.Rand) (from, to date.Date) {
	from = date.Of(time.Now()).AddDays(100 + r.IntN(365))
	return from, from.AddDays(2 + r.IntN(2))
}

func (x *bench) bareBooking(guest bookingGuest, key string, room int64, from, to date.Date) {
	var role string
	err := x.db.QueryRow(x.b.Context(), selectSession, guest.SessionID, guest.UserID, time.Now()).Scan(&role)
	if err != nil {
		x.b.Error(err)
		return
	}
	batch := &pgx.Batch{}
	batch.Queue(lockGuestAndRoom, guest.UserID, room)
	batch.Queue(insertGuestBooking, from, to, 1, 1, room, guest.UserID, nil, nil, nil)
	if key != "" {
		batch.Queue(insertReply, guest.UserID, key, make([]byte, sha256.Size), "/bookings/1000000", `"3q2-7wAAAAAAAAAAAAAAAA"`, make([]byte, replySize))
	}
	x.drain(batch)
}

// replySize is the length of a booking as JSON.
const replySize = 560

// insertReply is what package idempotency stores.
const insertReply = `
INSERT INTO idempotency_keys (caller, key, fingerprint, status, location, etag, body)
VALUES ($1::bigint::text, $2, $3, 201, $4, $5, $6)`

// selectSession is what the authentication of a request asks.
const selectSession = `
SELECT u.role FROM sessions s JOIN users u ON u.id = s.user_id
WHERE s.id = $1 AND s.user_id = $2 AND s.revoked_at IS NULL AND s.expires_at > $3
	AND u.disabled_at IS NULL AND u.deleted_at IS NULL`
