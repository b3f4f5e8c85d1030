package booking_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/auth/authtest"
	"github.com/shumbooking/shumbooking/booking"
	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
	"github.com/shumbooking/shumbooking/platform/jobs"
	"github.com/shumbooking/shumbooking/platform/page"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

// A world is a database of its own with the booking service on it.
type world struct {
	tb       testing.TB
	db       *pgxpool.Pool
	service  *booking.Service
	registry *prometheus.Registry
	api      *apitest.Client
	names    int
}

func newWorld(tb testing.TB) *world {
	tb.Helper()
	return worldOn(tb, pgtest.New(tb))
}

// worldOn returns a world on a database that has the schema.
func worldOn(tb testing.TB, db *pgxpool.Pool) *world {
	tb.Helper()
	w := &world{tb: tb, db: db, registry: prometheus.NewRegistry()}
	queue, err := jobs.NewInserter(w.db, jobs.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	w.service = booking.New(w.db, booking.Config{
		Cursors: page.NewSigner([]byte("secret of a test")), Jobs: queue, Metrics: w.registry,
	})
	w.api = apitest.New(tb, authtest.Admit, w.service.Register)
	return w
}

// metric returns the value of a counter or gauge, summed over its labels.
func (w *world) metric(name string) float64 {
	w.tb.Helper()
	families, err := w.registry.Gather()
	if err != nil {
		w.tb.Fatal(err)
	}
	var sum float64
	for _, family := range families {
		if family.GetName() == name {
			for _, m := range family.GetMetric() {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

func (w *world) exec(sql string, args ...any) {
	w.tb.Helper()
	if _, err := w.db.Exec(w.tb.Context(), sql, args...); err != nil {
		w.tb.Fatal(err)
	}
}

func (w *world) insert(sql string, args ...any) (id int64) {
	w.tb.Helper()
	if err := w.db.QueryRow(w.tb.Context(), sql+" RETURNING id", args...).Scan(&id); err != nil {
		w.tb.Fatal(err)
	}
	return id
}

func (w *world) name(kind string) string {
	w.names++
	return fmt.Sprintf("%s %d", kind, w.names)
}

func (w *world) user(role auth.Role) int64 {
	w.names++
	return w.insert("INSERT INTO users (email, role) VALUES ($1, $2)", fmt.Sprintf("user%d@example.com", w.names), string(role))
}

// as returns a client for a user of that role.
func (w *world) as(role auth.Role, id int64) *apitest.Client {
	return w.api.As(authtest.Token(role, id))
}

// guest returns a client for a new guest, and their id.
func (w *world) guest() (*apitest.Client, int64) {
	id := w.user(auth.Guest)
	return w.as(auth.Guest, id), id
}

func (w *world) admin() *apitest.Client { return w.as(auth.Admin, w.user(auth.Admin)) }

// manager returns a client for a new manager of the hotels.
func (w *world) manager(hotels ...int64) (*apitest.Client, int64) {
	id := w.user(auth.Manager)
	for _, hotel := range hotels {
		w.exec("INSERT INTO hotel_managers (hotel_id, user_id) VALUES ($1, $2)", hotel, id)
	}
	return w.as(auth.Manager, id), id
}

// city returns a new city in a new country whose currency is RUB.
func (w *world) city() int64 {
	w.names++
	country := w.insert("INSERT INTO countries (name, iso_code, currency) VALUES ($1, $2, 'RUB')",
		w.name("Country"), string([]rune{rune('A' + w.names/26%26), rune('A' + w.names%26)}))
	return w.insert("INSERT INTO cities (country_id, name, time_zone) VALUES ($1, $2, 'UTC')", country, w.name("City"))
}

// hotelIn returns a new hotel of the city in a time zone.
func (w *world) hotelIn(city int64, zone string) int64 {
	return w.insert("INSERT INTO hotels (city_id, title, address, time_zone, currency) VALUES ($1, $2, 'Street 1', $3, 'RUB')",
		city, w.name("Hotel"), zone)
}

// hotel returns a new hotel of a new city, in UTC.
func (w *world) hotel() int64 { return w.hotelIn(w.city(), "UTC") }

func (w *world) room(hotel, price int64, quantity, maxGuests int) int64 {
	return w.insert(`INSERT INTO rooms (hotel_id, city_id, currency, title, price, price_floor, price_ceiling, quantity, max_guests)
		SELECT id, city_id, currency, $2, $3, $3, $3, $4, $5 FROM hotels WHERE id = $1`,
		hotel, w.name("Room"), price, quantity, maxGuests)
}

// drift fails the test if the counters differ from the ledger.
func (w *world) wantNoDrift() {
	w.tb.Helper()
	drift, err := w.service.Recount(w.tb.Context(), date.Date{})
	if err != nil || drift.Nights != 0 {
		w.tb.Errorf("Recount() = %+v, %v; want no drift", drift, err)
	}
}

// today is the date in UTC, where most hotels of tests are.
func today() date.Date { return date.Of(time.Now().UTC()) }

// soon is the first night of most stays in tests, far enough from midnight.
func soon() date.Date { return today().AddDays(10) }

// a body is the body of a request.
type body map[string]any

// stay returns the body of a booking of one room for two guests.
func stay(room int64, from date.Date, nights int) body {
	return body{"room_id": room, "date_from": from.String(), "date_to": from.AddDays(nights).String(), "guests": 2}
}

// String returns b as JSON.
func (b body) String() string {
	raw, err := json.Marshal(b)
	if err != nil {
		panic(err)
	}
	return string(raw)
}

// with returns a copy of b with one more member.
func (b body) with(name string, value any) body {
	c := body{name: value}
	for k, v := range b {
		if k != name {
			c[k] = v
		}
	}
	return c
}

// book makes a booking that must succeed.
func book(c *apitest.Client, b body) booking.Booking {
	var made booking.Booking
	c.Do("POST", "/bookings", b).Want(201).Decode(&made)
	return made
}

type offers struct {
	Items      []booking.RoomOffer `json:"items"`
	NextCursor *string             `json:"next_cursor"`
}

type hotelOffers struct {
	Items      []booking.HotelOffer `json:"items"`
	NextCursor *string              `json:"next_cursor"`
}

type bookingList struct {
	Items      []booking.Booking `json:"items"`
	NextCursor *string           `json:"next_cursor"`
}

// query returns the query of a search for two guests.
func query(from date.Date, nights int, more ...string) url.Values {
	q := url.Values{
		"date_from": {from.String()}, "date_to": {from.AddDays(nights).String()}, "guests": {"2"},
	}
	for i := 0; i < len(more); i += 2 {
		q.Add(more[i], more[i+1])
	}
	return q
}

// roomsFree asks what of a hotel can be booked.
func roomsFree(c *apitest.Client, hotel int64, q url.Values) offers {
	var found offers
	c.Do("GET", fmt.Sprintf("/hotels/%d/rooms/available?%s", hotel, q.Encode()), nil).Want(200).Decode(&found)
	return found
}

// searched runs a search that must succeed.
func searched(c *apitest.Client, q url.Values) hotelOffers {
	var found hotelOffers
	c.Do("GET", "/hotels/available?"+q.Encode(), nil).Want(200).Decode(&found)
	return found
}

func must[T any](tb testing.TB, v T, err error) T {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
	return v
}
