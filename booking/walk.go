package booking

import (
	"cmp"
	"strings"

	"github.com/shumbooking/shumbooking/platform/pg"
)

// newStatement begins a statement about a stay. Its first four arguments are those of offerable and totalPrice.
func newStatement(s *stay) *pg.Statement {
	return pg.NewStatement(s.from, s.to, s.rooms, s.guests)
}

// of returns a fragment about room r as one about room c.
func of(fragment string) string { return strings.ReplaceAll(fragment, "r.", "c.") }

// totalPrice is what a stay in $3 rooms r over the nights of [$1, $2) costs. Nights with a price of their own are
// only looked for in rooms that have such nights at all.
const totalPrice = `((r.price * ($2::date - $1::date)
	+ CASE WHEN r.price_floor = r.price_ceiling THEN 0 ELSE coalesce((
		SELECT sum(n.price - r.price)::bigint FROM room_nights n
		WHERE n.room_id = r.id AND n.night >= $1::date AND n.night < $2::date AND n.price IS NOT NULL
	), 0) END) * $3::integer)`

// roomsOfHit lists the rooms of r's hotel that can be booked.
func (s *search) roomsOfHit(q *pg.Statement) {
	q.Add(",\n\tARRAY(SELECT c.id FROM rooms c WHERE c.hotel_id = r.hotel_id AND " + of(offerableRoom))
	s.priceLimits(q)
	q.Add(") AS rooms")
}

// representative selects, of the rooms c of hotel r.hotel_id that can be booked, the cheapest.
func (s *search) representative(q *pg.Statement) {
	q.Add("SELECT c.id FROM rooms c WHERE c.hotel_id = r.hotel_id AND " + of(offerableRoom))
	s.priceLimits(q)
	q.Add("\tORDER BY " + of(totalPrice) + ", c.id LIMIT 1")
}

// priceLimits keeps the rooms c whose total price is within the limits asked for.
func (s *search) priceLimits(q *pg.Statement) {
	if s.PriceMin != nil {
		q.Add("\tAND "+of(totalPrice)+" >= ?::bigint", *s.PriceMin)
	}
	if s.PriceMax != nil {
		q.Add("\tAND "+of(totalPrice)+" <= ?::bigint", *s.PriceMax)
	}
}

// currency is the currency of the search: the one asked for, or that of the city's country.
func (s *search) currency(q *pg.Statement, room string) {
	switch {
	case s.Currency != nil:
		q.Add("\tAND "+room+".currency = ?::text", *s.Currency)
	case s.CityID != nil:
		q.Add("\tAND "+room+`.currency = (
		SELECT k.currency FROM countries k WHERE k.id = (SELECT t.country_id FROM cities t WHERE t.id = ?::bigint))`, *s.CityID)
	}
}

// hotelFilters keeps what the hotel named by id fulfils of the filters. They are scalar sub-selects for the same
// reason as the look of offerableRoom.
func (s *search) hotelFilters(q *pg.Statement, id string) {
	if s.Stars != nil {
		q.Add("\tAND (SELECT g.stars FROM hotels g WHERE g.id = "+id+") = ?::integer", *s.Stars)
	}
	for _, facility := range s.FacilityIDs {
		q.Add("\tAND (SELECT 1 FROM hotel_facilities f WHERE f.hotel_id = "+id+" AND f.facility_id = ?::bigint) = 1", facility)
	}
	if s.atEdge {
		q.Add("\tAND (SELECT $1::date - (now() AT TIME ZONE g.time_zone)::date FROM hotels g WHERE g.id = " + id + ") BETWEEN 0 AND 500")
	}
}

// A direction is that of a walk by price: cheapest or dearest first.
type direction struct {
	// bound is the column that no total price, divided by nights and rooms, is beyond.
	bound string
	order string
	// after compares with what the walk has passed, notBefore with where it begins, within with the last price
	// that is still of interest.
	after, notBefore, before, within string
}

func ascending() direction {
	return direction{bound: "r.price_floor", order: "ASC", after: ">", notBefore: ">=", before: "<", within: "<="}
}

func descending() direction {
	return direction{bound: "r.price_ceiling", order: "DESC", after: "<", notBefore: "<=", before: ">", within: ">="}
}

// A point is a place in an order of rooms by an amount of money and their ids.
type point struct {
	Amount int64 `json:"a"`
	ID     int64 `json:"i"`
}

// A stretch is the part of a walk by price that one statement covers.
type stretch struct {
	// after, if set, is the last room of the page before, by total price.
	after *point
	// from, if set, is where the walk begins, by the bound of the price.
	from *point
	// past, if set, is the last room walked; then before, by total price, is beyond what is of interest.
	past, before *point
	limit        int
}

// walkRooms walks the rooms by the bound of their price, keeps one when it can be booked and represents its hotel,
// and stops at the limit. It never reads the city beyond that.
func (s *search) walkRooms(d direction, part stretch) *pg.Statement {
	q := newStatement(&s.stay)
	q.Add("SELECT r.id, r.hotel_id, " + totalPrice + " AS total, " + d.bound + " AS bound, '' AS title")
	s.roomSource(q, d)
	q.Add("\tAND " + largeEnough)
	s.boundsOfPrice(q)
	if part.from != nil {
		q.Add("\tAND ("+d.bound+", r.id) "+d.notBefore+" (?::bigint, ?::bigint)", part.from.Amount, part.from.ID)
	}
	if part.past != nil {
		q.Add("\tAND ("+d.bound+", r.id) "+d.after+" (?::bigint, ?::bigint)", part.past.Amount, part.past.ID)
		q.Add("\tAND "+d.bound+" "+d.within+" ?::bigint", d.perNight(part.before.Amount, &s.stay))
	}
	// As a CASE, the conditions that cost most are looked at in this order, and the planner takes them to hold for
	// half of the rooms. It takes them for very rare otherwise, and then reads and sorts the whole city.
	q.Add("\tAND CASE WHEN " + freeNights)
	if part.before != nil {
		q.Add("\tAND ("+totalPrice+", r.id) "+d.before+" (?::bigint, ?::bigint)", part.before.Amount, part.before.ID)
	}
	if part.after != nil {
		q.Add("\tAND ("+totalPrice+", r.id) "+d.after+" (?::bigint, ?::bigint)", part.after.Amount, part.after.ID)
	}
	s.hotelFilters(q, "r.hotel_id")
	q.Add("\tTHEN r.id = (")
	s.representative(q)
	q.Add(") ELSE false END\nORDER BY "+d.bound+" "+d.order+", r.id "+d.order+" LIMIT ?::integer", part.limit)
	return q
}

// perNight returns the last bound of a price with which a room can cost amount.
func (d direction) perNight(amount int64, s *stay) int64 {
	units := s.units()
	if d.order == "DESC" {
		return amount/units + min(amount%units, 1)
	}
	return amount / units
}

// boundsOfPrice leaves out rooms that cannot cost what is asked for, before their nights are looked at.
func (s *search) boundsOfPrice(q *pg.Statement) {
	if s.PriceMin != nil {
		q.Add("\tAND r.price_ceiling >= ?::bigint", descending().perNight(*s.PriceMin, &s.stay))
	}
	if s.PriceMax != nil {
		q.Add("\tAND r.price_floor <= ?::bigint", ascending().perNight(*s.PriceMax, &s.stay))
	}
}

// roomSource is where the rooms come from: those of a city by an index, or those around a centre, sorted. OFFSET 0
// keeps the conditions that follow out of the sorting, so that only rooms that are walked are looked at.
func (s *search) roomSource(q *pg.Statement, d direction) {
	if s.centre == nil {
		q.Add(", NULL::float8 AS distance")
		s.roomsOfHit(q)
		q.Add("FROM rooms r\nWHERE r.city_id = ?::bigint", *s.CityID)
		s.currency(q, "r")
		return
	}
	q.Add(", r.distance")
	s.roomsOfHit(q)
	q.Add(`
FROM (
	SELECT r.id, r.hotel_id, r.price, r.price_floor, r.price_ceiling, r.quantity, r.max_guests, r.archived_at, near.distance
	FROM (`)
	s.hotelsAround(q)
	q.Add("\t) AS near JOIN rooms r ON r.hotel_id = near.id\n\tWHERE r.archived_at IS NULL")
	s.currency(q, "r")
	q.Add("\tORDER BY " + d.bound + " " + d.order + ", r.id " + d.order + " OFFSET 0\n) AS r\nWHERE true")
}

// compare orders points as the direction does.
func (d direction) compare(a, b point) int {
	n := cmp.Or(cmp.Compare(a.Amount, b.Amount), cmp.Compare(a.ID, b.ID))
	if d.order == "DESC" {
		return -n
	}
	return n
}
