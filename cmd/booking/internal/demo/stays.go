package demo

import "time"

// A stay is a booking of a room type, by its index in the hotel.
type stay struct {
	room, day, nights  int
	rooms, guests      int
	guest              int64 // the user
	nightly            [maxNights]int64
	price              int64
	created, cancelled time.Time // cancelled is zero for those that hold their nights
	note               string
}

// cancelledShare is the part of the stays that was cancelled.
const cancelledShare = .08

// nightWeights say how often a stay has one night, two, and so on.
var nightWeights = [maxNights]float64{20, 28, 20, 10, 6, 4, 6, 1, 1, 1, 0, 0, 0, 1}

// meanNights is about how long a stay is.
const meanNights = 3.2

// fill makes the stays of a hotel and the inventory that they take.
func (g *generator) fill(r *random, h *hotel) {
	weights := g.calendar.of(h.latitude)
	for i := range h.rooms {
		room := &h.rooms[i]
		room.nights = make([]night, days)
		g.setHolidayPrices(r, room)
		for day := range arrivals {
			wanted := h.demand * weights[day] * float64(room.quantity)
			for room.isWanted(r, day, wanted) {
				h.stays = append(h.stays, g.stay(r, h, i, day))
			}
		}
	}
}

// isWanted reports whether another party arrives at a room type on a day when
// that many of its rooms are asked for.
func (t *room) isWanted(r *random, day int, wanted float64) bool {
	booked := int(t.nights[day].booked)
	if booked >= t.quantity {
		return false
	}
	if missing := wanted - float64(booked); missing < 1 {
		// Less than a room: most of the time nobody comes, and who does stays on.
		return r.chance(missing / meanNights)
	}
	return true
}

// stay makes one stay, which begins on a day when a room is free, and takes its
// nights from the room type unless it was cancelled. As days are filled in order,
// whoever is there on a later night is there on the first one already: what is
// free on that is free throughout.
func (g *generator) stay(r *random, h *hotel, index, day int) stay {
	room := &h.rooms[index]
	s := stay{room: index, day: day, guest: g.firstGuest + int64(r.below(g.guests)), rooms: 1}
	if room.quantity > 1 && r.chance(.12) {
		s.rooms = min(2, room.quantity-int(room.nights[day].booked))
	}
	s.nights = 1 + r.weighted(nightWeights[:]...)
	s.guests = s.rooms * room.maxGuests
	if s.guests > 1 && r.chance(.4) {
		s.guests = r.between(s.rooms, s.guests)
	}
	if r.chance(.05) {
		s.note = one(r, notes)
	}
	g.date(r, &s)
	for n := range s.nights {
		at := &room.nights[day+n]
		at.touched = true
		if s.cancelled.IsZero() {
			at.booked += int16(s.rooms)
		}
		s.nightly[n] = room.priceOf(at) * int64(s.rooms)
		s.price += s.nightly[n]
	}
	return s
}

// date says when a stay was booked and, for some, when it was cancelled: before
// it began, and before today.
func (g *generator) date(r *random, s *stay) {
	latest := g.calendar.date(min(s.day, pastDays)).Time()
	ahead := time.Duration((1 + r.ExpFloat64()*25) * float64(24*time.Hour))
	ahead = min(ahead, 300*24*time.Hour)
	s.created = latest.Add(-ahead).Truncate(time.Second)
	if r.chance(cancelledShare) {
		s.cancelled = s.created.Add(time.Duration(r.Float64() * float64(ahead))).Truncate(time.Second)
	}
}

// setHolidayPrices gives a few room types prices of their own for the nights
// around the New Year, and the bounds that follow from them.
func (g *generator) setHolidayPrices(r *random, t *room) {
	t.floor, t.ceiling = t.price, t.price
	if !r.chance(.06) {
		return
	}
	// Mostly dearer; a few empty houses in business districts become cheaper.
	factor := 1.25 + r.Float64()
	if r.chance(.2) {
		factor = .8
	}
	price := max(int64(float64(t.price)*factor), 1)
	for day, holiday := range g.calendar.holiday {
		if !holiday {
			continue
		}
		t.nights[day].price = price
		// Today is yesterday still where the sun sets later.
		if day >= pastDays-1 {
			t.floor, t.ceiling = min(t.floor, price), max(t.ceiling, price)
		}
	}
}

// priceOf is what a night costs in one room.
func (t *room) priceOf(n *night) int64 {
	if n.price != 0 {
		return n.price
	}
	return t.price
}

var notes = []string{
	"Late arrival, after 22:00.", "A quiet room, please.", "Early check-in if possible.", "We travel with a small dog.",
	"A cot for a baby, please.", "Honeymoon.", "Поздний заезд, после 22:00.", "Если можно, номер с видом во двор.",
}
