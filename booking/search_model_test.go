package booking_test

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"testing"

	"pgregory.net/rapid"

	"github.com/shumbooking/shumbooking/platform/date"
)

// The model of the search reads a whole city from memory and does what api.md says, without a thought for speed.

type modelNight struct {
	booked, price int
	priced        bool
	closed        bool
}

type modelRoom struct {
	id, hotel           int64
	price               int
	quantity, maxGuests int
	nights              map[date.Date]modelNight
}

type modelHotel struct {
	id         int64
	title      string
	stars      int
	currency   string
	facilities []int64
	lat, lon   float64
	rooms      []*modelRoom
}

type modelCity struct {
	id     int64
	hotels []*modelHotel
}

// price returns the price of the nights for n rooms, and how many are free on all of them.
func (r *modelRoom) offer(from date.Date, nights, n int) (total, free int) {
	free = r.quantity
	for i := range nights {
		night, touched := r.nights[from.AddDays(i)]
		price := r.price
		if touched && night.priced {
			price = night.price
		}
		if touched {
			free = min(free, r.quantity-night.booked)
		}
		if night.closed {
			free = 0
		}
		total += price * n
	}
	return total, free
}

// A modelQuery is a search in the model's terms.
type modelQuery struct {
	from                  date.Date
	nights, rooms, guests int
	priceMin, priceMax    int // -1 for none
	stars                 int // -1 for any
	facilities            []int64
	currency, sort        string
	around                bool
	lat, lon, radius      float64
}

// A modelHit is a hotel that the model finds, with its rooms by price.
type modelHit struct {
	hotel    *modelHotel
	distance float64
	rooms    []modelOffer
}

type modelOffer struct {
	room        int64
	total, free int
}

func (q *modelQuery) search(city *modelCity) []modelHit {
	var hits []modelHit
	for _, h := range city.hotels {
		hit := modelHit{hotel: h, distance: distance(q.lat, q.lon, h.lat, h.lon)}
		fits := (q.currency == "" || h.currency == q.currency) && (q.stars < 0 || h.stars == q.stars) && (!q.around || hit.distance <= q.radius)
		for _, f := range q.facilities {
			fits = fits && slices.Contains(h.facilities, f)
		}
		for _, r := range h.rooms {
			total, free := r.offer(q.from, q.nights, q.rooms)
			if fits && free >= q.rooms && q.rooms*r.maxGuests >= q.guests &&
				(q.priceMin < 0 || total >= q.priceMin) && (q.priceMax < 0 || total <= q.priceMax) {
				hit.rooms = append(hit.rooms, modelOffer{r.id, total, free})
			}
		}
		if len(hit.rooms) == 0 {
			continue
		}
		slices.SortFunc(hit.rooms, func(a, b modelOffer) int {
			return cmp.Or(cmp.Compare(a.total, b.total), cmp.Compare(a.room, b.room))
		})
		hits = append(hits, hit)
	}
	slices.SortFunc(hits, func(a, b modelHit) int {
		byPrice := cmp.Or(cmp.Compare(a.rooms[0].total, b.rooms[0].total), cmp.Compare(a.rooms[0].room, b.rooms[0].room))
		byID := cmp.Compare(a.hotel.id, b.hotel.id)
		switch q.sort {
		case "title":
			return cmp.Or(cmp.Compare(a.hotel.title, b.hotel.title), byID)
		case "distance":
			return cmp.Or(cmp.Compare(a.distance, b.distance), byID)
		case "-price":
			return -byPrice
		}
		return byPrice
	})
	return hits
}

// distance is the great-circle distance in kilometres, by the spherical law of cosines in its vector form, which is
// not how the service does it.
func distance(lat1, lon1, lat2, lon2 float64) float64 {
	vector := func(lat, lon float64) [3]float64 {
		lat, lon = lat*math.Pi/180, lon*math.Pi/180
		return [3]float64{math.Cos(lat) * math.Cos(lon), math.Cos(lat) * math.Sin(lon), math.Sin(lat)}
	}
	a, b := vector(lat1, lon1), vector(lat2, lon2)
	var chord float64
	for i := range a {
		chord += (a[i] - b[i]) * (a[i] - b[i])
	}
	return 2 * 6371.0088 * math.Asin(min(1, math.Sqrt(chord)/2))
}

// drawCity makes a random city in the database and in the model.
func (w *world) drawCity(t *rapid.T, facilities []int64, lat, lon float64) *modelCity {
	city := &modelCity{id: w.city()}
	for range rapid.SampledFrom([]int{0, 3, 8, 12}).Draw(t, "hotels") {
		h := &modelHotel{
			title:    rapid.SampledFrom([]string{"Astoria", "Baltic", "Berëza", "Ёлка", "Ямал", "astoria"}).Draw(t, "title") + strconv.Itoa(len(city.hotels)),
			stars:    rapid.IntRange(3, 4).Draw(t, "stars"),
			currency: rapid.SampledFrom([]string{"RUB", "RUB", "RUB", "EUR"}).Draw(t, "currency"),
			lat:      lat + float64(uniform(t, -500, 500, "lat"))/1000,
			lon:      wrapped(lon + float64(uniform(t, -2000, 2000, "lon"))/1000),
		}
		h.id = w.insert(`INSERT INTO hotels (city_id, title, address, time_zone, currency, stars, latitude, longitude)
			VALUES ($1, $2, 'Street 1', 'UTC', $3, $4, $5, $6)`, city.id, h.title, h.currency, h.stars, h.lat, h.lon)
		for _, f := range facilities {
			if rapid.Bool().Draw(t, "has facility") {
				h.facilities = append(h.facilities, f)
				w.exec("INSERT INTO hotel_facilities (hotel_id, facility_id) VALUES ($1, $2)", h.id, f)
			}
		}
		for range rapid.SampledFrom([]int{0, 1, 2, 3}).Draw(t, "rooms") {
			h.rooms = append(h.rooms, w.drawRoom(t, h.id))
		}
		city.hotels = append(city.hotels, h)
	}
	return city
}

// uniform draws evenly, where rapid prefers small numbers and would leave most rooms alike.
func uniform(t *rapid.T, low, high int, label string) int {
	return rapid.Map(rapid.Uint64(), func(n uint64) int {
		return low + int(n*0x9E3779B97F4A7C15>>32%uint64(high-low+1))
	}).Draw(t, label)
}

func wrapped(lon float64) float64 { return math.Mod(lon+540, 360) - 180 }

func (w *world) drawRoom(t *rapid.T, hotel int64) *modelRoom {
	r := &modelRoom{
		hotel: hotel, price: uniform(t, 1, 12, "price"),
		quantity: uniform(t, 0, 5, "quantity"), maxGuests: uniform(t, 1, 3, "max_guests"),
		nights: make(map[date.Date]modelNight),
	}
	floor, ceiling := r.price, r.price
	special := rapid.Bool().Draw(t, "special prices")
	for i := range 8 {
		if !rapid.Bool().Draw(t, "touched") {
			continue
		}
		n := modelNight{booked: min(r.quantity, max(0, uniform(t, -3, r.quantity, "booked"))), closed: uniform(t, 0, 15, "closed") == 0}
		if special && rapid.Bool().Draw(t, "priced") {
			n.priced, n.price = true, uniform(t, 0, 16, "night price")
			floor, ceiling = min(floor, n.price), max(ceiling, n.price)
		}
		r.nights[soon().AddDays(i)] = n
	}
	r.id = w.room(hotel, int64(r.price), r.quantity, r.maxGuests)
	w.exec("UPDATE rooms SET price_floor = $2, price_ceiling = $3 WHERE id = $1", r.id, floor, ceiling)
	for night, n := range r.nights {
		var price *int
		if n.priced {
			price = &n.price
		}
		w.exec("INSERT INTO room_nights (room_id, night, booked, capacity, price, closed) VALUES ($1, $2, $3, $4, $5, $6)",
			r.id, night, n.booked, r.quantity, price, n.closed)
	}
	return r
}

func drawQuery(t *rapid.T, facilities []int64, lat, lon float64) modelQuery {
	limit := func(label string) int { return max(-1, uniform(t, -60, 60, label)) }
	q := modelQuery{
		from: soon().AddDays(uniform(t, 0, 6, "from")), nights: uniform(t, 1, 5, "nights"),
		rooms: uniform(t, 1, 2, "rooms"), guests: uniform(t, 1, 3, "guests"),
		priceMin: limit("price_min"), priceMax: limit("price_max"), stars: -1,
		around: rapid.Bool().Draw(t, "around"), currency: "RUB",
	}
	sorts := []string{"price", "-price", "title"}
	if q.around {
		sorts = append(sorts, "distance")
		q.lat, q.lon = lat, lon
		q.radius = float64(uniform(t, 1, 2000, "radius")) / 10
	}
	q.sort = rapid.SampledFrom(sorts).Draw(t, "sort")
	if q.around && q.priceMin < 0 && q.priceMax < 0 && (q.sort == "title" || q.sort == "distance") {
		q.currency = rapid.SampledFrom([]string{"", "RUB", "EUR"}).Draw(t, "currency")
	}
	if uniform(t, 0, 5, "by stars") == 0 {
		q.stars = 3
	}
	if uniform(t, 0, 5, "by facility") == 0 {
		q.facilities = facilities
	}
	return q
}

// search asks the service for all pages of q.
func (w *world) search(t *rapid.T, city *modelCity, q modelQuery, limit int) []modelHit {
	v := query(q.from, q.nights, "rooms", strconv.Itoa(q.rooms), "sort", q.sort, "limit", strconv.Itoa(limit))
	v.Set("guests", strconv.Itoa(q.guests))
	if q.around {
		v.Set("lat", fmt.Sprint(q.lat))
		v.Set("lon", fmt.Sprint(q.lon))
		v.Set("radius_km", fmt.Sprint(q.radius))
		if q.currency != "" {
			v.Set("currency", q.currency)
		}
	} else {
		v.Set("city_id", fmt.Sprint(city.id))
	}
	for name, n := range map[string]int{"price_min": q.priceMin, "price_max": q.priceMax, "stars": q.stars} {
		if n >= 0 {
			v.Set(name, strconv.Itoa(n))
		}
	}
	for _, f := range q.facilities {
		v.Add("facility_id", fmt.Sprint(f))
	}
	var hits []modelHit
	for {
		found := searched(w.api, v)
		for _, item := range found.Items {
			hit := modelHit{hotel: &modelHotel{id: item.ID, title: item.Title}}
			if item.MinTotalPrice != item.Rooms[0].TotalPrice || (item.DistanceKM != nil) != q.around {
				t.Fatalf("hotel %d: min_total_price %d, distance %v", item.ID, item.MinTotalPrice, item.DistanceKM)
			}
			if item.DistanceKM != nil {
				hit.distance = *item.DistanceKM
			}
			for _, r := range item.Rooms {
				hit.rooms = append(hit.rooms, modelOffer{r.ID, int(r.TotalPrice), r.Available})
			}
			hits = append(hits, hit)
		}
		if found.NextCursor == nil {
			return hits
		}
		if len(found.Items) != limit {
			t.Fatalf("a page of %d with a next one, want %d", len(found.Items), limit)
		}
		v.Set("cursor", *found.NextCursor)
	}
}

func describe(hits []modelHit) string {
	var s string
	for _, h := range hits {
		s += fmt.Sprintf("\n%s (%d): %v", h.hotel.title, h.hotel.id, h.rooms)
	}
	return s
}

// TestSearchIsExact compares every order, filter and page size with the model, with nightly prices that put total
// prices in another order than the rooms' own.
func TestSearchIsExact(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	facilities := []int64{w.insert("INSERT INTO facilities (title) VALUES ('Pool')"), w.insert("INSERT INTO facilities (title) VALUES ('Sauna')")}
	rapid.Check(t, func(t *rapid.T) {
		w.exec("DELETE FROM hotels")
		w.exec("DELETE FROM cities")
		w.exec("DELETE FROM countries")
		centre := rapid.SampledFrom([][2]float64{{55.7, 37.6}, {0, 179.9}, {-40, -179.5}, {89.8, 10}, {-89.9, 100}}).Draw(t, "centre")
		city := w.drawCity(t, facilities, centre[0]-math.Copysign(0.4, centre[0]), centre[1])
		for range 12 {
			q := drawQuery(t, facilities, centre[0], centre[1])
			limit := rapid.SampledFrom([]int{1, 2, 5, 20}).Draw(t, "limit")
			want, got := q.search(city), w.search(t, city, q, limit)
			if describe(got) != describe(want) {
				t.Fatalf("search %+v by %d gives%s\nwant%s", q, limit, describe(got), describe(want))
			}
			for i := range want {
				if q.around && math.Abs(got[i].distance-want[i].distance) > 0.001 {
					t.Fatalf("distance of hotel %d = %v km, want %v", want[i].hotel.id, got[i].distance, want[i].distance)
				}
			}
		}
	})
}
