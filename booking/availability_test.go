package booking_test

import (
	"fmt"
	"net/url"
	"strconv"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/platform/date"
)

// zones at both ends of the calendar: when it is noon in UTC, they have different dates.
const (
	kiritimati = "Pacific/Kiritimati"
	honolulu   = "Pacific/Honolulu"
)

func todayIn(tb testing.TB, zone string) date.Date {
	tb.Helper()
	location, err := time.LoadLocation(zone)
	return date.Of(time.Now().In(must(tb, location, err)))
}

func TestTodayIsTheHotels(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	guest, _ := w.guest()
	city := w.city()
	for _, zone := range []string{kiritimati, honolulu} {
		hotel := w.hotelIn(city, zone)
		room := w.room(hotel, 100, 5, 2)
		here := todayIn(t, zone)
		offered := func(from date.Date) bool {
			for _, h := range searched(guest, query(from, 1, "city_id", fmt.Sprint(city))).Items {
				if h.ID == hotel {
					return true
				}
			}
			return false
		}
		rooms := fmt.Sprintf("/hotels/%d/rooms/available?", hotel)

		b := book(guest, stay(room, here, 1))
		guest.Do("DELETE", path(b), nil).WantProblem(409, "stay_started")
		guest.Do("DELETE", path(book(guest, stay(room, here.AddDays(1), 1))), nil).Want(200)
		guest.Do("POST", "/bookings", stay(room, here.AddDays(-1), 1)).WantProblem(422, "dates_in_past")
		book(guest, stay(room, here.AddDays(500), 1))
		guest.Do("POST", "/bookings", stay(room, here.AddDays(501), 1)).WantProblem(422, "too_far_ahead")
		guest.Do("GET", rooms+query(here.AddDays(-1), 1).Encode(), nil).WantProblem(422, "dates_in_past")
		guest.Do("GET", rooms+query(here.AddDays(501), 1).Encode(), nil).WantProblem(422, "too_far_ahead")
		if found := roomsFree(guest, hotel, query(here, 1)); len(found.Items) != 1 || found.Items[0].Available != 4 {
			t.Errorf("%s: rooms free today = %+v, want 4", zone, found.Items)
		}
		if !offered(here) || !offered(here.AddDays(500)) {
			t.Errorf("%s: not offered on the first and the last day that can be booked", zone)
		}
		if zone == kiritimati && offered(here.AddDays(-1)) {
			t.Errorf("%s: offered yesterday", zone)
		}
		if zone == honolulu && offered(here.AddDays(501)) {
			t.Errorf("%s: offered 501 days ahead", zone)
		}
	}
	search := "/hotels/available?"
	guest.Do("GET", search+query(todayIn(t, "Etc/GMT+12").AddDays(-1), 1, "city_id", "1").Encode(), nil).WantProblem(422, "dates_in_past")
	guest.Do("GET", search+query(todayIn(t, kiritimati).AddDays(501), 1, "city_id", "1").Encode(), nil).WantProblem(422, "too_far_ahead")
}

func TestAvailableRooms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotel := w.hotel()
	guest, _ := w.guest()
	dear, cheap, small := w.room(hotel, 300, 2, 2), w.room(hotel, 200, 5, 2), w.room(hotel, 100, 9, 1)
	book(guest, stay(cheap, soon(), 1).with("rooms", 3))
	book(guest, stay(cheap, soon().AddDays(1), 1))

	found := roomsFree(guest, hotel, query(soon(), 2, "rooms", "1"))
	if len(found.Items) != 2 || found.Items[0].ID != cheap || found.Items[0].Available != 2 ||
		found.Items[0].TotalPrice != 400 || found.Items[1].ID != dear || found.Items[1].Available != 2 {
		t.Errorf("offers = %+v, want room %d with 2 free for 400, then room %d", found.Items, cheap, dear)
	}
	if found := roomsFree(guest, hotel, query(soon(), 1, "rooms", "2")); len(found.Items) != 3 || found.Items[0].ID != small {
		t.Errorf("offers for two rooms = %+v, want all three, room %d first", found.Items, small)
	}
	q := query(soon(), 2, "limit", "1")
	first := roomsFree(guest, hotel, q)
	q.Set("cursor", *first.NextCursor)
	second := roomsFree(guest, hotel, q)
	if len(first.Items) != 1 || len(second.Items) != 1 || second.Items[0].ID != dear || second.NextCursor != nil {
		t.Errorf("pages = %+v and %+v, want one room on each", first, second)
	}
	q.Set("guests", "1")
	guest.Do("GET", fmt.Sprintf("/hotels/%d/rooms/available?%s", hotel, q.Encode()), nil).WantProblem(400, "cursor_invalid")
	guest.Do("GET", "/hotels/999999/rooms/available?"+query(soon(), 1).Encode(), nil).WantProblem(404, "not_found")
}

func TestSearchDefaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	city := w.city()
	near, far := w.hotelIn(city, "UTC"), w.hotelIn(city, "UTC")
	w.exec("UPDATE hotels SET latitude = 10, longitude = 20 WHERE id = $1", near)
	w.exec("UPDATE hotels SET latitude = 10.1, longitude = 20 WHERE id = $1", far)
	w.room(near, 300, 1, 2)
	w.room(far, 200, 1, 2)
	first := func(more ...string) int64 { return searched(w.api, query(soon(), 1, more...)).Items[0].ID }
	if got := first("city_id", fmt.Sprint(city)); got != far {
		t.Errorf("first in the city = %d, want the cheapest, %d", got, far)
	}
	if got := first("lat", "10", "lon", "20", "radius_km", "50"); got != near {
		t.Errorf("first around = %d, want the nearest, %d", got, near)
	}
	if got := first("lat", "10", "lon", "20", "radius_km", "50", "currency", "RUB"); got != far {
		t.Errorf("first around in RUB = %d, want the cheapest, %d", got, far)
	}
	if found := searched(w.api, query(soon(), 1, "city_id", "999999")); len(found.Items) != 0 || found.NextCursor != nil {
		t.Errorf("search of an unknown city = %+v, want nothing", found)
	}
}

func TestSearchRefusesBadParameters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	around := []string{"lat", "10", "lon", "20", "radius_km", "50"}
	for _, test := range []struct {
		name  string
		query url.Values
		code  string
		field string
	}{
		{"no place", query(soon(), 1), "validation_failed", "city_id"},
		{"two places", query(soon(), 1, append(around, "city_id", "1")...), "validation_failed", "city_id"},
		{"half a place", query(soon(), 1, "lat", "1", "lon", "2"), "validation_failed", "city_id"},
		{"distance in a city", query(soon(), 1, "city_id", "1", "sort", "distance"), "validation_failed", "sort"},
		{"price without currency", query(soon(), 1, append(around, "sort", "-price")...), "validation_failed", "currency"},
		{"limit without currency", query(soon(), 1, append(around, "price_max", "1")...), "validation_failed", "currency"},
		{"radius", query(soon(), 1, "lat", "1", "lon", "2", "radius_km", "201"), "validation_failed", "radius_km"},
		{"latitude", query(soon(), 1, "lat", "NaN", "lon", "2", "radius_km", "1"), "validation_failed", "lat"},
		{"longitude", query(soon(), 1, "lat", "1", "lon", "-180.5", "radius_km", "1"), "validation_failed", "lon"},
		{"stars", query(soon(), 1, "city_id", "1", "stars", "6"), "validation_failed", "stars"},
		{"facility", query(soon(), 1, "city_id", "1", "facility_id", "0"), "validation_failed", "facility_id.0"},
		{"sort", query(soon(), 1, "city_id", "1", "sort", "stars"), "validation_failed", "sort"},
		{"price", query(soon(), 1, "city_id", "1", "price_min", "-1"), "validation_failed", "price_min"},
		{"price beyond int64", query(soon(), 1, "city_id", "1", "price_min", "9223372036854775808"), "validation_failed", "price_min"},
		{"reversed", query(soon(), -1, "city_id", "1"), "validation_failed", "date_to"},
		{"too long", query(soon(), 31, "city_id", "1"), "stay_too_long", "date_to"},
		{"infinity", url.Values{"date_from": {"infinity"}, "date_to": {"infinity"}, "city_id": {"1"}}, "validation_failed", "date_from"},
	} {
		p := w.api.Do("GET", "/hotels/available?"+test.query.Encode(), nil).WantProblem(422, test.code)
		if len(p.Errors) == 0 || p.Errors[0].Field != test.field || p.Errors[0].In != "query" {
			t.Errorf("%s: errors = %+v, want one about %s", test.name, p.Errors, test.field)
		}
	}
	wrong := query(soon(), -1)
	wrong.Set("guests", "0")
	all := w.api.Do("GET", "/hotels/available?"+wrong.Encode(), nil).WantProblem(422, "validation_failed")
	if len(all.Errors) != 3 {
		t.Errorf("errors = %+v, want those of guests, the place and the dates", all.Errors)
	}
	// The greatest numbers that are allowed must not overflow anything.
	q := query(soon(), 30, "city_id", "1", "price_min", "9223372036854775807", "price_max", "9223372036854775807", "rooms", "100")
	for _, sort := range []string{"price", "-price", "title"} {
		q.Set("sort", sort)
		searched(w.api, q)
	}
}

func TestDearestRoomsDoNotOverflow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	city := w.city()
	room := w.room(w.hotelIn(city, "UTC"), 1e12, 100, 1)
	guest, _ := w.guest()
	b := book(guest, stay(room, soon(), 30).with("rooms", 100))
	if b.Price != 30*100*1e12 {
		t.Errorf("price = %d, want 3e15", b.Price)
	}
	guest.Do("DELETE", path(b), nil).Want(200)
	found := searched(guest, query(soon(), 30, "city_id", strconv.FormatInt(city, 10), "rooms", "100"))
	if len(found.Items) != 1 || found.Items[0].MinTotalPrice != 30*100*1e12 {
		t.Errorf("search = %+v, want 3e15", found.Items)
	}
}

// Tiny differences of coordinates underflow in PostgreSQL, which is an error there.
func TestSearchNextToNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotel := w.hotel()
	w.room(hotel, 100, 1, 2)
	w.exec("UPDATE hotels SET latitude = 0, longitude = 0 WHERE id = $1", hotel)
	guest, _ := w.guest()
	for _, tiny := range []string{"5e-324", "-5e-324", "1e-200", "1e-9"} {
		for _, centre := range [][]string{{"lat", tiny, "lon", "0"}, {"lat", "0", "lon", tiny}, {"lat", tiny, "lon", tiny}} {
			q := query(soon(), 1, append(centre, "radius_km", "1")...)
			var found struct{ Items []struct{ ID int64 } }
			guest.Do("GET", "/hotels/available?"+q.Encode(), nil).Want(200).Decode(&found)
			if len(found.Items) != 1 {
				t.Errorf("%v: %d hotels, want the one that is there", centre, len(found.Items))
			}
		}
	}
}
