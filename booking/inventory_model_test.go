package booking_test

import (
	"fmt"
	"slices"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/shumbooking/shumbooking/booking"
	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

// modelDays is how many nights the model plays with.
const modelDays = 8

// A modelStay is a confirmed booking in the model.
type modelStay struct {
	made booking.Booking
	room *modelRoom
}

// An inventory is a hotel and its model: each night's count is made by going through all bookings.
type inventory struct {
	w            *world
	hotel        int64
	rooms        []*modelRoom
	stays        []modelStay
	staff, guest *apitest.Client
}

func newInventory(w *world, city int64) *inventory {
	m := &inventory{w: w, hotel: w.hotelIn(city, "UTC")}
	for range 2 {
		r := &modelRoom{price: 100, quantity: 3, maxGuests: 2, nights: make(map[date.Date]modelNight)}
		r.id = w.room(m.hotel, int64(r.price), r.quantity, r.maxGuests)
		m.rooms = append(m.rooms, r)
	}
	m.staff, _ = w.manager(m.hotel)
	m.guest, _ = w.guest()
	return m
}

// count makes the model's nights say what is booked now.
func (m *inventory) count() {
	for _, r := range m.rooms {
		for i := range modelDays {
			night := soon().AddDays(i)
			n := r.nights[night]
			n.booked = 0
			for _, s := range m.stays {
				if s.room == r && !night.Before(s.made.DateFrom) && night.Before(s.made.DateTo) {
					n.booked += s.made.Rooms
				}
			}
			r.nights[night] = n
		}
	}
}

func (m *inventory) room(t *rapid.T) *modelRoom { return rapid.SampledFrom(m.rooms).Draw(t, "room") }

func nightsDrawn(t *rapid.T) (from date.Date, nights int) {
	day := uniform(t, 0, modelDays-1, "day")
	return soon().AddDays(day), uniform(t, 1, modelDays-day, "nights")
}

// book tries to book as staff, who have no limit, and compares the answer and the price with the model's.
func (m *inventory) book(t *rapid.T) {
	r := m.room(t)
	from, nights := nightsDrawn(t)
	rooms := uniform(t, 1, 3, "rooms")
	total, free := r.offer(from, nights, rooms)
	res := m.staff.Do("POST", "/bookings", stay(r.id, from, nights).with("rooms", rooms))
	if want := free >= rooms; (res.Status == 201) != want {
		t.Fatalf("booking %d of room %d from %v for %d nights = %d %s, want success %v", rooms, r.id, from, nights, res.Status, res.Body, want)
	}
	if res.Status != 201 {
		m.wantTaken(t, res.WantProblem(409, "room_not_available"), r, from, nights, rooms)
		return
	}
	var made booking.Booking
	res.Decode(&made)
	if made.Price != int64(total) {
		t.Fatalf("price = %d, want %d", made.Price, total)
	}
	m.stays = append(m.stays, modelStay{made, r})
}

// wantTaken checks that a refusal names the nights that are full or closed, and no other.
func (m *inventory) wantTaken(t *rapid.T, p apitest.Problem, r *modelRoom, from date.Date, nights, rooms int) {
	want := []any{}
	for i := range nights {
		if _, free := r.offer(from.AddDays(i), 1, rooms); free < rooms {
			want = append(want, from.AddDays(i).String())
		}
	}
	if got := fmt.Sprint(p.Members["nights"]); got != fmt.Sprint(want) {
		t.Fatalf("nights = %s, want %v", got, want)
	}
}

// rush lets stays that overlap be booked at the same time. Which of them win is theirs to decide; check sees that
// they were not too many, and that none had to be repeated for the sake of another.
func (m *inventory) rush(t *rapid.T) {
	r := m.room(t)
	made := make([]*booking.Booking, 8)
	var wg sync.WaitGroup
	for i := range made {
		from, nights := nightsDrawn(t)
		wg.Go(func() {
			res := m.staff.Do("POST", "/bookings", stay(r.id, from, nights))
			if res.Status == 201 {
				made[i] = new(booking.Booking)
				res.Decode(made[i])
			} else {
				res.WantProblem(409, "room_not_available")
			}
		})
	}
	wg.Wait()
	for _, b := range made {
		if b != nil {
			m.stays = append(m.stays, modelStay{*b, r})
		}
	}
	if n := m.w.metric("booking_retries_total"); n != 0 {
		t.Fatalf("%v transactions were repeated, want none", n)
	}
}

func (m *inventory) cancel(t *rapid.T) {
	if len(m.stays) == 0 {
		return
	}
	i := uniform(t, 0, len(m.stays)-1, "stay")
	m.staff.Do("DELETE", path(m.stays[i].made), nil).Want(200)
	m.stays = slices.Delete(m.stays, i, i+1)
}

func (m *inventory) changeQuantity(t *rapid.T) {
	r := m.room(t)
	quantity := uniform(t, 0, 4, "quantity")
	enough := true
	for _, n := range r.nights {
		enough = enough && n.booked <= quantity
	}
	res := m.staff.Do("PATCH", roomPath(m.hotel, r.id), body{"quantity": quantity})
	if enough {
		res.Want(200)
		r.quantity = quantity
	} else {
		res.WantProblem(409, "quantity_below_booked")
	}
}

func (m *inventory) changePrice(t *rapid.T) {
	r := m.room(t)
	r.price = uniform(t, 50, 150, "price")
	m.staff.Do("PATCH", roomPath(m.hotel, r.id), body{"price": r.price}).Want(200)
}

func (m *inventory) changeNights(t *rapid.T) {
	r := m.room(t)
	from, nights := nightsDrawn(t)
	change := body{}
	priced, price, closed := uniform(t, 0, 2, "priced"), uniform(t, 0, 200, "price"), uniform(t, 0, 2, "closed")
	for i := range nights {
		n := r.nights[from.AddDays(i)]
		switch priced {
		case 1:
			change["price"], n.priced, n.price = price, true, price
		case 2:
			change["price"], n.priced = nil, false
		}
		if closed < 2 {
			change["closed"], n.closed = closed == 1, closed == 1
		}
		r.nights[from.AddDays(i)] = n
	}
	url := fmt.Sprintf("%s/nights?from=%v&to=%v", roomPath(m.hotel, r.id), from, from.AddDays(nights))
	m.staff.Do("PATCH", url, change).Want(200)
}

// check compares what is offered with the model.
func (m *inventory) check(t *rapid.T) {
	m.count()
	from, nights := nightsDrawn(t)
	rooms := uniform(t, 1, 3, "rooms")
	hotel := &modelHotel{id: m.hotel, rooms: m.rooms}
	q := modelQuery{from: from, nights: nights, rooms: rooms, guests: 2, priceMin: -1, priceMax: -1, stars: -1}
	var want []modelOffer
	for _, hit := range q.search(&modelCity{hotels: []*modelHotel{hotel}}) {
		want = hit.rooms
	}
	var got []modelOffer
	for _, o := range roomsFree(m.guest, m.hotel, query(from, nights, "rooms", fmt.Sprint(rooms))).Items {
		got = append(got, modelOffer{o.ID, int(o.TotalPrice), o.Available})
	}
	if !slices.Equal(got, want) {
		t.Fatalf("offers for %d from %v for %d nights = %v, want %v", rooms, from, nights, got, want)
	}
}

// checkLedger compares the counters with the ledger, and the ledger with the rooms there are.
func (m *inventory) checkLedger(t *rapid.T) {
	drift, err := m.w.service.Recount(m.w.tb.Context(), date.Date{})
	if err != nil || drift.Nights != 0 {
		t.Fatalf("Recount() = %+v, %v; want no drift", drift, err)
	}
	if n := m.w.oversold(); n != 0 {
		t.Fatalf("%d nights oversold", n)
	}
}

// TestInventoryIsAsCounted plays random bookings, cancellations and changes of rooms. What is offered can be booked
// and nothing else, and everything is as a model has it that goes through all bookings each time.
func TestInventoryIsAsCounted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	city := w.city()
	rapid.Check(t, func(t *rapid.T) {
		m := newInventory(w, city)
		t.Repeat(map[string]func(*rapid.T){
			"": m.check, "book": m.book, "book too": m.book, "rush": m.rush, "cancel": m.cancel,
			"quantity": m.changeQuantity, "price": m.changePrice, "nights": m.changeNights,
		})
		m.checkLedger(t)
	})
}

// TestRecountSeesDrift breaks counters on purpose.
func TestRecountSeesDrift(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	room, other := w.room(w.hotel(), 100, 5, 2), w.room(w.hotel(), 100, 5, 2)
	guest, _ := w.guest()
	book(guest, stay(room, soon(), 3).with("rooms", 2))
	book(guest, stay(other, soon(), 1))
	w.wantNoDrift()
	w.exec("UPDATE room_nights SET booked = 1 WHERE room_id = $1 AND night = $2", room, soon().AddDays(1))
	w.exec("DELETE FROM room_nights WHERE room_id = $1", other)
	w.exec("INSERT INTO room_nights (room_id, night, booked, capacity) VALUES ($1, $2, 4, 5)", other, soon().AddDays(9))

	drift, err := w.service.Recount(t.Context(), date.Date{})
	want := []booking.DriftingNight{
		{RoomID: room, Night: soon().AddDays(1), Counter: 1, Ledger: 2},
		{RoomID: other, Night: soon(), Counter: 0, Ledger: 1},
		{RoomID: other, Night: soon().AddDays(9), Counter: 4, Ledger: 0},
	}
	if err != nil || drift.Nights != 3 || !slices.Equal(drift.First, want) {
		t.Errorf("Recount() = %+v, %v; want %+v", drift, err, want)
	}
	drift, err = w.service.Recount(t.Context(), soon().AddDays(2))
	if err != nil || drift.Nights != 1 {
		t.Errorf("Recount() since the third night = %+v, %v; want one night", drift, err)
	}
}
