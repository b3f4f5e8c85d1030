package booking_test

import (
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"

	"github.com/shumbooking/shumbooking/auth/authtest"
	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/platform/page"
)

// withCatalog returns a client of the API that has the routes of the catalogue as well, which show rooms and hotels.
func (w *world) withCatalog() *world {
	both := *w
	shop := catalog.New(w.db, catalog.Config{Cursors: page.NewSigner([]byte("secret of a test"))})
	both.api = apitest.Build(w.tb, httpapi.Config{Admit: authtest.Admit}, w.service.Register, shop.Register)
	return &both
}

// tagOf returns the ETag of a resource.
func tagOf(c *apitest.Client, target string) string {
	return c.Do("GET", target, nil).Want(200).Header.Get("ETag")
}

const staleTag = `"stale"`

func TestCancelMatches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotel := w.hotel()
	room := w.room(hotel, 100, 5, 2)
	guest, _ := w.guest()
	stranger, _ := w.guest()
	made := guest.Do("POST", "/bookings", stay(room, soon(), 1)).Want(201)
	target := made.Header.Get("Location")
	tag := tagOf(guest, target)
	if got := made.Header.Get("ETag"); got != tag || tag == "" {
		t.Errorf("ETag of POST: got %q, want that of GET, %q", got, tag)
	}
	if got := sendWith(guest, "GET", target, "If-None-Match", tag, nil); got.Status != 304 || len(got.Body) > 0 {
		t.Errorf("GET of what the client has: got %d %s, want 304", got.Status, got.Body)
	}
	sendWith(stranger, "DELETE", target, "If-Match", staleTag, nil).WantProblem(404, "not_found")
	sendWith(guest, "DELETE", target, "If-Match", staleTag, nil).WantProblem(412, "precondition_failed")
	// The precondition is judged before the state is.
	w.exec("UPDATE bookings SET date_from = date_from - 20, date_to = date_to - 20")
	sendWith(guest, "DELETE", target, "If-Match", tag, nil).WantProblem(412, "precondition_failed")
	sendWith(guest, "DELETE", target, "If-Match", tagOf(guest, target), nil).WantProblem(409, "stay_started")
	w.exec("UPDATE bookings SET date_from = date_from + 20, date_to = date_to + 20")
	gone := sendWith(guest, "DELETE", target, "If-Match", "W/"+tag, nil).Want(200)
	if got := tagOf(guest, target); got != gone.Header.Get("ETag") || got == tag {
		t.Errorf("ETag after cancelling: got %q, want that of DELETE, %q, and not %q", got, gone.Header.Get("ETag"), tag)
	}
	sendWith(guest, "DELETE", target, "If-Match", tag, nil).WantProblem(412, "precondition_failed")
	guest.Do("DELETE", target, nil).Want(200)
	w.wantNoDrift()
}

// TestRoomsAndHotelsMatch changes and ends what the catalogue shows.
func TestRoomsAndHotelsMatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t).withCatalog()
	hotel := w.hotel()
	room := w.room(hotel, 100, 5, 2)
	// All that a representation can have.
	facility := w.insert("INSERT INTO facilities (title) VALUES ('Balcony')")
	w.exec("INSERT INTO room_facilities (room_id, facility_id) VALUES ($1, $2)", room, facility)
	w.exec("INSERT INTO hotel_facilities (hotel_id, facility_id) VALUES ($1, $2)", hotel, facility)
	staff, _ := w.manager(hotel)
	stranger, _ := w.manager()
	admin := w.admin()
	hotelPath := fmt.Sprintf("/hotels/%d", hotel)
	roomPath := fmt.Sprintf("%s/rooms/%d", hotelPath, room)
	guest, _ := w.guest()
	booked := book(guest, stay(room, soon(), 1).with("rooms", 3))

	smaller := body{"quantity": 1}
	sendWith(stranger, "PATCH", roomPath, "If-Match", staleTag, smaller).WantProblem(404, "not_found")
	sendWith(staff, "PATCH", roomPath, "If-Match", staleTag, smaller).WantProblem(412, "precondition_failed")
	sendWith(staff, "PATCH", roomPath, "If-Match", tagOf(staff, roomPath), smaller).WantProblem(409, "quantity_below_booked")
	tag := tagOf(staff, roomPath)
	changed := sendWith(staff, "PATCH", roomPath, "If-Match", tag, body{"title": "Other"}).Want(200)
	if got := tagOf(staff, roomPath); got != changed.Header.Get("ETag") || got == tag {
		t.Errorf("ETag after PATCH: got %q, want that of the answer, %q, and not %q", got, changed.Header.Get("ETag"), tag)
	}
	sendWith(staff, "PATCH", roomPath, "If-Match", tag, body{"title": "Lost"}).WantProblem(412, "precondition_failed")
	full := body{"title": "Replaced", "price": 5, "quantity": 6, "max_guests": 3}
	sendWith(staff, "PUT", roomPath, "If-Match", tag, full).WantProblem(412, "precondition_failed")
	sendWith(staff, "PUT", roomPath, "If-Match", tagOf(staff, roomPath), full).Want(200)

	for _, target := range []string{roomPath, hotelPath} {
		sendWith(admin, "DELETE", target, "If-Match", staleTag, nil).WantProblem(412, "precondition_failed")
		sendWith(admin, "DELETE", target, "If-Match", tagOf(admin, target), nil).WantProblem(409, "has_live_bookings")
	}
	guest.Do("DELETE", path(booked), nil).Want(200)
	for _, target := range []string{roomPath, hotelPath} {
		sendWith(admin, "DELETE", target, "If-Match", tagOf(admin, target), nil).Want(204)
		sendWith(admin, "DELETE", target, "If-Match", staleTag, nil).WantProblem(404, "not_found")
	}
}

// TestNightsMatch: the tag of nights is that of the same range, and changes with what is booked of them.
func TestNightsMatch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotel := w.hotel()
	room := w.room(hotel, 100, 5, 2)
	staff, _ := w.manager(hotel)
	stranger, _ := w.manager()
	guest, _ := w.guest()
	target := nightsPath(hotel, room, 3)
	price := func(p int) body { return body{"price": p} }

	read := tagOf(staff, target)
	if got := sendWith(staff, "GET", target, "If-None-Match", read, nil); got.Status != 304 || read == "" {
		t.Errorf("GET of the nights %q that the client has: got %d, want 304", read, got.Status)
	}
	sendWith(stranger, "PATCH", target, "If-Match", staleTag, price(1)).WantProblem(404, "not_found")
	sendWith(staff, "PATCH", target, "If-Match", staleTag, price(1)).WantProblem(412, "precondition_failed")
	sendWith(staff, "PATCH", nightsPath(hotel, room, 2), "If-Match", read, price(1)).WantProblem(412, "precondition_failed")
	changed := sendWith(staff, "PATCH", target, "If-Match", read, price(1)).Want(200)
	if got := tagOf(staff, target); got != changed.Header.Get("ETag") || got == read {
		t.Errorf("ETag after PATCH: got %q, want that of the answer, %q, and not %q", got, changed.Header.Get("ETag"), read)
	}
	sendWith(staff, "PATCH", target, "If-Match", read, price(2)).WantProblem(412, "precondition_failed")

	before := tagOf(staff, target)
	book(guest, stay(room, soon(), 1))
	sendWith(staff, "PATCH", target, "If-Match", before, price(3)).WantProblem(412, "precondition_failed")
	sendWith(staff, "PATCH", target, "If-Match", "*", price(3)).Want(200)
	sendWith(staff, "PATCH", target, "If-None-Match", tagOf(staff, target), price(4)).WantProblem(412, "precondition_failed")
}

// TestNightsMatch_Racing: of changes that know of the same nights, one is made.
func TestNightsMatch_Racing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotel := w.hotel()
	room := w.room(hotel, 100, 5, 2)
	staff, _ := w.manager(hotel)
	target := nightsPath(hotel, room, 3)
	for round := range 5 {
		tag := tagOf(staff, target)
		var made atomic.Int64
		var senders sync.WaitGroup
		for i := range 8 {
			senders.Go(func() {
				if sendWith(staff, "PATCH", target, "If-Match", tag, body{"price": 1000*(round+1) + i}).Status == 200 {
					made.Add(1)
				}
			})
		}
		senders.Wait()
		if got := made.Load(); got != 1 {
			t.Errorf("round %d: %d changes were made, want one", round, got)
		}
	}
}
