package booking_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/booking"
	"github.com/shumbooking/shumbooking/platform/date"
)

// moveStay makes a booking one that began on another day, as if time had passed.
func (w *world) moveStay(b booking.Booking, from date.Date) {
	w.tb.Helper()
	days := from.Sub(b.DateFrom)
	w.exec("UPDATE bookings SET date_from = date_from + $2::int, date_to = date_to + $2::int WHERE id = $1", b.ID, days)
	// One after the other, from the end that is free, because keys are checked row by row.
	order := "DESC"
	if days < 0 {
		order = "ASC"
	}
	w.exec(fmt.Sprintf(`DO $$ DECLARE d date; BEGIN
		FOR d IN SELECT night FROM booking_nights WHERE booking_id = %d ORDER BY night %s LOOP
			UPDATE booking_nights SET night = night + %d WHERE booking_id = %d AND night = d;
			UPDATE room_nights SET night = night + %d WHERE room_id = %d AND night = d;
		END LOOP; END $$`, b.ID, order, days, b.ID, days, b.RoomID))
}

func path(b booking.Booking) string { return fmt.Sprintf("/bookings/%d", b.ID) }

func TestGuestCancelsUntilTheDayBefore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	room := w.room(w.hotel(), 100, 1, 2)
	guest, _ := w.guest()
	b := book(guest, stay(room, soon(), 3))
	w.moveStay(b, today())
	guest.Do("DELETE", path(b), nil).WantProblem(409, "stay_started")
	w.moveStay(booking.Booking{ID: b.ID, RoomID: room, DateFrom: today()}, today().AddDays(1))
	guest.Do("DELETE", path(b), nil).Want(200)
	w.wantNoDrift()
}

func TestStaffCancelGivesBackTheRest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotel := w.hotel()
	room := w.room(hotel, 100, 2, 2)
	guest, _ := w.guest()
	staff, _ := w.manager(hotel)
	b := book(guest, stay(room, soon(), 4).with("rooms", 2))
	w.moveStay(b, today().AddDays(-2))
	staff.Do("DELETE", path(b), nil).Want(200)

	var got string
	must(t, 0, w.db.QueryRow(t.Context(), `
		SELECT string_agg(night - $2::date || ':' || booked, ' ' ORDER BY night)
		FROM room_nights WHERE room_id = $1`, room, today()).Scan(&got))
	if want := "-2:2 -1:2 0:0 1:0"; got != want {
		t.Errorf("booked by day from today = %s, want %s", got, want)
	}
	w.wantNoDrift()
}

func TestStaffCannotCancelWhatIsOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotel := w.hotel()
	room := w.room(hotel, 100, 2, 2)
	guest, _ := w.guest()
	staff, _ := w.manager(hotel)
	b := book(guest, stay(room, soon(), 2))
	w.moveStay(b, today().AddDays(-2))
	staff.Do("DELETE", path(b), nil).WantProblem(409, "stay_ended")
	guest.Do("DELETE", path(b), nil).WantProblem(409, "stay_started")
}

func TestCancelIsIdempotent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	room := w.room(w.hotel(), 100, 1, 2)
	guest, _ := w.guest()
	b := book(guest, stay(room, soon(), 2))
	first := guest.Do("DELETE", path(b), nil).Want(200)
	w.moveStay(b, today().AddDays(-1))
	second := guest.Do("DELETE", path(b), nil).Want(200)
	var one, two booking.Booking
	first.Decode(&one)
	second.Decode(&two)
	if !one.CancelledAt.Equal(*two.CancelledAt) || two.Status != booking.Cancelled {
		t.Errorf("cancelled at %v, and again at %v, want the same", one.CancelledAt, two.CancelledAt)
	}
	if n := w.metric("bookings_cancelled_total"); n != 1 {
		t.Errorf("%v cancellations counted, want 1", n)
	}
}

func TestConcurrentCancelsGiveBackOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotel := w.hotel()
	room := w.room(hotel, 100, 3, 2)
	guest, id := w.guest()
	staff, _ := w.manager(hotel)
	book(guest, stay(room, soon(), 2).with("rooms", 2))
	const rounds = 30
	for range rounds {
		b := book(guest, stay(room, soon(), 2))
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { w.as(auth.Guest, id).Do("DELETE", path(b), nil).Want(200) })
			wg.Go(func() { staff.Do("DELETE", path(b), nil).Want(200) })
		}
		wg.Wait()
	}
	if found := roomsFree(guest, hotel, query(soon(), 2)); len(found.Items) != 1 || found.Items[0].Available != 1 {
		t.Errorf("available = %+v, want 1", found.Items)
	}
	w.wantNoDrift()
	if n := w.metric("bookings_cancelled_total"); n != rounds {
		t.Errorf("%v cancellations counted, want %d", n, rounds)
	}
}

func TestBookingsOfOthersDoNotExist(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotel, foreign := w.hotel(), w.hotel()
	guest, _ := w.guest()
	b := book(guest, stay(w.room(hotel, 100, 1, 2), soon(), 2))
	other, _ := w.guest()
	stranger, _ := w.manager(foreign)
	// The role decides, not what the assignment says of one who was a manager once.
	former, formerID := w.guest()
	w.exec("INSERT INTO hotel_managers (hotel_id, user_id) VALUES ($1, $2)", hotel, formerID)
	for _, method := range []string{"GET", "DELETE"} {
		other.Do(method, path(b), nil).WantProblem(404, "not_found")
		stranger.Do(method, path(b), nil).WantProblem(404, "not_found")
		former.Do(method, path(b), nil).WantProblem(404, "not_found")
		guest.Do(method, "/bookings/999999999", nil).WantProblem(404, "not_found")
		guest.Do(method, "/bookings/9999999999999999999", nil).WantProblem(404, "not_found")
		w.api.Do(method, path(b), nil).Want(401)
	}
	staff, _ := w.manager(hotel)
	staff.Do("GET", path(b), nil).Want(200)
	w.admin().Do("GET", path(b), nil).Want(200)
}
