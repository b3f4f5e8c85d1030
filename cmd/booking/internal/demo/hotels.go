package demo

import (
	"math"
	"slices"
	"time"
)

// A hotel is a generated one. Its rooms and their stays have no ids yet: those
// follow from the hotels before it.
type hotel struct {
	*place
	id                  int64
	title, description  string
	russian             bool
	stars               int
	address, code       string
	latitude, longitude float64
	checkIn, checkOut   time.Duration // since midnight
	facilities          []int64
	rooms               []room
	demand              float64 // of its nights in season, as part of its rooms
	stays               []stay
}

// A room is a room type. Prices are in minor units for a night.
type room struct {
	title, description    string
	price, floor, ceiling int64
	quantity, maxGuests   int
	facilities            []int64
	nights                []night // by day of the generator's calendar
}

// A night is the inventory of a room type on one date.
type night struct {
	booked  int16
	touched bool  // by a stay, cancelled ones included
	price   int64 // 0 where the room's own price holds
}

// A class is a kind of hotel: how many room types it has, and how many rooms of
// each.
type class struct {
	types, quantity [2]int
	stars           []float64 // weights of 0 to 5 stars
	euros           float64   // for a night of two in a hotel of the euro area
	popular         float64   // the part of the hotels that is full in season
}

// The smaller a hotel, the easier it is full. It also takes fewer bookings to
// fill it: popular large hotels alone would make most of the bookings.
var classes = []class{
	{[2]int{2, 3}, [2]int{1, 4}, []float64{5, 1, 4, 3, .5, 0}, 55, .03},
	{[2]int{2, 5}, [2]int{2, 9}, []float64{1, 1, 4, 6, 3, .3}, 75, .009},
	{[2]int{4, 6}, [2]int{5, 40}, []float64{0, 0, 1, 5, 6, 2}, 95, .001},
}

// starFactor is what a night costs by stars, relative to the class.
var starFactor = []float64{.8, .65, .8, 1, 1.45, 2.6}

// hotel makes up hotel number n, from 0.
func (g *generator) hotel(n int) *hotel {
	r := newRandom(n)
	at := g.sites[n]
	p := &g.places[at.city]
	class := classes[r.weighted(60, 33, 7)]
	h := &hotel{place: p, id: int64(n) + 1, stars: r.weighted(class.stars...)}
	h.title, h.russian = title(p, int(at.number))
	h.address, h.code = r.street(p.CountryCode)
	h.latitude, h.longitude = r.around(p)
	h.checkIn = time.Duration(one(r, []int{13, 14, 14, 14, 15, 15, 16})) * time.Hour
	h.checkOut = time.Duration(one(r, []int{20, 22, 22, 24, 24, 24})) * time.Hour / 2
	h.facilities = r.facilities(hotelFacilities, float64(h.stars), 0)
	euros := class.euros * starFactor[h.stars] * math.Exp(r.NormFloat64()*.2)
	h.rooms = r.rooms(h, class, g.pricers[p.currency], euros)
	h.description = r.description(p, h)
	h.demand = r.demand(class.popular)
	g.fill(r, h)
	return h
}

// demand is small for most hotels, while the popular ones turn guests away.
func (r *random) demand(popular float64) float64 {
	switch {
	case r.chance(popular):
		return 1 + r.Float64()
	case r.chance(.08):
		return .05 + .15*r.Float64()
	default:
		return .025 * r.Float64()
	}
}

// around scatters hotels about the centre of a city, farther in larger ones.
func (r *random) around(p *place) (latitude, longitude float64) {
	kilometres := .8 + 1.6*math.Sqrt(float64(p.Population)/1e6)
	const perDegree = 111.2
	latitude = p.Latitude + r.NormFloat64()*kilometres/perDegree
	shrink := max(math.Cos(p.Latitude*math.Pi/180), .05)
	longitude = p.Longitude + r.NormFloat64()*kilometres/perDegree/shrink
	latitude = min(max(latitude, -90), 90)
	longitude = math.Remainder(longitude, 360)
	return round6(latitude), round6(longitude)
}

// round6 keeps six decimals of a degree, a tenth of a metre.
func round6(degrees float64) float64 { return math.Round(degrees*1e6) / 1e6 }

// rooms makes the room types of a hotel, from the plainest.
func (r *random) rooms(h *hotel, c class, p pricer, euros float64) []room {
	chosen := r.Perm(len(roomTypes))[:r.between(c.types[0], c.types[1])]
	slices.Sort(chosen)
	rooms := make([]room, len(chosen))
	for i, at := range chosen {
		t := &roomTypes[at]
		rooms[i] = room{
			title: t.title, description: t.description,
			price:      p.price(euros * t.factor * (.95 + .1*r.Float64())),
			quantity:   r.between(c.quantity[0], c.quantity[1]),
			maxGuests:  t.guests,
			facilities: r.facilities(roomFacilities, float64(h.stars), int64(len(hotelFacilities))),
		}
		if h.russian {
			rooms[i].title, rooms[i].description = t.russian, ""
		}
	}
	return rooms
}

// capacity is how many rooms the hotel has, of all types.
func (h *hotel) capacity() int {
	sum := 0
	for i := range h.rooms {
		sum += h.rooms[i].quantity
	}
	return sum
}

// facilities chooses from a list whose ids begin after the one given. More
// stars have more of them.
func (r *random) facilities(list []facility, stars float64, after int64) []int64 {
	var ids []int64
	for i, f := range list {
		if r.chance(f.share * (.5 + stars/6)) {
			ids = append(ids, after+int64(i)+1)
		}
	}
	return ids
}
