package booking

import (
	"math"

	"github.com/jackc/pgx/v5/pgtype"

	"github.com/shumbooking/shumbooking/platform/pg"
)

// earthRadius is the mean radius of the earth in kilometres.
const earthRadius = 6371.0088

// A circle is an area on the earth.
type circle struct {
	lat, lon float64 // degrees
	radius   float64 // kilometres
}

// boxes returns the boxes of longitude and latitude, in degrees, that hold the circle: one, or two when it reaches
// over the 180th meridian. Around a pole the box is a cap.
func (c circle) boxes() []pgtype.Box {
	// Rounding in the last place must not cut off what lies on the rim.
	const rim = 1e-9
	angle := c.radius / earthRadius
	south, north := c.lat-degrees(angle)-rim, c.lat+degrees(angle)+rim
	if south <= -90 || north >= 90 {
		return []pgtype.Box{box(-180, max(south, -90), 180, min(north, 90))}
	}
	reach := degrees(math.Asin(min(1, math.Sin(angle)/math.Cos(radians(c.lat))))) + rim
	west, east := c.lon-reach, c.lon+reach
	switch {
	case west < -180:
		return []pgtype.Box{box(-180, south, east, north), box(west+360, south, 180, north)}
	case east > 180:
		return []pgtype.Box{box(west, south, 180, north), box(-180, south, east-360, north)}
	}
	return []pgtype.Box{box(west, south, east, north)}
}

func box(west, south, east, north float64) pgtype.Box {
	return pgtype.Box{P: [2]pgtype.Vec2{{X: east, Y: north}, {X: west, Y: south}}, Valid: true}
}

func degrees(rad float64) float64 { return rad * 180 / math.Pi }

func radians(deg float64) float64 { return deg * math.Pi / 180 }

// hotelsAround selects id, title and distance of the hotels in the circle: the boxes by the index on the hotels'
// location, then the distance by the haversine formula.
func (s *search) hotelsAround(q *pg.Statement) {
	c := s.centre
	q.Add(`
	SELECT h.id, h.title, h.distance FROM (
		SELECT h.id, h.title, 2 * ?::float8 * asin(least(1, sqrt(
			sin(radians(h.latitude - ?::float8) / 2) ^ 2
			+ cos(radians(?::float8)) * cos(radians(h.latitude)) * sin(radians(h.longitude - ?::float8) / 2) ^ 2))) AS distance
		FROM hotels h WHERE h.archived_at IS NULL AND (`, earthRadius, c.lat, c.lat, c.lon)
	or := ""
	for _, b := range c.boxes() {
		q.Add(or+"point(h.longitude, h.latitude) <@ ?::box", b)
		or = " OR "
	}
	q.Add(") OFFSET 0\n\t) AS h WHERE h.distance <= ?::float8", c.radius)
}

// walkHotels walks the hotels by title or by distance, and keeps those with a room that can be booked.
func (s *search) walkHotels(after *hotelPosition, limit int) *pg.Statement {
	q := newStatement(&s.stay)
	q.Add("SELECT r.id, r.hotel_id, r.total, 0::bigint AS bound, h.title, h.distance")
	s.roomsOfHit(q)
	q.Add("FROM (")
	by := s.hotelSource(q, after)
	q.Add(") AS h CROSS JOIN LATERAL (\n\tSELECT c.id, c.hotel_id, " + of(totalPrice) + " AS total FROM rooms c WHERE c.hotel_id = h.id AND " + of(offerableRoom))
	s.currency(q, "c")
	s.priceLimits(q)
	q.Add("\tORDER BY total, c.id LIMIT 1\n) AS r\nORDER BY "+by+", h.id LIMIT ?::integer", limit)
	return q
}

// hotelSource selects the hotels in their order, which it returns, from the given position on.
func (s *search) hotelSource(q *pg.Statement, after *hotelPosition) string {
	if s.centre != nil {
		q.Add("\tSELECT h.id, h.title, h.distance FROM (")
		s.hotelsAround(q)
		q.Add("\t) AS h WHERE true")
	} else {
		q.Add("\tSELECT h.id, h.title, NULL::float8 AS distance FROM hotels h WHERE h.archived_at IS NULL AND h.city_id = ?::bigint", *s.CityID)
	}
	// A CASE for the reason given in walkRooms. Without filters it is folded away.
	q.Add("\tAND CASE WHEN true")
	s.hotelFilters(q, "h.id")
	q.Add(" THEN true ELSE false END")
	by := "h.title"
	if s.Sort == sortDistance {
		by = "h.distance"
	}
	if after != nil && s.Sort == sortDistance {
		q.Add("\tAND (h.distance, h.id) > (?::float8, ?::bigint)", after.Distance, after.ID)
	} else if after != nil {
		q.Add("\tAND (h.title, h.id) > (?::text, ?::bigint)", after.Title, after.ID)
	}
	q.Add("\tORDER BY " + by + ", h.id OFFSET 0")
	return by
}
