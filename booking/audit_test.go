package booking_test

import (
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
)

// log returns action, object and id of the entries of the audit log that are younger than the given one, and the last
// of them.
func (w *world) log(after int64) (entries []string, last int64) {
	w.tb.Helper()
	rows, err := w.db.Query(w.tb.Context(), `
SELECT id, action || ' ' || object_type || ' ' || object_id || ' by ' || actor_id FROM audit_log WHERE id > $1 ORDER BY id`, after)
	if err != nil {
		w.tb.Fatal(err)
	}
	last = after
	var entry string
	_, err = pgx.ForEachRow(rows, []any{&last, &entry}, func() error {
		entries = append(entries, entry)
		return nil
	})
	return must(w.tb, entries, err), last
}

// TestWhatStaffDoIsRecorded goes through all that staff can do here, and finds one entry for each change.
func TestWhatStaffDoIsRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotel := w.hotel()
	room, other := w.room(hotel, 100, 9, 2), w.room(hotel, 100, 9, 2)
	guest, guestID := w.guest()
	staff, staffID := w.manager(hotel)
	adminID := w.insert("INSERT INTO users (email, role) VALUES ('root@example.com', 'admin')")
	admin := w.as("admin", adminID)
	var last int64
	want := func(format string, args ...any) {
		t.Helper()
		var got []string
		got, last = w.log(last)
		if entry := fmt.Sprintf(format, args...); len(got) != 1 || got[0] != entry {
			t.Errorf("recorded: got %q, want %q", got, entry)
		}
	}
	wantNothing := func() {
		t.Helper()
		var got []string
		if got, last = w.log(last); got != nil {
			t.Errorf("recorded: got %q, want nothing", got)
		}
	}
	roomPath := fmt.Sprintf("/hotels/%d/rooms/%d", hotel, room)
	own := book(guest, stay(room, soon(), 1))
	guest.Do("DELETE", path(own), nil).Want(200)
	staff.Do("POST", "/bookings", stay(room, soon(), 1).with("rooms", 10)).WantProblem(409, "room_not_available")
	wantNothing()

	made := bookWith(staff, "key", stay(room, soon(), 1).with("user_id", guestID)).Want(201)
	var b struct{ ID int64 }
	made.Decode(&b)
	want("booking.create booking %d by %d", b.ID, staffID)
	bookWith(staff, "key", stay(room, soon(), 1).with("user_id", guestID)).Want(201)
	wantNothing()
	mine := book(admin, stay(room, soon(), 1))
	want("booking.create booking %d by %d", mine.ID, adminID)
	staff.Do("DELETE", fmt.Sprintf("/bookings/%d", b.ID), nil).Want(200)
	want("booking.cancel booking %d by %d", b.ID, staffID)
	staff.Do("DELETE", fmt.Sprintf("/bookings/%d", b.ID), nil).Want(200)
	wantNothing()
	staff.Do("DELETE", path(mine), nil).Want(200)
	want("booking.cancel booking %d by %d", mine.ID, staffID)

	staff.Do("PATCH", roomPath, body{"title": "Suite"}).Want(200)
	want("room.update room %d by %d", room, staffID)
	staff.Do("PATCH", roomPath, body{"title": "Suite"}).Want(200)
	staff.Do("PATCH", roomPath, body{"title": "Suite", "max_guests": 0}).WantProblem(422, "validation_failed")
	wantNothing()
	staff.Do("PUT", roomPath, body{"title": "Suite", "price": 7, "quantity": 9, "max_guests": 2}).Want(200)
	want("room.update room %d by %d", room, staffID)

	nights := fmt.Sprintf("%s/nights?from=%s&to=%s", roomPath, soon(), soon().AddDays(3))
	staff.Do("PATCH", nights, body{"price": 50}).Want(200)
	want("nights.update room %d by %d", room, staffID)
	staff.Do("PATCH", nights, body{"price": 50, "closed": false}).Want(200)
	wantNothing()

	staff.Do("DELETE", fmt.Sprintf("/hotels/%d/rooms/%d", hotel, other), nil).Want(204)
	want("room.delete room %d by %d", other, staffID)
	staff.Do("DELETE", roomPath, nil).Want(204)
	want("room.archive room %d by %d", room, staffID)
	admin.Do("DELETE", fmt.Sprintf("/hotels/%d", hotel), nil).Want(204)
	want("hotel.archive hotel %d by %d", hotel, adminID)
	empty := w.hotel()
	admin.Do("DELETE", fmt.Sprintf("/hotels/%d", empty), nil).Want(204)
	want("hotel.delete hotel %d by %d", empty, adminID)
}

// TestChangedNightsAreRecorded looks at what is kept of a change of many nights.
func TestChangedNightsAreRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotel := w.hotel()
	room := w.room(hotel, 100, 9, 2)
	w.exec("INSERT INTO room_nights (room_id, night, capacity, closed) VALUES ($1, $2, 9, true)", room, soon().AddDays(1))
	staff, _ := w.manager(hotel)
	target := fmt.Sprintf("/hotels/%d/rooms/%d/nights?from=%s&to=%s", hotel, room, soon(), soon().AddDays(3))
	staff.Do("PATCH", target, body{"closed": true}).Want(200)
	var got string
	must(t, 0, w.db.QueryRow(t.Context(), `
SELECT before::text || ' ' || after::text FROM audit_log WHERE action = 'nights.update'`).Scan(&got))
	night := func(days int, closed bool) string {
		return fmt.Sprintf(`{"date": "%s", "price": null, "booked": 0, "closed": %t, "capacity": 9}`, soon().AddDays(days), closed)
	}
	want := fmt.Sprintf("[%s, %s] [%s, %s]", night(0, false), night(2, false), night(0, true), night(2, true))
	if got != want {
		t.Errorf("recorded: got %s, want %s", got, want)
	}
}
