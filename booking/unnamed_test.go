package booking_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/shumbooking/shumbooking/booking"
)

// TestBookingsTakeNoOtherFields sends each field of a booking that the body of POST /bookings does not name.
func TestBookingsTakeNoOtherFields(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	room := w.room(w.hotel(), 100, 5, 2)
	guest, _ := w.guest()
	var made map[string]any
	res := guest.Do("POST", "/bookings", stay(room, soon(), 1)).Want(201)
	res.Decode(&made)
	named, err := json.Marshal(booking.CreateParams{})
	var fields map[string]any
	must(t, 0, json.Unmarshal(must(t, named, err), &fields))
	var refused []string
	for field, value := range made {
		if _, ok := fields[field]; ok {
			continue
		}
		p := guest.Do("POST", "/bookings", stay(room, soon(), 1).with(field, value)).WantProblem(422, "validation_failed")
		if len(p.Errors) != 1 || p.Errors[0].Field != field {
			t.Errorf("%s: errors = %+v, want one about it", field, p.Errors)
		}
		refused = append(refused, field)
	}
	slices.Sort(refused)
	want := []string{
		"cancelled_at", "created_at", "currency", "hotel_id", "hotel_title", "id", "nightly", "price", "reference", "room_title", "status",
	}
	if !slices.Equal(refused, want) {
		t.Errorf("refused: got %v, want %v", refused, want)
	}
	if n := w.metric("bookings_created_total"); n != 1 {
		t.Errorf("%v bookings made, want 1", n)
	}
}

// TestWritesChangeWhatTheyName compares the rows behind a booking and a room before and after a change.
func TestWritesChangeWhatTheyName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotel := w.hotel()
	room := w.room(hotel, 100, 5, 2)
	guest, _ := w.guest()
	staff, _ := w.manager(hotel)
	made := book(guest, stay(room, soon(), 1).with("note", "late").with("guest_name", "Anna"))
	roomPath := fmt.Sprintf("/hotels/%d/rooms/%d", hotel, room)
	for _, test := range []struct {
		change func()
		table  string
		id     int64
		want   []string
	}{
		{func() { staff.Do("PATCH", roomPath, body{"title": "Suite"}).Want(200) }, "rooms", room, []string{"title"}},
		{func() { staff.Do("PATCH", roomPath, body{"max_guests": 4}).Want(200) }, "rooms", room, []string{"max_guests"}},
		{func() { staff.Do("PATCH", roomPath, body{}).Want(200) }, "rooms", room, nil},
		{func() { guest.Do("DELETE", path(made), nil).Want(200) }, "bookings", made.ID, []string{"cancelled_at", "status"}},
		{func() { guest.Do("DELETE", path(made), nil).Want(200) }, "bookings", made.ID, nil},
	} {
		before := w.row(test.table, test.id)
		test.change()
		after := w.row(test.table, test.id)
		var changed []string
		for _, column := range slices.Sorted(maps.Keys(before)) {
			if fmt.Sprint(before[column]) != fmt.Sprint(after[column]) {
				changed = append(changed, column)
			}
		}
		if !slices.Equal(changed, test.want) {
			t.Errorf("changed in %s: got %v, want %v", test.table, changed, test.want)
		}
	}
}

// row returns the columns of a row.
func (w *world) row(table string, id int64) (columns map[string]any) {
	w.tb.Helper()
	err := w.db.QueryRow(w.tb.Context(), "SELECT to_jsonb(t) FROM "+table+" AS t WHERE id = $1", id).Scan(&columns)
	return must(w.tb, columns, err)
}
