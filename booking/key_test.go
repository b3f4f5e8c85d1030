package booking_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/booking"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

// bookWith books with an Idempotency-Key.
func bookWith(c *apitest.Client, key string, b body) *apitest.Response {
	return sendWith(c, "POST", "/bookings", "Idempotency-Key", key, b)
}

// sendWith sends a request that has a header more. A nil body is none.
func sendWith(c *apitest.Client, method, target, header, value string, b body) *apitest.Response {
	raw := ""
	if b != nil {
		raw = b.String()
	}
	req := httptest.NewRequest(method, target, strings.NewReader(raw))
	if b != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	req.Header.Set(header, value)
	return c.Send(req)
}

// TestBookingWithKey repeats the bookings of guests and of staff, whose ways are not the same.
func TestBookingWithKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotel := w.hotel()
	room := w.room(hotel, 100, 5, 2)
	guest, guestID := w.guest()
	staff, staffID := w.manager(hotel)
	for _, test := range []struct {
		client *apitest.Client
		body   body
	}{{guest, stay(room, soon(), 2)}, {staff, stay(room, soon(), 2).with("user_id", guestID)}} {
		first := bookWith(test.client, "key", test.body).Want(201)
		// What would refuse the booking now does not matter: it was made.
		w.exec("UPDATE rooms SET quantity = 0 WHERE id = $1", room)
		w.exec("UPDATE users SET disabled_at = now() WHERE id = $1", guestID)
		w.exec("DELETE FROM hotel_managers WHERE user_id = $1", staffID)
		again := bookWith(test.client, "key", test.body.with("rooms", 1)).Want(201)
		if string(again.Body) != string(first.Body) || again.Header.Get("Idempotency-Replayed") != "true" ||
			again.Header.Get("Location") != first.Header.Get("Location") || again.Header.Get("ETag") != first.Header.Get("ETag") {
			t.Errorf("replay: got %v %s, want %v %s", again.Header, again.Body, first.Header, first.Body)
		}
		bookWith(test.client, "key", test.body.with("rooms", 2)).WantProblem(422, "idempotency_key_reused")
		w.exec("UPDATE rooms SET quantity = 5 WHERE id = $1", room)
		w.exec("UPDATE users SET disabled_at = NULL")
		w.exec("INSERT INTO hotel_managers (hotel_id, user_id) VALUES ($1, $2)", hotel, staffID)
	}
	if n := w.metric("bookings_created_total"); n != 2 {
		t.Errorf("%v bookings made, want 2", n)
	}
	w.wantNoDrift()
}

// TestRefusedWithKey finds that a refusal is not remembered and takes nothing.
func TestRefusedWithKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotel := w.hotel()
	room := w.room(hotel, 100, 1, 2)
	guest, _ := w.guest()
	staff, _ := w.manager(hotel)
	for i, client := range []*apitest.Client{guest, staff} {
		night := soon().AddDays(3 * i)
		inTheWay := book(staff, stay(room, night.AddDays(1), 1))
		bookWith(client, fmt.Sprint("key", i), stay(room, night, 3)).WantProblem(409, "room_not_available")
		bookWith(client, fmt.Sprint("key", i), stay(room, today().AddDays(-1), 3)).WantProblem(422, "dates_in_past")
		staff.Do("DELETE", path(inTheWay), nil).Want(200)
		first := bookWith(client, fmt.Sprint("key", i), stay(room, night, 3)).Want(201)
		if first.Header.Get("Idempotency-Replayed") != "" {
			t.Errorf("the first success is called a replay")
		}
	}
	w.wantNoDrift()
}

// TestCancelKnowsNoKeys cancels with keys that would be wrong elsewhere: the method is idempotent as it is.
func TestCancelKnowsNoKeys(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	room := w.room(w.hotel(), 100, 5, 2)
	guest, _ := w.guest()
	a, b := book(guest, stay(room, soon(), 1)), book(guest, stay(room, soon(), 1))
	for _, key := range []string{"key", "not a key", "key"} {
		for _, made := range []booking.Booking{a, b} {
			res := sendWith(guest, "DELETE", path(made), "Idempotency-Key", key, nil).Want(200)
			if res.Header.Get("Idempotency-Replayed") != "" {
				t.Errorf("a cancellation is called a replay")
			}
		}
	}
	w.wantNoDrift()
}

// TestRefusedAndLookedAtAgain frees the night between the refusal and the look for its reason: the second try has the
// key as well.
func TestRefusedAndLookedAtAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotel := w.hotel()
	room := w.room(hotel, 100, 1, 2)
	// A sequence remembers what is rolled back: the first booking is refused, and the night is free afterwards.
	w.exec("CREATE SEQUENCE bookings_tried")
	w.exec(`CREATE FUNCTION refuse_first() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF nextval('bookings_tried') = 1 THEN
			RAISE check_violation USING CONSTRAINT = 'room_nights_booked_check';
		END IF;
		RETURN new;
	END $$`)
	w.exec("CREATE TRIGGER refuse_first BEFORE INSERT ON bookings FOR EACH ROW EXECUTE FUNCTION refuse_first()")
	guest, _ := w.guest()
	first := bookWith(guest, "key", stay(room, soon(), 1)).Want(201)
	if again := bookWith(guest, "key", stay(room, soon(), 1)).Want(201); string(again.Body) != string(first.Body) {
		t.Errorf("replay: got %s, want %s", again.Body, first.Body)
	}
	w.wantNoDrift()
}

// TestRepeatedWithKey lets the server give up a booking for the sake of another transaction.
func TestRepeatedWithKey(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotel := w.hotel()
	room := w.room(hotel, 100, 9, 2)
	w.exec("CREATE SEQUENCE bookings_tried")
	w.exec(`CREATE FUNCTION give_up() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF nextval('bookings_tried') % 3 <> 0 THEN
			RAISE deadlock_detected;
		END IF;
		RETURN new;
	END $$`)
	w.exec("CREATE TRIGGER give_up BEFORE INSERT ON bookings FOR EACH ROW EXECUTE FUNCTION give_up()")
	for _, role := range []auth.Role{auth.Guest, auth.Admin} {
		client := w.as(role, w.user(role))
		first := bookWith(client, "key", stay(room, soon(), 1)).Want(201)
		if again := bookWith(client, "key", stay(room, soon(), 1)).Want(201); string(again.Body) != string(first.Body) {
			t.Errorf("replay: got %s, want %s", again.Body, first.Body)
		}
	}
	if n := w.metric("booking_retries_total"); n != 2 {
		t.Errorf("%v repetitions of a guest's booking, want 2", n)
	}
	w.wantNoDrift()
}
