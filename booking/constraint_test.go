package booking

import (
	"strings"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

// TestConstraintsDecide books past the look for full and closed nights, as a booking does whose look was too early,
// and the constraints must refuse it.
func TestConstraintsDecide(t *testing.T) {
	t.Parallel()
	db := pgtest.New(t)
	for _, sql := range []string{
		"INSERT INTO countries (name, iso_code, currency) VALUES ('Country', 'CC', 'RUB')",
		"INSERT INTO cities (country_id, name, time_zone) VALUES (1, 'City', 'UTC')",
		"INSERT INTO hotels (city_id, title, address, time_zone, currency) VALUES (1, 'Hotel', 'Street', 'UTC', 'RUB')",
		`INSERT INTO rooms (hotel_id, city_id, currency, title, price, price_floor, price_ceiling, quantity, max_guests)
		VALUES (1, 1, 'RUB', 'Room', 1, 1, 1, 2, 2)`,
		"INSERT INTO room_nights (room_id, night, capacity, closed) VALUES (1, current_date + 11, 2, true)",
		"INSERT INTO room_nights (room_id, night, capacity, booked) VALUES (1, current_date + 21, 2, 2)",
	} {
		if _, err := db.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	blind := strings.Replace(insertBooking, freeNights, "true", 1)
	today := date.Of(time.Now().UTC())
	for from, want := range map[int]string{
		10: "bookings_nights_check", 11: "bookings_nights_check", 20: "room_nights_booked_check", 30: "",
	} {
		_, err := db.Exec(t.Context(), blind, today.AddDays(from), today.AddDays(from+2), 1, 2, 1, nil, nil, nil, nil)
		if got := pg.Constraint(err); got != want || (err == nil) != (want == "") {
			t.Errorf("a stay from day %d breaks %q (%v), want %q", from, got, err, want)
		}
	}
	var bookings, nights int
	const count = "SELECT (SELECT count(*) FROM bookings), (SELECT count(*) FROM room_nights WHERE booked = 1)"
	if err := db.QueryRow(t.Context(), count).Scan(&bookings, &nights); err != nil || bookings != 1 || nights != 2 {
		t.Errorf("%d bookings hold %d nights, %v; want the last one and its 2 alone", bookings, nights, err)
	}
}
