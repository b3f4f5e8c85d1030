package booking_test

import (
	"fmt"
	"testing"

	"github.com/shumbooking/shumbooking/booking"
	"github.com/shumbooking/shumbooking/catalog"
)

type nightList struct {
	Items []booking.RoomNight `json:"items"`
}

func roomPath(hotel, room int64) string { return fmt.Sprintf("/hotels/%d/rooms/%d", hotel, room) }

func nightsPath(hotel, room int64, days int) string {
	return fmt.Sprintf("%s/nights?from=%v&to=%v", roomPath(hotel, room), soon(), soon().AddDays(days))
}

func TestQuantityStaysAboveWhatIsBooked(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotel := w.hotel()
	room := w.room(hotel, 100, 5, 2)
	guest, _ := w.guest()
	staff, _ := w.manager(hotel)
	past := book(guest, stay(room, soon(), 1).with("rooms", 5))
	w.moveStay(past, today().AddDays(-1))
	book(guest, stay(room, soon(), 2).with("rooms", 3))
	book(guest, stay(room, soon().AddDays(4), 1).with("rooms", 4))

	p := staff.Do("PATCH", roomPath(hotel, room), body{"quantity": 2}).WantProblem(409, "quantity_below_booked")
	want := fmt.Sprint([]any{soon().String(), soon().AddDays(1).String(), soon().AddDays(4).String()})
	if got := fmt.Sprint(p.Members["nights"]); got != want {
		t.Errorf("nights = %s, want %s", got, want)
	}
	staff.Do("PATCH", roomPath(hotel, room), body{"quantity": 3}).WantProblem(409, "quantity_below_booked")
	staff.Do("PATCH", roomPath(hotel, room), body{"quantity": 4}).Want(200)
	guest.Do("POST", "/bookings", stay(room, soon(), 1).with("rooms", 2)).WantProblem(409, "room_not_available")
	book(guest, stay(room, soon(), 1))
	staff.Do("PATCH", roomPath(hotel, room), body{"quantity": 6}).Want(200)
	book(guest, stay(room, soon(), 1).with("rooms", 2))
}

func TestReplaceAndPatchRoom(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotel, other := w.hotel(), w.hotel()
	room := w.room(hotel, 100, 5, 2)
	staff, _ := w.manager(hotel)
	guest, _ := w.guest()
	full := body{"title": "Suite", "price": 900, "quantity": 2, "max_guests": 4, "description": "Wide"}
	var got catalog.Room
	staff.Do("PUT", roomPath(hotel, room), full).Want(200).Decode(&got)
	if got.Title != "Suite" || got.Price != 900 || got.Quantity != 2 || got.MaxGuests != 4 || got.Description != "Wide" {
		t.Errorf("PUT = %+v, want what was sent", got)
	}
	staff.Do("PATCH", roomPath(hotel, room), body{"price": 50}).Want(200).Decode(&got)
	if got.Title != "Suite" || got.Price != 50 {
		t.Errorf("PATCH = %+v, want the price changed only", got)
	}
	if b := book(guest, stay(room, soon(), 2)); b.Price != 100 {
		t.Errorf("price = %d, want 100", b.Price)
	}
	for _, bad := range []body{{"price": -1}, {"price": 1e12 + 1}, {"quantity": 10001}, {"max_guests": 0}, {"title": " "}, {"title": nil}, {"rooms": 1}, {"facility_ids": []int{99999}}} {
		staff.Do("PATCH", roomPath(hotel, room), bad).WantProblem(422, "validation_failed")
	}
	for _, method := range []string{"PUT", "PATCH", "DELETE"} {
		var sent any = full
		if method == "DELETE" {
			sent = nil
		}
		stranger, _ := w.manager(other)
		stranger.Do(method, roomPath(hotel, room), sent).WantProblem(404, "not_found")
		stranger.Do(method, roomPath(other, room), sent).WantProblem(404, "not_found")
		guest.Do(method, roomPath(hotel, room), sent).WantProblem(403, "forbidden")
		w.api.Do(method, roomPath(hotel, room), sent).Want(401)
	}
}

func TestDeleteRoomAndHotel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	city := w.city()
	hotel := w.hotelIn(city, "UTC")
	fresh, live, past := w.room(hotel, 100, 1, 2), w.room(hotel, 100, 1, 2), w.room(hotel, 100, 1, 2)
	guest, _ := w.guest()
	staff, _ := w.manager(hotel)
	admin := w.admin()
	b := book(guest, stay(live, soon(), 2))
	over := book(guest, stay(past, soon(), 2))
	w.moveStay(over, today().AddDays(-2))
	count := func(sql string, id int64) (n int) {
		must(t, 0, w.db.QueryRow(t.Context(), "SELECT count(*) FROM "+sql, id).Scan(&n))
		return n
	}

	staff.Do("DELETE", roomPath(hotel, fresh), nil).Want(204)
	staff.Do("DELETE", roomPath(hotel, fresh), nil).WantProblem(404, "not_found")
	staff.Do("DELETE", roomPath(hotel, live), nil).WantProblem(409, "has_live_bookings")
	staff.Do("DELETE", roomPath(hotel, past), nil).Want(204)
	if gone, kept := count("rooms WHERE id = $1", fresh), count("rooms WHERE id = $1 AND archived_at IS NOT NULL", past); gone != 0 || kept != 1 {
		t.Errorf("%d rows of the fresh room and %d of the archived one, want 0 and 1", gone, kept)
	}
	guest.Do("GET", path(over), nil).Want(200)

	staff.Do("DELETE", fmt.Sprintf("/hotels/%d", hotel), nil).WantProblem(403, "forbidden")
	admin.Do("DELETE", fmt.Sprintf("/hotels/%d", hotel), nil).WantProblem(409, "has_live_bookings")
	guest.Do("DELETE", path(b), nil).Want(200)
	admin.Do("DELETE", fmt.Sprintf("/hotels/%d", hotel), nil).Want(204)
	admin.Do("DELETE", fmt.Sprintf("/hotels/%d", hotel), nil).WantProblem(404, "not_found")
	if n := count("hotels WHERE id = $1 AND archived_at IS NOT NULL", hotel); n != 1 {
		t.Errorf("%d archived hotels, want 1", n)
	}
	guest.Do("POST", "/bookings", stay(live, soon(), 2)).WantProblem(404, "not_found")
	guest.Do("GET", fmt.Sprintf("/hotels/%d/rooms/available?%s", hotel, query(soon(), 1).Encode()), nil).WantProblem(404, "not_found")
	if found := searched(guest, query(soon(), 1, "city_id", fmt.Sprint(city))); len(found.Items) != 0 {
		t.Errorf("search finds %+v, want nothing", found.Items)
	}

	empty := w.hotelIn(city, "UTC")
	w.room(empty, 100, 1, 2)
	admin.Do("DELETE", fmt.Sprintf("/hotels/%d", empty), nil).Want(204)
	if n := count("hotels WHERE id = $1", empty); n != 0 {
		t.Error("a hotel that was never booked is still there")
	}
}

func TestNightsArePricedAndClosed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotel := w.hotel()
	room := w.room(hotel, 100, 5, 2)
	staff, _ := w.manager(hotel)
	guest, _ := w.guest()
	bounds := func() (floor, ceiling int64) {
		must(t, 0, w.db.QueryRow(t.Context(), "SELECT price_floor, price_ceiling FROM rooms WHERE id = $1", room).Scan(&floor, &ceiling))
		return floor, ceiling
	}
	patch := func(days int, b body) nightList {
		var list nightList
		staff.Do("PATCH", nightsPath(hotel, room, days), b).Want(200).Decode(&list)
		return list
	}

	list := patch(2, body{"price": 250})
	if len(list.Items) != 2 || *list.Items[1].Price != 250 || list.Items[1].Closed || list.Items[1].Capacity != 5 {
		t.Errorf("nights = %+v, want two at 250", list.Items)
	}
	if b := book(guest, stay(room, soon().AddDays(1), 2).with("rooms", 2)); b.Price != 2*(250+100) || b.Nightly[0].Price != 500 {
		t.Errorf("booking costs %d (%+v), want 700", b.Price, b.Nightly)
	}
	if floor, ceiling := bounds(); floor != 100 || ceiling != 250 {
		t.Errorf("bounds = %d to %d, want 100 to 250", floor, ceiling)
	}
	patch(1, body{"closed": true})
	list = patch(3, body{})
	if *list.Items[0].Price != 250 || !list.Items[0].Closed || list.Items[1].Closed || list.Items[1].Booked != 2 || list.Items[2].Price != nil {
		t.Errorf("nights = %+v, want the first closed at 250 and the second with 2 booked", list.Items)
	}
	guest.Do("POST", "/bookings", stay(room, soon(), 1)).WantProblem(409, "room_not_available")
	patch(1, body{"closed": false, "price": 0})
	if b := book(guest, stay(room, soon(), 1)); b.Price != 0 {
		t.Errorf("booking costs %d, want 0", b.Price)
	}
	staff.Do("PATCH", roomPath(hotel, room), body{"price": 120}).Want(200)
	if floor, ceiling := bounds(); floor != 0 || ceiling != 250 {
		t.Errorf("bounds = %d to %d, want 0 to 250", floor, ceiling)
	}
	patch(3, body{"price": nil})
	if floor, ceiling := bounds(); floor != 120 || ceiling != 120 {
		t.Errorf("bounds = %d to %d, want 120 alone", floor, ceiling)
	}
	var read nightList
	staff.Do("GET", nightsPath(hotel, room, 3), nil).Want(200).Decode(&read)
	if len(read.Items) != 3 || read.Items[0].Booked != 1 || read.Items[0].Price != nil || read.Items[2].Date != soon().AddDays(2) {
		t.Errorf("nights = %+v", read.Items)
	}
	w.wantNoDrift()
}

func TestNightsRefuse(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotel, other := w.hotel(), w.hotel()
	room := w.room(hotel, 100, 5, 2)
	staff, _ := w.manager(hotel)
	stranger, _ := w.manager(other)
	guest, _ := w.guest()
	url := func(from, to int) string {
		return fmt.Sprintf("%s/nights?from=%v&to=%v", roomPath(hotel, room), today().AddDays(from), today().AddDays(to))
	}
	staff.Do("PATCH", url(-1, 1), body{"closed": true}).WantProblem(422, "dates_in_past")
	staff.Do("PATCH", url(500, 531), body{"closed": true}).WantProblem(422, "too_far_ahead")
	staff.Do("PATCH", url(500, 530), body{"closed": true}).Want(200)
	staff.Do("PATCH", url(1, 1), body{"closed": true}).WantProblem(422, "validation_failed")
	staff.Do("PATCH", url(1, 368), body{"closed": true}).WantProblem(422, "validation_failed")
	staff.Do("PATCH", url(1, 2), body{"price": -1}).WantProblem(422, "validation_failed")
	if p := staff.Do("PATCH", url(2, 1), body{"price": -1}).WantProblem(422, "validation_failed"); len(p.Errors) != 2 {
		t.Errorf("errors = %+v, want those of the price and the dates", p.Errors)
	}
	staff.Do("PATCH", url(1, 2), body{"price": 1e12 + 1}).WantProblem(422, "validation_failed")
	staff.Do("PATCH", url(1, 2), body{"booked": 1}).WantProblem(422, "validation_failed")
	staff.Do("GET", url(-300, 66), nil).Want(200)
	staff.Do("GET", url(-300, 67), nil).WantProblem(422, "validation_failed")
	staff.Do("GET", fmt.Sprintf("%s/nights?from=2027-01-01&to=9999-12-31", roomPath(hotel, room)), nil).WantProblem(422, "validation_failed")
	staff.Do("GET", roomPath(hotel, room)+"/nights", nil).WantProblem(422, "validation_failed")
	stranger.Do("PATCH", url(1, 2), body{"closed": true}).WantProblem(404, "not_found")
	stranger.Do("GET", url(1, 2), nil).WantProblem(404, "not_found")
	stranger.Do("GET", nightsPath(other, room, 1), nil).WantProblem(404, "not_found")
	guest.Do("PATCH", url(1, 2), body{"closed": true}).WantProblem(403, "forbidden")
}

// A hotel that moves to the west gets a day back, with the quantity that its room has now.
func TestQuantityReachesNightsThatComeBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotel := w.hotel()
	room := w.room(hotel, 100, 5, 2)
	guest, _ := w.guest()
	book(guest, stay(room, today(), 1).with("rooms", 3))
	staff, _ := w.manager(hotel)
	w.exec("UPDATE hotels SET time_zone = 'Pacific/Kiritimati' WHERE id = $1", hotel)
	staff.Do("PATCH", roomPath(hotel, room), body{"quantity": 1})
	w.exec("UPDATE hotels SET time_zone = 'UTC' WHERE id = $1", hotel)
	var quantity, capacity int
	must(t, 0, w.db.QueryRow(t.Context(), "SELECT quantity FROM rooms WHERE id = $1", room).Scan(&quantity))
	must(t, 0, w.db.QueryRow(t.Context(), "SELECT capacity FROM room_nights WHERE room_id = $1", room).Scan(&capacity))
	if quantity == 1 {
		// The day had begun there: the change was allowed, and nothing more can be sold on the night that came back.
		guest.Do("POST", "/bookings", stay(room, today(), 1)).WantProblem(409, "room_not_available")
	}
	if want := max(quantity, 3); capacity != want {
		t.Errorf("capacity = %d with quantity %d, want %d", capacity, quantity, want)
	}
}
