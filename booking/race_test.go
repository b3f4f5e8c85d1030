package booking_test

import (
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/date"
)

// rush lets every one of the bookers book the stay at once, and counts the answers by status and code. On a slow
// machine some do not get a connection in time; they ask again, as they are told.
func (w *world) rush(users []int64, body func(booker int) body) map[string]int {
	var mu sync.Mutex
	answers := make(map[string]int)
	start := make(chan struct{})
	var wg sync.WaitGroup
	for i, user := range users {
		wg.Go(func() {
			<-start
			client := w.as(auth.Guest, user)
			res := client.Do("POST", "/bookings", body(i))
			for res.Status == http.StatusServiceUnavailable && w.tb.Context().Err() == nil {
				res = client.Do("POST", "/bookings", body(i))
			}
			answer := fmt.Sprint(res.Status)
			if res.Status != http.StatusCreated {
				answer += " " + res.Problem().Code
			}
			mu.Lock()
			defer mu.Unlock()
			answers[answer]++
		})
	}
	close(start)
	wg.Wait()
	return answers
}

func (w *world) guests(n int) []int64 {
	ids := make([]int64, n)
	for i := range ids {
		ids[i] = w.user(auth.Guest)
	}
	return ids
}

// TestRaceForTheLastRooms lets 500 bookers want the last 5 rooms of a night, 20 times.
func TestRaceForTheLastRooms(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotel := w.hotel()
	users := w.guests(500)
	for round := range 20 {
		room := w.room(hotel, 100, 7, 2)
		book(w.as(auth.Guest, users[0]), stay(room, soon().AddDays(round), 1).with("rooms", 2))
		answers := w.rush(users, func(int) body { return stay(room, soon().AddDays(round), 1) })
		if answers["201"] != 5 || answers["409 room_not_available"] != 495 {
			t.Fatalf("round %d: answers %v, want 5 of 201 and 495 of 409", round, answers)
		}
	}
	w.wantNoDrift()
	if n := w.oversold(); n != 0 {
		t.Errorf("%d nights oversold", n)
	}
}

// oversold counts the nights on which the ledger holds more rooms than there are. It does not look at the counters.
func (w *world) oversold() (nights int) {
	w.tb.Helper()
	must(w.tb, 0, w.db.QueryRow(w.tb.Context(), `
		SELECT count(*) FROM (
			SELECT FROM bookings b JOIN booking_nights l ON l.booking_id = b.id JOIN rooms r ON r.id = b.room_id
			WHERE NOT l.released GROUP BY r.id, l.night HAVING sum(b.rooms) > r.quantity
		) AS o`).Scan(&nights))
	return nights
}

// TestCheckIsWhatPreventsOverselling takes the constraint away, and the checker of the race must notice.
func TestCheckIsWhatPreventsOverselling(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.exec("ALTER TABLE room_nights DROP CONSTRAINT room_nights_booked_check")
	hotel := w.hotel()
	users := w.guests(200)
	for round := range 50 {
		room := w.room(hotel, 100, 1, 2)
		w.rush(users, func(int) body { return stay(room, soon().AddDays(round), 1) })
		if w.oversold() > 0 {
			return
		}
	}
	t.Error("nothing oversold in 50 rounds without the CHECK: the race test proves nothing")
}

// TestOverlappingStaysDoNotDeadlock lets stays that overlap in every way, and cancellations of them, meet on one
// room. They take nights in one order, so none is ever rolled back for another.
func TestOverlappingStaysDoNotDeadlock(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	room := w.room(w.hotel(), 100, 40, 2)
	var wg sync.WaitGroup
	for booker, user := range w.guests(16) {
		client := w.as(auth.Guest, user)
		wg.Go(func() {
			for i := range 20 {
				b := book(client, stay(room, soon().AddDays((booker*7+i*3)%10), 1+(booker+i*5)%12))
				client.Do("DELETE", path(b), nil).Want(200)
			}
		})
	}
	wg.Wait()
	w.wantNoDrift()
	if n := w.metric("booking_retries_total"); n != 0 {
		t.Errorf("%v transactions were repeated, want none", n)
	}
}

// TestConcurrentBookingsOfOneGuest checks that the limit of ten cannot be passed by asking at once.
func TestConcurrentBookingsOfOneGuest(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotel := w.hotel()
	rooms := make([]int64, 30)
	for i := range rooms {
		rooms[i] = w.room(hotel, 100, 5, 2)
	}
	id := w.user(auth.Guest)
	users := make([]int64, len(rooms))
	for i := range users {
		users[i] = id
	}
	answers := w.rush(users, func(i int) body { return stay(rooms[i], soon(), 2) })
	if answers["201"] != 10 || answers["409 too_many_bookings"] != 20 {
		t.Errorf("answers %v, want 10 of 201 and 20 of 409 too_many_bookings", answers)
	}
}

// TestBusyRoomCanBeChanged changes a room while 64 bookers keep it busy. They go on until the changes are made.
func TestBusyRoomCanBeChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotel := w.hotel()
	room := w.room(hotel, 100, 1000, 2)
	staff, _ := w.manager(hotel)
	url := fmt.Sprintf("/hotels/%d/rooms/%d", hotel, room)
	var done atomic.Bool
	var during atomic.Int64
	var wg sync.WaitGroup
	started := make(chan struct{}, 64)
	for _, user := range w.guests(64) {
		client := w.as(auth.Guest, user)
		wg.Go(func() {
			for i := 0; !done.Load(); i++ {
				b := book(client, stay(room, soon(), 1))
				client.Do("DELETE", path(b), nil).Want(200)
				during.Add(1)
				if i == 0 {
					started <- struct{}{}
				}
			}
		})
	}
	for range 64 {
		<-started
	}
	before := during.Load()
	for i := range 5 {
		staff.Do("PATCH", url, body{"title": fmt.Sprintf("Busy %d", i), "quantity": 900 + i}).Want(200)
	}
	made := during.Load() - before
	done.Store(true)
	wg.Wait()
	if made == 0 {
		t.Error("nobody booked while the room was changed")
	}
	w.wantNoDrift()
}

// TestDeletingAHotelRacesABooking lets one of the two win: never is a booking left in a hotel that is gone.
func TestDeletingAHotelRacesABooking(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.admin()
	guest, _ := w.guest()
	// Staff who book for themselves have no limit, and another statement for the locks.
	staff, _ := w.manager()
	for i := range 60 {
		booker := guest
		if i%2 == 1 {
			booker = staff
		}
		hotel := w.hotel()
		room := w.room(hotel, 100, 5, 2)
		var booked, deleted int
		var wg sync.WaitGroup
		wg.Go(func() { booked = booker.Do("POST", "/bookings", stay(room, soon().AddDays(i), 1)).Status })
		wg.Go(func() { deleted = admin.Do("DELETE", fmt.Sprintf("/hotels/%d", hotel), nil).Status })
		wg.Wait()
		if answers := [2]int{booked, deleted}; answers != [2]int{201, 409} && answers != [2]int{404, 204} {
			t.Errorf("booking answered %d and deleting %d, want 201 and 409 or 404 and 204", booked, deleted)
		}
	}
}

// TestHeldNightsAreTakenInOrder looks at the plan: the nights must be sorted on their way into the table.
func TestHeldNightsAreTakenInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	room := w.room(w.hotel(), 100, 5, 2)
	guest, _ := w.guest()
	book(guest, stay(room, soon(), 20))
	rows, err := w.db.Query(t.Context(), "SELECT night FROM room_nights WHERE room_id = $1 ORDER BY ctid", room)
	nights, err := pgx.CollectRows(must(t, rows, err), pgx.RowTo[date.Date])
	for i, night := range must(t, nights, err) {
		if want := soon().AddDays(i); night != want {
			t.Fatalf("night %v was inserted where %v should be", night, want)
		}
	}
}
