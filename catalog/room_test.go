package catalog_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/platform/errs"
)

func TestRooms(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.hotel(f.moscow(), "A")
	f.hotel(1, "B")
	f.facility("Pool")
	body := room("Double")
	body["facility_ids"] = []int{1}
	body["description"] = "Wide"
	res := f.admin.Do("POST", "/hotels/1/rooms", body).Want(201)
	const double = `{"id":1,"hotel_id":1,"title":"Double","description":"Wide","price":350000,"currency":"RUB",` +
		`"quantity":10,"max_guests":2,"facilities":[{"id":1,"title":"Pool"}],"images":[]}`
	wantBody(t, res.Body, double)
	if got := res.Header.Get("Location"); got != "/hotels/1/rooms/1" {
		t.Errorf("Location = %q, want /hotels/1/rooms/1", got)
	}
	wantBody(t, f.anyone.Do("GET", "/hotels/1/rooms/1", nil).Want(200).Body, double)
	wantBody(t, f.anyone.Do("GET", "/hotels/1/rooms", nil).Want(200).Body, `{"items":[`+double+`],"next_cursor":null}`)
	wantBody(t, f.anyone.Do("GET", "/hotels/2/rooms", nil).Want(200).Body, `{"items":[],"next_cursor":null}`)
	f.anyone.Do("GET", "/hotels/2/rooms/1", nil).WantProblem(404, "not_found")
	f.anyone.Do("GET", "/hotels/1/rooms/2", nil).WantProblem(404, "not_found")
	f.anyone.Do("GET", "/hotels/3/rooms", nil).WantProblem(404, "not_found")
	f.admin.Do("POST", "/hotels/3/rooms", room("X")).WantProblem(404, "not_found")
	if n := f.number("SELECT count(*) FROM rooms WHERE price_floor = price AND price_ceiling = price"); n != 1 {
		t.Errorf("%d rooms with their price for bounds, want 1", n)
	}
}

func TestUpdateRoom(t *testing.T) {
	t.Parallel()
	f := setup(t)
	hotel := f.hotel(f.moscow(), "A")
	id := f.room(hotel, "Double")
	pool, sauna := f.facility("Pool"), f.facility("Sauna")
	write := func(price int64, facilities ...int64) (room *catalog.Room, err error) {
		err = f.inTx(func(tx pgx.Tx) error {
			room, err = catalog.UpdateRoom(t.Context(), tx, id, catalog.RoomInput{
				Title: "Twin", Description: "Two beds", Price: price, Quantity: 3, MaxGuests: 4, FacilityIDs: facilities,
			})
			return err
		})
		return room, err
	}
	got, err := write(200, sauna, pool, sauna)
	want := &catalog.Room{ID: id, HotelID: hotel, Title: "Twin", Description: "Two beds", Price: 200, Currency: "RUB",
		Quantity: 3, MaxGuests: 4, Facilities: []catalog.Facility{{ID: pool, Title: "Pool"}, {ID: sauna, Title: "Sauna"}}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("UpdateRoom() = %v, -want +got:\n%s", err, diff)
	}
	if got, err = write(300); err != nil || len(got.Facilities) != 0 {
		t.Errorf("UpdateRoom() without facilities = %+v, %v", got, err)
	}
	if n := f.number("SELECT count(*) FROM rooms WHERE price_floor = 200 AND price_ceiling = 350000"); n != 1 {
		t.Error("the bounds of the prices did not grow to what the price was")
	}
	if _, err := write(300, 99); !errors.Is(err, errs.Invalid.New("")) {
		t.Errorf("UpdateRoom() with an unknown facility: %v, want validation_failed", err)
	}
	err = f.inTx(func(tx pgx.Tx) error { return catalog.SetPriceBounds(t.Context(), tx, id, 250, 400) })
	if n := f.number("SELECT count(*) FROM rooms WHERE price_floor = 250 AND price_ceiling = 400"); err != nil || n != 1 {
		t.Errorf("SetPriceBounds() = %v, bounds not as told", err)
	}
	err = f.inTx(func(tx pgx.Tx) error { return catalog.SetPriceBounds(t.Context(), tx, id, 350, 400) })
	if !errors.Is(err, errs.Invalid.New("")) {
		t.Errorf("SetPriceBounds() beside the price: %v, want validation_failed", err)
	}
}

func TestRoomForUpdate(t *testing.T) {
	t.Parallel()
	f := setup(t)
	hotel := f.hotel(f.moscow(), "A")
	other := f.hotel(1, "B")
	id := f.room(hotel, "Double")
	read := func(hotel, id int64) (room *catalog.Room, err error) {
		err = f.inTx(func(tx pgx.Tx) error {
			room, err = catalog.RoomForUpdate(t.Context(), tx, hotel, id)
			return err
		})
		return room, err
	}
	room, err := read(hotel, id)
	if err != nil {
		t.Fatal(err)
	}
	want := catalog.RoomInput{Title: "Double", Price: 350000, Quantity: 10, MaxGuests: 2, FacilityIDs: []int64{}}
	if diff := cmp.Diff(want, room.Input()); diff != "" {
		t.Errorf("Input() -want +got:\n%s", diff)
	}
	for name, ids := range map[string][2]int64{"other hotel": {other, id}, "absent room": {hotel, id + 1}} {
		if _, err := read(ids[0], ids[1]); !errors.Is(err, errs.NotFound.New("")) {
			t.Errorf("%s: %v, want not_found", name, err)
		}
	}
	if err := f.inTx(func(tx pgx.Tx) error { return catalog.ArchiveRoom(t.Context(), tx, f.jobs, id) }); err != nil {
		t.Fatal(err)
	}
	if _, err := read(hotel, id); !errors.Is(err, errs.NotFound.New("")) {
		t.Errorf("archived room: %v, want not_found", err)
	}
}

func TestEndOfRooms(t *testing.T) {
	t.Parallel()
	f := setup(t)
	hotel := f.hotel(f.moscow(), "A")
	first, second, third := f.room(hotel, "A"), f.room(hotel, "B"), f.room(hotel, "C")
	var left []int64
	err := f.inTx(func(tx pgx.Tx) (err error) {
		if err := catalog.LockHotel(t.Context(), tx, hotel); err != nil {
			return err
		}
		if err := catalog.DeleteRoom(t.Context(), tx, f.jobs, second); err != nil {
			return err
		}
		if err := catalog.DeleteRoom(t.Context(), tx, f.jobs, second); !errors.Is(err, errs.NotFound.New("")) {
			t.Errorf("second DeleteRoom(): %v, want not_found", err)
		}
		if err := catalog.ArchiveRoom(t.Context(), tx, f.jobs, first); err != nil {
			return err
		}
		if err := catalog.ArchiveRoom(t.Context(), tx, f.jobs, first); !errors.Is(err, errs.NotFound.New("")) {
			t.Errorf("second ArchiveRoom(): %v, want not_found", err)
		}
		left, err = catalog.RoomIDs(t.Context(), tx, hotel)
		return err
	})
	if err != nil || !slices.Equal(left, []int64{third}) {
		t.Errorf("RoomIDs() = %v, %v; want %d", left, err, third)
	}
	f.anyone.Do("GET", "/hotels/1/rooms/1", nil).WantProblem(404, "not_found")
	rooms, err := catalog.RoomsByID(t.Context(), f.db, []int64{first, third, second})
	if err != nil || len(rooms) != 1 || rooms[0].ID != third {
		t.Errorf("RoomsByID() = %v, %v; want the third room only", rooms, err)
	}
}

// TestLockRoom: the lock waits for who holds it shared, as bookings do, and for nobody of another room.
func TestLockRoom(t *testing.T) {
	t.Parallel()
	f := setup(t)
	locked := make(chan error, 1)
	err := f.inTx(func(tx pgx.Tx) error {
		if _, err := tx.Exec(t.Context(), "SELECT pg_advisory_xact_lock_shared(1)"); err != nil {
			return err
		}
		if err := f.inTx(func(tx pgx.Tx) error { return catalog.LockRoom(t.Context(), tx, 2) }); err != nil {
			return err
		}
		go func() { locked <- f.inTx(func(tx pgx.Tx) error { return catalog.LockRoom(t.Context(), tx, 1) }) }()
		f.untilWaiting()
		return nil
	})
	if err := errors.Join(err, <-locked); err != nil {
		t.Fatal(err)
	}
}

// TestQueueByID: hotels and rooms come in the order asked for, each with its own facilities.
func TestQueueByID(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.moscow()
	for range 5 {
		f.facility(string(rune('A' + f.number("SELECT count(*) FROM facilities"))))
	}
	var hotels, rooms []int64
	for i := range 4 {
		links := []int{1 + i, 2 + i}
		hotels = append(hotels, f.post("/hotels", object{"title": string(rune('A' + i)), "city_id": 1, "address": "B", "facility_ids": links}))
		body := room("Double")
		body["facility_ids"] = links[:i%2]
		rooms = append(rooms, f.post("/hotels/1/rooms", body))
	}
	slices.Reverse(hotels)
	slices.Reverse(rooms)
	batch := &pgx.Batch{}
	found := catalog.QueueByID(batch, append(hotels, 99), append(rooms, 99))
	if err := f.db.SendBatch(t.Context(), batch).Close(); err != nil {
		t.Fatal(err)
	}
	if len(found.Hotels) != 4 || len(found.Rooms) != 4 {
		t.Fatalf("%d hotels and %d rooms, want 4 of each", len(found.Hotels), len(found.Rooms))
	}
	for i, h := range found.Hotels {
		one, other := int64(4-i), int64(5-i)
		if h.ID != hotels[i] || len(h.Facilities) != 2 || h.Facilities[0].ID != one || h.Facilities[1].ID != other {
			t.Errorf("hotel %d is %d with %v", i, h.ID, h.Facilities)
		}
		r := found.Rooms[i]
		if want := (3 - i) % 2; r.ID != rooms[i] || len(r.Facilities) != want || want == 1 && r.Facilities[0].ID != one {
			t.Errorf("room %d is %d with %v", i, r.ID, r.Facilities)
		}
	}
	empty := catalog.QueueByID(&pgx.Batch{}, nil, nil)
	if len(empty.Hotels)+len(empty.Rooms) != 0 {
		t.Errorf("QueueByID() of nothing = %+v", empty)
	}
}
