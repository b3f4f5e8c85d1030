package demo

import "time"

// A batch is the encoded rows of some hotels, ready to be copied.
type batch struct {
	hotels, hotelFacilities, rooms, roomFacilities, roomNights, bookings, bookingNights rows
}

// A target is a table and the columns that a batch fills, in order.
type target struct {
	columns string
	rows    *rows
}

// targets lists the tables in an order in which each row's parents come first.
func (b *batch) targets() []target {
	return []target{
		{`hotels (id, city_id, title, description, stars, address, postal_code, latitude, longitude,
			time_zone, currency, check_in_time, check_out_time)`, &b.hotels},
		{"hotel_facilities (hotel_id, facility_id)", &b.hotelFacilities},
		{`rooms (id, hotel_id, city_id, currency, title, description, price, price_floor, price_ceiling,
			quantity, max_guests)`, &b.rooms},
		{"room_facilities (room_id, facility_id)", &b.roomFacilities},
		{"room_nights (room_id, night, booked, capacity, price)", &b.roomNights},
		{`bookings (id, room_id, hotel_id, room_title, hotel_title, user_id, date_from, date_to, nights,
			guests, rooms, status, price, currency, note, created_at, cancelled_at)`, &b.bookings},
		{"booking_nights (booking_id, night, price, released)", &b.bookingNights},
	}
}

// ids are the next ones to give.
type ids struct {
	room, booking int64
}

// add encodes a hotel with all that belongs to it.
func (b *batch) add(c *calendar, h *hotel, next *ids) {
	b.addHotel(h)
	for i := range h.stays {
		b.addStay(c, h, &h.stays[i], next)
	}
	for i := range h.rooms {
		b.addRoom(c, h, &h.rooms[i], next.room)
		next.room++
	}
}

func (b *batch) addHotel(h *hotel) {
	r := &b.hotels
	r.add(13)
	r.bigint(h.id)
	r.bigint(h.place.id)
	r.text(h.title)
	r.text(h.description)
	r.smallint(int16(h.stars))
	r.text(h.address)
	r.nullableText(h.code)
	r.double(h.latitude)
	r.double(h.longitude)
	r.text(h.TimeZone)
	r.text(h.currency)
	r.clock(h.checkIn)
	r.clock(h.checkOut)
	for _, id := range h.facilities {
		b.hotelFacilities.add(2)
		b.hotelFacilities.bigint(h.id)
		b.hotelFacilities.bigint(id)
	}
}

func (b *batch) addRoom(c *calendar, h *hotel, t *room, id int64) {
	r := &b.rooms
	r.add(11)
	r.bigint(id)
	r.bigint(h.id)
	r.bigint(h.place.id)
	r.text(h.currency)
	r.text(t.title)
	r.text(t.description)
	r.bigint(t.price)
	r.bigint(t.floor)
	r.bigint(t.ceiling)
	r.smallint(int16(t.quantity))
	r.smallint(int16(t.maxGuests))
	for _, facility := range t.facilities {
		b.roomFacilities.add(2)
		b.roomFacilities.bigint(id)
		b.roomFacilities.bigint(facility)
	}
	b.addNights(c, t, id)
}

// addNights leaves out the nights that nobody touched: no row says the same.
func (b *batch) addNights(c *calendar, t *room, id int64) {
	r := &b.roomNights
	for day := range t.nights {
		n := &t.nights[day]
		if !n.touched && n.price == 0 {
			continue
		}
		r.add(5)
		r.bigint(id)
		r.date(c.date(day))
		r.smallint(n.booked)
		r.smallint(int16(t.quantity))
		if n.price == 0 {
			r.null()
		} else {
			r.bigint(n.price)
		}
	}
}

func (b *batch) addStay(c *calendar, h *hotel, s *stay, next *ids) {
	r := &b.bookings
	r.add(17)
	r.bigint(next.booking)
	r.bigint(next.room + int64(s.room))
	r.bigint(h.id)
	r.text(h.rooms[s.room].title)
	r.text(h.title)
	r.bigint(s.guest)
	r.date(c.date(s.day))
	r.date(c.date(s.day + s.nights))
	r.smallint(int16(s.nights))
	r.smallint(int16(s.guests))
	r.smallint(int16(s.rooms))
	r.text(status(s.cancelled))
	r.bigint(s.price)
	r.text(h.currency)
	r.nullableText(s.note)
	r.timestamptz(s.created)
	if s.cancelled.IsZero() {
		r.null()
	} else {
		r.timestamptz(s.cancelled)
	}
	for n := range s.nights {
		b.bookingNights.add(4)
		b.bookingNights.bigint(next.booking)
		b.bookingNights.date(c.date(s.day + n))
		b.bookingNights.bigint(s.nightly[n])
		b.bookingNights.boolean(!s.cancelled.IsZero())
	}
	next.booking++
}

func status(cancelled time.Time) string {
	if cancelled.IsZero() {
		return "confirmed"
	}
	return "cancelled"
}
