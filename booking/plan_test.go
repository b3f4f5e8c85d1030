package booking

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/page"
	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

// The tests of this file look at plans on a city of 3,000 hotels among 3,000 others, under the generic plans that
// requests get.
const planHotels = 3000

func newPlanDB(t *testing.T) *pgxpool.Pool {
	t.Helper()
	db := pgtest.New(t)
	conn, err := db.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	for _, sql := range []string{"SET statement_timeout = 0", `
INSERT INTO countries (name, iso_code, currency) VALUES ('Country', 'CC', 'RUB')`, `
INSERT INTO cities (country_id, name, time_zone) SELECT 1, 'City ' || i, 'UTC' FROM generate_series(1, 101) AS i`, fmt.Sprintf(`
INSERT INTO hotels (city_id, title, address, time_zone, currency, latitude, longitude, stars)
SELECT CASE WHEN i <= %[1]d THEN 1 ELSE 2 + i %% 100 END, 'Hotel ' || md5(i::text), 'Street', 'UTC', 'RUB',
	(i %% 80) / 100.0, (i %% 91) / 100.0, i %% 6
FROM generate_series(1, 2 * %[1]d) AS i`, planHotels), `
INSERT INTO rooms (hotel_id, city_id, currency, title, price, price_floor, price_ceiling, quantity, max_guests)
SELECT h.id, h.city_id, 'RUB', 'Room', p.price, least(p.price), greatest(p.price), 5, 2
FROM hotels h CROSS JOIN generate_series(1, 3) AS i CROSS JOIN LATERAL (SELECT 100000 + (h.id * 7919 + i * 104729) % 900000 AS price) AS p`, `
INSERT INTO room_nights (room_id, night, booked, capacity)
SELECT r.id, current_date + i, 1, 5 FROM rooms r CROSS JOIN generate_series(1, 8) AS i`, `
INSERT INTO users (email, role) SELECT 'user' || i || '@example.com', 'guest' FROM generate_series(1, 500) AS i`, `
INSERT INTO bookings (room_id, hotel_id, room_title, hotel_title, user_id, date_from, date_to, nights, guests, rooms, price, currency)
SELECT 1 + i % 9000, 1 + i % 6000, 'Room', 'Hotel', 1 + i % 500, current_date - i % 400, current_date - i % 400 + 2, 2, 2, 1, 100, 'RUB'
FROM generate_series(1, 30000) AS i`, `
INSERT INTO booking_nights (booking_id, night, price) SELECT id, date_from + i, 50 FROM bookings CROSS JOIN generate_series(0, 1) AS i`, `
INSERT INTO hotel_managers (hotel_id, user_id) SELECT i, 1 FROM generate_series(1, 3) AS i`,
		"VACUUM ANALYZE", "RESET statement_timeout",
	} {
		if _, err := conn.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	return db
}

// A planNode is a step of a plan that was run.
type planNode struct {
	Type    string  `json:"Node Type"`
	Table   string  `json:"Relation Name"`
	Alias   string  `json:"Alias"`
	Index   string  `json:"Index Name"`
	Rows    float64 `json:"Actual Rows"`
	Loops   float64 `json:"Actual Loops"`
	Removed float64 `json:"Rows Removed by Filter"`
	Plans   []planNode
}

// explain runs sql under a generic plan and returns all steps of it.
func explain(t *testing.T, db *pgxpool.Pool, sql string, args ...any) []planNode {
	t.Helper()
	conn, err := db.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	tx, err := conn.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	literals := make([]string, len(args))
	for i, arg := range args {
		literals[i] = literal(t, arg)
	}
	name := fmt.Sprintf("plan_%d", time.Now().UnixNano())
	if _, err := tx.Exec(t.Context(), "PREPARE "+name+" AS "+sql); err != nil {
		t.Fatal(err)
	}
	var plan []byte
	err = tx.QueryRow(t.Context(), "EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE "+name+"("+strings.Join(literals, ", ")+")").Scan(&plan)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(plan), `"JIT"`) {
		t.Errorf("the plan is compiled, which takes longer than running it: %s", plan)
	}
	var roots []struct{ Plan planNode }
	if err := json.Unmarshal(plan, &roots); err != nil {
		t.Fatal(err)
	}
	return flatten(roots[0].Plan)
}

func flatten(n planNode) []planNode {
	all := []planNode{n}
	for _, child := range n.Plans {
		all = append(all, flatten(child)...)
	}
	return all
}

func literal(t *testing.T, v any) string {
	t.Helper()
	switch v := v.(type) {
	case date.Date, string:
		return fmt.Sprintf("'%v'", v)
	case int, int64, float64:
		return fmt.Sprint(v)
	case pgtype.Box:
		return fmt.Sprintf("'(%v,%v),(%v,%v)'", v.P[0].X, v.P[0].Y, v.P[1].X, v.P[1].Y)
	}
	t.Fatalf("no literal of a %T", v)
	return ""
}

// wantShort fails the test if a step on a large table reads it all, or looks at more rows than most.
func wantShort(t *testing.T, nodes []planNode, most float64) {
	t.Helper()
	for _, n := range nodes {
		switch n.Table {
		case "rooms", "room_nights", "hotels", "bookings", "booking_nights", "hotel_facilities":
			if n.Type == "Seq Scan" && n.Loops > 0 {
				t.Errorf("%s (%s) is read as a whole", n.Table, n.Alias)
			}
			if looked := (n.Rows + n.Removed) * n.Loops; looked > most {
				t.Errorf("%s %s on %s (%s) looks at %v rows, want at most %v", n.Type, n.Index, n.Table, n.Alias, looked, most)
			}
		}
	}
}

func wantIndex(t *testing.T, nodes []planNode, index string) {
	t.Helper()
	for _, n := range nodes {
		if n.Index == index && n.Loops > 0 {
			return
		}
	}
	t.Errorf("the plan does not use %s: %+v", index, nodes)
}

// TestPlans shares one database among the tests of plans, which do not change it.
func TestPlans(t *testing.T) {
	t.Parallel()
	db := newPlanDB(t)
	for name, look := range map[string]func(*testing.T, *pgxpool.Pool){
		"search": lookAtSearches, "list": lookAtLists, "book": lookAtBooking,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			look(t, db)
		})
	}
}

// lookAtSearches checks that a page of a large city is found without reading the city, whatever is filtered.
func lookAtSearches(t *testing.T, db *pgxpool.Pool) {
	t.Helper()
	from := date.Of(time.Now().UTC()).AddDays(5)
	params := func() *SearchParams {
		return &SearchParams{Params: page.Params{Limit: 20}, DateFrom: from, DateTo: from.AddDays(3), Guests: 2, Rooms: 1, CityID: new(int64(1))}
	}
	around := func(p *SearchParams) {
		p.CityID, p.Latitude, p.Longitude, p.RadiusKM, p.Currency = nil, new(0.4), new(0.4), new(5.0), new("RUB")
	}
	for _, test := range []struct {
		name   string
		change func(*SearchParams)
		index  string
		most   float64
	}{
		{"price", func(*SearchParams) {}, "rooms_cheapest_idx", 1000},
		// The dearest rooms are seldom the cheapest of their hotels, so that this walk is a long one.
		{"falling price", func(p *SearchParams) { p.Sort = sortPriceFalling }, "rooms_dearest_idx", 30_000},
		{"price and currency", func(p *SearchParams) { p.Currency = new("RUB") }, "rooms_cheapest_idx", 1000},
		{"price limits", func(p *SearchParams) { p.PriceMin, p.PriceMax = new(int64(360_000)), new(int64(900_000)) }, "rooms_cheapest_idx", 1500},
		{"stars", func(p *SearchParams) { p.Stars = new(3) }, "rooms_cheapest_idx", 1500},
		{"title", func(p *SearchParams) { p.Sort = sortTitle }, "hotels_city_title_idx", 1000},
		{"today", func(p *SearchParams) { p.DateFrom = date.Of(time.Now().UTC()) }, "rooms_cheapest_idx", 1000},
		{"distance", func(p *SearchParams) { around(p); p.Sort = sortDistance }, "hotels_location_idx", 1000},
		{"price around", func(p *SearchParams) { around(p); p.Sort = sortPrice }, "hotels_location_idx", 1500},
	} {
		t.Run(test.name, func(t *testing.T) {
			p := params()
			test.change(p)
			q, err := newSearch(p, time.Now())
			if err != nil {
				t.Fatal(err)
			}
			var walk *pg.Statement
			switch q.Sort {
			case sortTitle, sortDistance:
				walk = q.walkHotels(nil, 21)
			case sortPriceFalling:
				walk = q.walkRooms(descending(), stretch{limit: 21})
			default:
				walk = q.walkRooms(ascending(), stretch{limit: 21})
			}
			nodes := explain(t, db, walk.String(), walk.Args()...)
			if nodes[0].Rows != 21 {
				t.Errorf("%v hits, want 21", nodes[0].Rows)
			}
			wantIndex(t, nodes, test.index)
			wantShort(t, nodes, test.most)
		})
	}
}

// lookAtLists checks that each list of bookings finds its newest by an index.
func lookAtLists(t *testing.T, db *pgxpool.Pool) {
	t.Helper()
	for _, test := range []struct {
		name, index string
		params      ListParams
	}{
		{"all", "bookings_date_from_idx", ListParams{}},
		{"hotel", "bookings_hotel_id_idx", ListParams{HotelID: new(int64(7))}},
		{"room", "bookings_room_id_idx", ListParams{RoomID: new(int64(7))}},
		{"user", "bookings_user_id_idx", ListParams{UserID: new(int64(7))}},
		{"dates", "bookings_date_from_idx", ListParams{From: new(date.Of(time.Now()).AddDays(-300)), To: new(date.Of(time.Now()).AddDays(-298))}},
		{"reference", "bookings_pkey", ListParams{Reference: new(reference(77))}},
		{"cancelled", "bookings_cancelled_idx", ListParams{Status: Cancelled}},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.params.Limit = 20
			q := test.params.ofAll(nil)
			nodes := explain(t, db, q.String(), q.Args()...)
			wantIndex(t, nodes, test.index)
			wantShort(t, nodes, 500)
		})
	}
	t.Run("manager", func(t *testing.T) {
		p := ListParams{Params: page.Params{Limit: 20}}
		q := p.ofManager(nil, 1)
		nodes := explain(t, db, q.String(), q.Args()...)
		wantIndex(t, nodes, "bookings_hotel_id_idx")
		wantShort(t, nodes, 500)
	})
	t.Run("mine", func(t *testing.T) {
		q := ofUser(nil, 1, 20)
		nodes := explain(t, db, q.String(), q.Args()...)
		wantIndex(t, nodes, "bookings_user_id_idx")
		wantShort(t, nodes, 500)
	})
}

// lookAtBooking checks that a booking touches nothing but its room, its nights and its guest's bookings.
func lookAtBooking(t *testing.T, db *pgxpool.Pool) {
	t.Helper()
	from := date.Of(time.Now().UTC()).AddDays(5)
	nodes := explain(t, db, insertGuestBooking, from, from.AddDays(3), 1, 2, int64(77), int64(7), "Name", "Phone", "Note")
	wantIndex(t, nodes, "bookings_user_id_idx")
	wantShort(t, nodes, 100)
}
