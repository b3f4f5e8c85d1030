package demo_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shumbooking/shumbooking/cmd/booking/internal/demo"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

// rules are what must hold after a load. Each query counts what breaks its rule.
var rules = map[string]string{
	"the counters equal the ledger": `
		SELECT count(*) FROM room_nights n FULL JOIN (
			SELECT b.room_id, l.night, sum(b.rooms) AS held
			FROM bookings b JOIN booking_nights l ON l.booking_id = b.id WHERE NOT l.released GROUP BY 1, 2
		) h USING (room_id, night)
		WHERE coalesce(n.booked, 0) <> coalesce(h.held, 0)`,
	"ids have no gap": `
		SELECT (SELECT max(id) - count(*) FROM hotels) + (SELECT max(id) - count(*) FROM rooms)
			+ (SELECT max(id) - count(*) FROM bookings)`,
	"no night is over capacity": `SELECT count(*) FROM room_nights WHERE booked > capacity`,
	"capacity is the quantity": `
		SELECT count(*) FROM room_nights n JOIN rooms r ON r.id = n.room_id WHERE n.capacity <> r.quantity`,
	"the ledger has each night of a stay": `
		SELECT count(*) FROM bookings b FULL JOIN (
			SELECT booking_id, min(night) AS first, max(night) AS last, count(*) AS nights FROM booking_nights GROUP BY 1
		) l ON l.booking_id = b.id
		WHERE (l.first, l.last, l.nights) IS DISTINCT FROM (b.date_from, b.date_to - 1, b.nights::bigint)`,
	"the price is the sum of the nights": `
		SELECT count(*) FROM bookings b
		WHERE price <> (SELECT sum(price) FROM booking_nights WHERE booking_id = b.id)`,
	"a night costs what the room does": `
		SELECT count(*) FROM booking_nights l JOIN bookings b ON b.id = l.booking_id JOIN rooms r ON r.id = b.room_id
			LEFT JOIN room_nights n ON n.room_id = r.id AND n.night = l.night
		WHERE l.price <> coalesce(n.price, r.price) * b.rooms`,
	"the nights of cancelled bookings are released, no others": `
		SELECT count(*) FROM booking_nights l JOIN bookings b ON b.id = l.booking_id
		WHERE l.released <> (b.status = 'cancelled')`,
	"price bounds are the least and the most a night costs from now on": `
		SELECT count(*) FROM rooms r
		WHERE (price_floor, price_ceiling) <> (
			SELECT least(r.price, min(n.price)), greatest(r.price, max(n.price))
			FROM room_nights n WHERE n.room_id = r.id AND n.night >= date '2026-11-23' - 1)`,
	"prices are believable": `SELECT count(*) FROM rooms WHERE price < 100 AND currency <> 'JPY'`,
	"the party fits": `
		SELECT count(*) FROM bookings b JOIN rooms r ON r.id = b.room_id
		WHERE b.guests > b.rooms * r.max_guests OR b.guests < b.rooms`,
	"bookings copy what they are for": `
		SELECT count(*) FROM bookings b JOIN rooms r ON r.id = b.room_id JOIN hotels h ON h.id = r.hotel_id
		WHERE (b.hotel_id, b.room_title, b.hotel_title, b.currency) <> (h.id, r.title, h.title, r.currency)`,
	"bookings are made before the stay and before today": `
		SELECT count(*) FROM bookings WHERE created_at >= least(date_from, date '2026-11-23')::timestamp AT TIME ZONE 'UTC'`,
	"bookings are cancelled after they were made, before the stay and before today": `
		SELECT count(*) FROM bookings WHERE cancelled_at < created_at
			OR cancelled_at > least(date_from, date '2026-11-23')::timestamp AT TIME ZONE 'UTC'`,
	"guests sign up before they book": `
		SELECT count(*) FROM bookings b JOIN users u ON u.id = b.user_id WHERE u.created_at > b.created_at`,
	"no guest has more than ten live bookings on a night": `
		SELECT count(*) FROM (
			SELECT FROM bookings b JOIN booking_nights l ON l.booking_id = b.id
			WHERE NOT l.released GROUP BY b.user_id, l.night HAVING count(*) > 10) AS s`,
	"nobody can sign in as a guest": `SELECT count(*) FROM users WHERE password_hash IS NOT NULL OR role <> 'guest'`,
	"titles are unique in a city": `
		SELECT count(*) FROM (SELECT FROM hotels GROUP BY city_id, lower(title) HAVING count(*) > 1) AS s`,
	"room types have different titles in a hotel": `
		SELECT count(*) FROM (SELECT FROM rooms GROUP BY hotel_id, lower(title) HAVING count(*) > 1) AS s`,
	"hotels have two to six room types": `
		SELECT count(*) FROM (SELECT FROM rooms RIGHT JOIN hotels h ON h.id = hotel_id
			GROUP BY h.id HAVING count(rooms.id) NOT BETWEEN 2 AND 6) AS s`,
	"room types are of one to forty rooms for one to six": `
		SELECT count(*) FROM rooms WHERE quantity NOT BETWEEN 1 AND 40 OR max_guests NOT BETWEEN 1 AND 6`,
	"hotels have the city's time zone and the country's currency": `
		SELECT count(*) FROM hotels h JOIN cities c ON c.id = h.city_id JOIN countries o ON o.id = c.country_id
		WHERE (h.time_zone, h.currency) <> (c.time_zone, o.currency)`,
	"hotels stand near the centre": `
		SELECT count(*) FROM hotels h JOIN cities c ON c.id = h.city_id WHERE abs(h.latitude - c.latitude) > 1`,
	"hotels have descriptions": `SELECT count(*) FROM hotels WHERE length(description) < 20`,
	"texts have no placeholder left": `
		SELECT count(*) FROM hotels WHERE description ~ '[{}]' OR address ~ '[{}]'`,
}

// presences are what must be there. Each query counts it.
var presences = map[string]string{
	"full nights to come":          `SELECT count(*) FROM room_nights WHERE booked = capacity AND night > '2026-12-01'`,
	"stays of the past":            `SELECT count(*) FROM bookings WHERE date_to < '2026-09-01'`,
	"stays far ahead":              `SELECT count(*) FROM bookings WHERE date_from > '2027-05-01'`,
	"bookings of two rooms":        `SELECT count(*) FROM bookings WHERE rooms = 2`,
	"nights that everybody left":   `SELECT count(*) FROM room_nights WHERE booked = 0 AND price IS NULL`,
	"dearer nights":                `SELECT count(*) FROM rooms WHERE price_ceiling > price`,
	"cheaper nights":               `SELECT count(*) FROM rooms WHERE price_floor < price`,
	"hotels named in Russian":      `SELECT count(*) FROM hotels WHERE title ~ '[а-яё]'`,
	"hotels without a postcode":    `SELECT count(*) FROM hotels WHERE postal_code IS NULL`,
	"hotels of five stars":         `SELECT count(*) FROM hotels WHERE stars = 5`,
	"facilities of hotels":         `SELECT count(*) FROM hotel_facilities`,
	"facilities of rooms":          `SELECT count(*) FROM room_facilities`,
	"notes of guests":              `SELECT count(*) FROM bookings WHERE note IS NOT NULL`,
	"statistics for the planner":   `SELECT count(*) FROM pg_stats WHERE tablename = 'room_nights'`,
	"pages known to be visible":    `SELECT sum(relallvisible) FROM pg_class WHERE relname = 'booking_nights'`,
	"guests with several bookings": `SELECT count(*) FROM (SELECT FROM bookings GROUP BY user_id HAVING count(*) > 3) AS s`,
}

func TestLoadedData(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	sum := load(t, db, 500)
	t.Run("summary", func(t *testing.T) {
		t.Parallel()
		checkSummary(t, db, sum)
	})
	for name, sql := range rules {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if n := query[int64](t, db, sql); n != 0 {
				t.Errorf("%d rows break the rule", n)
			}
		})
	}
	for name, sql := range presences {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if n := query[int64](t, db, sql); n == 0 {
				t.Error("there are none")
			}
		})
	}
	t.Run("cancelled share", func(t *testing.T) {
		t.Parallel()
		share := query[float64](t, db, "SELECT avg((status = 'cancelled')::int)::float8 FROM bookings")
		if share < .06 || share > .1 {
			t.Errorf("%.3f of the bookings are cancelled, want about 0.08", share)
		}
	})
}

// checkSummary compares the summary of a load of 500 hotels with the tables.
func checkSummary(t *testing.T, db *pgxpool.Pool, sum demo.Summary) {
	t.Helper()
	got := demo.Summary{
		Countries: query[int64](t, db, "SELECT count(*) FROM countries"),
		Cities:    query[int64](t, db, "SELECT count(*) FROM cities"),
		Hotels:    query[int64](t, db, "SELECT count(*) FROM hotels"),
		Rooms:     query[int64](t, db, "SELECT count(*) FROM rooms"),
		Guests:    query[int64](t, db, "SELECT count(*) FROM users"),
		Bookings:  query[int64](t, db, "SELECT count(*) FROM bookings"),
		Nights:    query[int64](t, db, "SELECT count(*) FROM booking_nights"),
	}
	got.CitiesLeftOut, got.Elapsed = sum.CitiesLeftOut, sum.Elapsed
	if got != sum {
		t.Errorf("the tables have %+v, the summary says %+v", got, sum)
	}
	if sum.Hotels != 500 || sum.Bookings < 500*10 || sum.Bookings > 500*90 || sum.CitiesLeftOut == 0 {
		t.Errorf("summary = %+v, want 500 hotels with some ten bookings each", sum)
	}
}

// Rows made after a load get ids that are free.
func TestIDsContinue(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	sum := load(t, db, 2)
	const country = "INSERT INTO countries (name, iso_code, currency) VALUES ('Utopia', 'ZZ', 'EUR') RETURNING id"
	const city = `INSERT INTO cities (country_id, name, time_zone) VALUES (1, 'Amaurot', 'UTC') RETURNING id`
	const hotel = `
		INSERT INTO hotels (city_id, title, address, time_zone, currency)
		VALUES (1, 'Inn', '1 Main Street', 'UTC', 'EUR') RETURNING id`
	const room = `
		INSERT INTO rooms (hotel_id, city_id, currency, title, price, price_floor, price_ceiling, quantity, max_guests)
		SELECT id, city_id, currency, 'Attic', 100, 100, 100, 1, 1 FROM hotels WHERE id = 1 RETURNING id`
	const booking = `
		INSERT INTO bookings (room_id, hotel_id, room_title, hotel_title, date_from, date_to, nights, guests, rooms, price, currency)
		VALUES (1, 1, 'Attic', 'Inn', '2027-01-01', '2027-01-02', 1, 1, 1, 100, 'EUR') RETURNING id`
	for _, test := range []struct {
		insert string
		want   int64
	}{
		{country, sum.Countries + 1},
		{city, sum.Cities + 1},
		{"INSERT INTO facilities (title) VALUES ('Moat') RETURNING id", query[int64](t, db, "SELECT max(id) + 1 FROM facilities")},
		{hotel, sum.Hotels + 1},
		{room, sum.Rooms + 1},
		{booking, sum.Bookings + 1},
		{"INSERT INTO users (email) VALUES ('a@b.example') RETURNING id", query[int64](t, db, "SELECT max(id) + 1 FROM users")},
	} {
		if got := query[int64](t, db, test.insert); got != test.want {
			t.Errorf("%s: id %d, want %d", test.insert, got, test.want)
		}
	}
}

func TestAssignManager(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	load(t, db, 300)
	user := query[int64](t, db, "INSERT INTO users (email, role) VALUES ('m@shum.example', 'manager') RETURNING id")
	for range 2 {
		m, err := demo.AssignManager(t.Context(), db, user)
		if err != nil {
			t.Fatal(err)
		}
		if m.City != "Paris" || len(m.Hotels) != 5 {
			t.Errorf("AssignManager = %+v, want five hotels in Paris", m)
		}
		got := query[[]int64](t, db, "SELECT array_agg(hotel_id ORDER BY hotel_id) FROM hotel_managers WHERE user_id = $1", user)
		if len(got) != 5 || got[0] != m.Hotels[0] || got[4] != m.Hotels[4] {
			t.Errorf("hotels of the manager = %v, want %v", got, m.Hotels)
		}
	}
}
