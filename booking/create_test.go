package booking_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/booking"
)

func TestBookSeeCancel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotel := w.hotel()
	room := w.room(hotel, 350000, 3, 2)
	guest, id := w.guest()

	res := guest.Do("POST", "/bookings", stay(room, soon(), 2).with("rooms", 2).with("note", "late"))
	var made booking.Booking
	res.Want(201).Decode(&made)
	if got, want := res.Header.Get("Location"), fmt.Sprintf("/bookings/%d", made.ID); got != want {
		t.Errorf("Location = %q, want %q", got, want)
	}
	if made.Status != booking.Confirmed || *made.UserID != id || made.Price != 2*2*350000 || made.Currency != "RUB" ||
		made.HotelID != hotel || made.Rooms != 2 || len(made.Reference) != 8 || *made.Note != "late" {
		t.Errorf("booking = %+v", made)
	}
	if len(made.Nightly) != 2 || made.Nightly[0] != (booking.Night{Date: soon(), Price: 700000}) ||
		made.Nightly[1] != (booking.Night{Date: soon().AddDays(1), Price: 700000}) {
		t.Errorf("nightly = %+v, want 700000 on two nights", made.Nightly)
	}
	var seen booking.Booking
	seenBody := guest.Do("GET", fmt.Sprintf("/bookings/%d", made.ID), nil).Want(200)
	seenBody.Decode(&seen)
	if string(seenBody.Body) != string(res.Body) {
		t.Errorf("GET = %s, want %s", seenBody.Body, res.Body)
	}
	var gone booking.Booking
	guest.Do("DELETE", fmt.Sprintf("/bookings/%d", made.ID), nil).Want(200).Decode(&gone)
	if gone.Status != booking.Cancelled || gone.CancelledAt == nil || gone.Price != made.Price || len(gone.Nightly) != 2 {
		t.Errorf("cancelled booking = %+v", gone)
	}
	if found := roomsFree(guest, hotel, query(soon(), 2)); len(found.Items) != 1 || found.Items[0].Available != 3 {
		t.Errorf("available after cancelling = %+v, want 3", found.Items)
	}
	w.wantNoDrift()
	if c, d := w.metric("bookings_created_total"), w.metric("bookings_cancelled_total"); c != 1 || d != 1 {
		t.Errorf("metrics count %v created and %v cancelled, want 1 and 1", c, d)
	}
}

func TestCreateRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotel := w.hotel()
	room := w.room(hotel, 100, 2, 2)
	other := w.room(hotel, 100, 2, 2)
	archived := w.room(hotel, 100, 2, 2)
	w.exec("UPDATE rooms SET archived_at = now() WHERE id = $1", archived)
	guest, _ := w.guest()
	_, stranger := w.guest()
	book(guest, stay(other, soon().AddDays(1), 1).with("rooms", 2).with("guests", 4))
	w.exec(`INSERT INTO room_nights (room_id, night, capacity, closed) VALUES ($1, $2, 2, true)`, other, soon().AddDays(3))
	good := stay(room, soon(), 2)

	for _, test := range []struct {
		name   string
		body   any
		status int
		code   string
		field  string
	}{
		{"unknown room", good.with("room_id", 1<<40), 404, "not_found", ""},
		{"archived room", good.with("room_id", archived), 404, "not_found", ""},
		{"past", stay(room, today().AddDays(-1), 2), 422, "dates_in_past", "date_from"},
		{"long past", good.with("date_from", "0001-01-01").with("date_to", "0001-01-02"), 422, "dates_in_past", "date_from"},
		{"too far", stay(room, today().AddDays(501), 1), 422, "too_far_ahead", "date_from"},
		{"last year", good.with("date_from", "9999-12-30").with("date_to", "9999-12-31"), 422, "too_far_ahead", "date_from"},
		{"too long", stay(room, soon(), 31), 422, "stay_too_long", "date_to"},
		{"years long", good.with("date_to", "9999-12-31"), 422, "stay_too_long", "date_to"},
		{"equal dates", stay(room, soon(), 0), 422, "validation_failed", "date_to"},
		{"reversed dates", stay(room, soon(), -1), 422, "validation_failed", "date_to"},
		{"too many guests", good.with("guests", 3), 422, "too_many_guests", "guests"},
		{"more rooms than there are", good.with("rooms", 3), 409, "room_not_available", ""},
		{"full night", stay(other, soon(), 2), 409, "room_not_available", ""},
		{"closed night", stay(other, soon().AddDays(2), 2), 409, "room_not_available", ""},
		{"for someone else", good.with("user_id", stranger), 403, "forbidden", ""},
		{"no guests", good.with("guests", 0), 422, "validation_failed", "guests"},
		{"rooms overflow", good.with("rooms", 101), 422, "validation_failed", "rooms"},
		{"guests beyond int64", `{"room_id":1,"date_from":"2030-01-01","date_to":"2030-01-02","guests":9223372036854775808}`, 422, "validation_failed", "guests"},
		{"float", good.with("guests", 1.5), 422, "validation_failed", "guests"},
		{"no such day", good.with("date_from", "2027-02-29"), 422, "validation_failed", "date_from"},
		{"infinity", good.with("date_to", "infinity"), 422, "validation_failed", "date_to"},
		{"year 10000", good.with("date_to", "10000-01-01"), 422, "validation_failed", "date_to"},
		{"long note", good.with("note", strings.Repeat("x", 1001)), 422, "validation_failed", "note"},
		{"blank name", good.with("guest_name", "  "), 422, "validation_failed", "guest_name"},
		{"unknown key", good.with("nights", 2), 422, "validation_failed", "nights"},
		{"nothing", body{}, 422, "validation_failed", "date_from"},
	} {
		p := guest.Do("POST", "/bookings", test.body).WantProblem(test.status, test.code)
		if test.field != "" && (len(p.Errors) == 0 || p.Errors[0].Field != test.field || p.Errors[0].In != "body") {
			t.Errorf("%s: errors = %+v, want one about %s in the body", test.name, p.Errors, test.field)
		}
	}
	if n := w.metric("bookings_created_total"); n != 1 {
		t.Errorf("%v bookings made, want only the first", n)
	}
	var touched int
	must(t, 0, w.db.QueryRow(t.Context(), "SELECT count(*) FROM room_nights").Scan(&touched))
	if touched != 2 {
		t.Errorf("%d nights touched, want 2: refusals must write nothing", touched)
	}
}

func TestRefusalNamesTheNights(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	room := w.room(w.hotel(), 100, 1, 2)
	guest, _ := w.guest()
	book(guest, stay(room, soon().AddDays(1), 1))
	w.exec(`INSERT INTO room_nights (room_id, night, capacity, closed) VALUES ($1, $2, 1, true)`, room, soon().AddDays(3))

	p := guest.Do("POST", "/bookings", stay(room, soon(), 5)).WantProblem(409, "room_not_available")
	want := fmt.Sprint([]any{soon().AddDays(1).String(), soon().AddDays(3).String()})
	if got := fmt.Sprint(p.Members["nights"]); got != want {
		t.Errorf("nights = %s, want %s", got, want)
	}
}

func TestAllBrokenRulesAreTold(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	room := w.room(w.hotel(), 100, 1, 2)
	guest, _ := w.guest()
	p := guest.Do("POST", "/bookings", stay(room, today().AddDays(-3), 1).with("guests", 9)).WantProblem(422, "dates_in_past")
	if len(p.Errors) != 2 || p.Errors[1].Code != "too_many_guests" {
		t.Errorf("errors = %+v, want dates_in_past and too_many_guests", p.Errors)
	}
}

func TestGuestHasTenBookingsANight(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotel := w.hotel()
	room := w.room(hotel, 100, 100, 2)
	guest, id := w.guest()
	// Short stays inside a long one overlap it without ever being ten on one night.
	for i := range 9 {
		book(guest, stay(room, soon().AddDays(i), 1))
	}
	long := book(guest, stay(room, soon(), 9))
	for range 8 {
		book(guest, stay(room, soon(), 1))
	}
	guest.Do("POST", "/bookings", stay(room, soon().AddDays(-1), 3)).WantProblem(409, "too_many_bookings")
	book(guest, stay(room, soon().AddDays(-1), 1))
	other, _ := w.guest()
	book(other, stay(room, soon(), 1))
	staff, _ := w.manager(hotel)
	book(staff, stay(room, soon(), 1).with("user_id", id))
	guest.Do("DELETE", fmt.Sprintf("/bookings/%d", long.ID), nil).Want(200)
	guest.Do("POST", "/bookings", stay(room, soon(), 1)).WantProblem(409, "too_many_bookings")
	book(guest, stay(room, soon().AddDays(1), 1))
}

func TestStaffBookForOthers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotel, foreign := w.hotel(), w.hotel()
	room, foreignRoom := w.room(hotel, 100, 50, 2), w.room(foreign, 100, 50, 2)
	_, guestID := w.guest()
	disabled := w.user(auth.Guest)
	w.exec("UPDATE users SET disabled_at = now() WHERE id = $1", disabled)
	staff, staffID := w.manager(hotel)
	admin := w.admin()

	holder := func(b booking.Booking) string {
		if b.UserID == nil {
			return "nobody"
		}
		return fmt.Sprint(*b.UserID)
	}
	named := func(room int64) body { return stay(room, soon(), 1).with("guest_name", "Anna") }
	if got := holder(book(staff, stay(room, soon(), 1).with("user_id", guestID))); got != fmt.Sprint(guestID) {
		t.Errorf("booking for a user is of %s, want %d", got, guestID)
	}
	if got := holder(book(staff, named(room))); got != "nobody" {
		t.Errorf("booking of a named guest is of %s, want nobody", got)
	}
	if got := holder(book(staff, named(foreignRoom))); got != fmt.Sprint(staffID) {
		t.Errorf("booking in another hotel is of %s, want their own %d", got, staffID)
	}
	if got := holder(book(staff, named(room).with("user_id", staffID))); got != fmt.Sprint(staffID) {
		t.Errorf("booking for themselves is of %s, want %d", got, staffID)
	}
	if got := holder(book(admin, named(foreignRoom))); got != "nobody" {
		t.Errorf("an admin's booking of a named guest is of %s, want nobody", got)
	}
	book(admin, stay(foreignRoom, soon(), 1).with("user_id", guestID))
	staff.Do("POST", "/bookings", stay(foreignRoom, soon(), 1).with("user_id", guestID)).WantProblem(404, "not_found")
	p := staff.Do("POST", "/bookings", stay(room, soon(), 1).with("user_id", disabled)).WantProblem(422, "validation_failed")
	if len(p.Errors) != 1 || p.Errors[0].Field != "user_id" || p.Errors[0].Code != "unknown" {
		t.Errorf("errors = %+v, want user_id unknown", p.Errors)
	}
	staff.Do("POST", "/bookings", stay(room, soon(), 1).with("user_id", 1<<40)).WantProblem(422, "validation_failed")
	// Staff are not held to the limit of guests.
	for range 11 {
		book(staff, stay(room, soon(), 1))
	}
}
