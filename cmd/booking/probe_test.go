package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

// A probe is one request of an operation, for one object.
type probe struct {
	object string // names the row of testdata/permissions.txt
	// absent names the probe for an object that is not there. Who may not know of this object gets the same answer.
	absent string
	ids    []any // values of the parameters of the path
	query  string
	body   any // JSON; an apitest.Part is uploaded
}

// objects are probes that differ by their objects alone.
type objects []probe

func (o objects) and(name string, ids ...any) objects {
	return append(slices.Clip(o), probe{object: name, absent: "absent", ids: ids})
}

// three are one's own, others' and absent objects.
func three(own, others []any, absent ...any) objects {
	return objects{}.and("own", own...).and("others'", others...).and("absent", absent...)
}

// with returns the probes with a body.
func (o objects) with(body any) []probe {
	probes := slices.Clone(o)
	for i := range probes {
		probes[i].body = body
	}
	return probes
}

// asking returns the probes with a query.
func (o objects) asking(query string) objects {
	probes := slices.Clone(o)
	for i := range probes {
		probes[i].query = query
	}
	return probes
}

// once is the probe of an operation that has no object.
func once(body any) []probe { return []probe{{object: "-", body: body}} }

func ids(values ...any) []any { return values }

// probes are what is sent to each operation. One that is missing here fails the test.
func (f *fixtures) probes(t *testing.T) map[string][]probe {
	t.Helper()
	all := f.catalogueProbes(t)
	maps.Copy(all, f.accountProbes())
	maps.Copy(all, f.bookingProbes())
	maps.Copy(all, systemProbes())
	return all
}

func systemProbes() map[string][]probe {
	return map[string][]probe{
		"getLive": once(nil), "getReady": once(nil), "getHealth": once(nil), "getMetrics": once(nil),
		"getDocs": once(nil), "getProblems": once(nil), "getOpenAPI": once(nil),
		"getDocsFile":  objects{}.and("absent", "absent.js"),
		"getImageFile": objects{}.and("absent", "absent.jpg"),
	}
}

func (f *fixtures) accountProbes() map[string][]probe {
	users := three(ids(f.users["guest_a"]), ids(f.users["guest_b"]), nobody).and("last admin", f.users["admin"])
	sessions := three(ids(f.session), ids(f.otherSession), nobody)
	newUser := map[string]any{"email": "new@example.com", "password": "seven-quiet-herons"}
	newStaff := maps.Clone(newUser)
	newStaff["role"] = "manager"
	return map[string][]probe{
		"register":       once(newUser),
		"login":          once(map[string]any{"email": emailOf("guest_a"), "password": worldPassword}),
		"refreshTokens":  once(map[string]any{"refresh_token": f.refreshToken}),
		"logout":         once(nil),
		"logoutAll":      once(nil),
		"listSessions":   once(nil),
		"endSession":     sessions,
		"getMe":          once(nil),
		"updateMe":       once(map[string]any{"first_name": "Vera"}),
		"changePassword": once(map[string]any{"current_password": worldPassword, "new_password": "nine-patient-otters"}),
		"enrollTOTP":     once(nil),
		"confirmTOTP":    once(map[string]any{"code": "492039"}),
		"removeTOTP":     once(map[string]any{"password": worldPassword, "code": "492039"}),
		"listAuditLog":   {{object: "-", query: "limit=1"}}, // that of a refused request may be there or not
		"listUsers":      once(nil),
		"createUser":     once(newStaff),
		"getUser":        users,
		"updateUser":     users.with(map[string]any{"last_name": "Orlova"}),
		"replaceUser":    users.with(map[string]any{"email": "replaced@example.com", "role": "guest"}),
		"deleteUser":     users,
	}
}

func (f *fixtures) bookingProbes() map[string][]probe {
	bookings := three(ids(f.booking), ids(f.otherBooking), nobody)
	stay := fmt.Sprintf("date_from=%s&date_to=%s", f.night, f.night.AddDays(2))
	return map[string][]probe{
		"createBooking": {
			{object: "own", absent: "absent", body: f.stay(f.room)},
			{object: "others'", absent: "absent", body: f.stay(f.otherRoom)},
			{object: "absent", absent: "absent", body: f.stay(nobody)},
			{object: "guest A's", absent: "nobody's", body: f.stayOf(f.users["guest_a"], f.room)},
			{object: "nobody's", absent: "nobody's", body: f.stayOf(nobody, f.room)},
			{object: "guest A's, others'", absent: "guest A's, absent", body: f.stayOf(f.users["guest_a"], f.otherRoom)},
			{object: "guest A's, absent", absent: "guest A's, absent", body: f.stayOf(f.users["guest_a"], nobody)},
		},
		"listBookings": {
			{object: "all"},
			{object: "own hotel", query: fmt.Sprintf("hotel_id=%d", f.hotel)},
			{object: "others' hotel", query: fmt.Sprintf("hotel_id=%d", f.otherHotel)},
			{object: "absent hotel", query: fmt.Sprintf("hotel_id=%d", nobody)},
			{object: "guest A's", query: fmt.Sprintf("user_id=%d", f.users["guest_a"])},
			{object: "guest B's", query: fmt.Sprintf("user_id=%d", f.users["guest_b"])},
		},
		"listMyBookings":     once(nil),
		"getBooking":         bookings,
		"cancelBooking":      bookings,
		"searchHotels":       {{object: "-", query: fmt.Sprintf("city_id=%d&%s", f.usedCity, stay)}},
		"listAvailableRooms": f.hotels().asking(stay),
	}
}

func (f *fixtures) hotels() objects { return three(ids(f.hotel), ids(f.otherHotel), nobody) }

// rooms are those of hotels, and a room sought in the hotel of another.
func (f *fixtures) rooms() objects {
	return three(ids(f.hotel, f.room), ids(f.otherHotel, f.otherRoom), f.hotel, nobody).
		and("crossed", f.hotel, f.otherRoom).and("no hotel", nobody, f.room)
}

func (f *fixtures) catalogueProbes(t *testing.T) map[string][]probe {
	t.Helper()
	all := f.placeProbes()
	hotels, rooms, photograph := f.hotels(), f.rooms(), picture(t)
	images := three(ids(f.image), ids(f.otherImage), nobody)
	managers := three(ids(f.hotel, f.users["manager"]), ids(f.otherHotel, f.users["other_manager"]), f.hotel, nobody).
		and("new", f.hotel, f.users["other_manager"]).and("a guest", f.hotel, f.users["guest_a"])
	managers = append(managers, probe{object: "no hotel", ids: ids(nobody, f.users["manager"])})
	hotel := map[string]any{"title": "West House", "city_id": f.usedCity, "address": "Main Street 2"}
	room := map[string]any{"title": "Single", "price": 500, "quantity": 4, "max_guests": 2}
	nights := rooms.asking(fmt.Sprintf("from=%s&to=%s", f.night, f.night.AddDays(3)))
	maps.Copy(all, map[string][]probe{
		"listHotels":  once(nil),
		"createHotel": once(hotel),
		"getHotel":    hotels, "replaceHotel": hotels.with(hotel), "deleteHotel": hotels,
		"updateHotel":     hotels.with(map[string]any{"description": "By the sea."}),
		"listHotelImages": hotels, "uploadHotelImages": hotels.with(photograph),
		"listManagers": hotels, "assignManager": managers, "removeManager": managers,
		"listRooms": hotels, "createRoom": hotels.with(room),
		"getRoom": rooms, "replaceRoom": rooms.with(room), "deleteRoom": rooms,
		"updateRoom":     rooms.with(map[string]any{"description": "By the stairs."}),
		"listRoomImages": rooms, "uploadRoomImages": rooms.with(photograph),
		"listNights": nights, "updateNights": nights.with(map[string]any{"price": 700}),
		"getImage": images, "deleteImage": images,
		"updateImage": images.with(map[string]any{"alt": "The house"}),
	})
	return all
}

// placeProbes are for what belongs to nobody: there it matters whether something is in use.
func (f *fixtures) placeProbes() map[string][]probe {
	places := func(unused, used int64) objects {
		return objects{}.and("unused", unused).and("used", used).and("absent", nobody)
	}
	countries, cities := places(f.country, f.usedCountry), places(f.city, f.usedCity)
	facilities := places(f.facility, f.usedFacility)
	country := map[string]any{"name": "Ruritania", "iso_code": "ZZ", "currency": "EUR"}
	city := map[string]any{"name": "Reykjavik", "country_id": f.usedCountry, "time_zone": "Atlantic/Reykjavik"}
	facility := map[string]any{"title": "Roof terrace"}
	return map[string][]probe{
		"listCountries": once(nil), "createCountry": once(country),
		"getCountry": countries, "replaceCountry": countries.with(country), "deleteCountry": countries,
		"updateCountry": countries.with(map[string]any{"name": "Ruritania"}),
		"listCities":    once(nil), "createCity": once(city),
		"getCity": cities, "replaceCity": cities.with(city), "deleteCity": cities,
		"updateCity":     cities.with(map[string]any{"population": 5}),
		"listFacilities": once(nil), "createFacility": once(facility),
		"getFacility": facilities, "replaceFacility": facilities.with(facility),
		"deleteFacility": facilities, "updateFacility": facilities.with(facility),
	}
}

// send makes the request of p to operation o, with headers as pairs of name and value.
func (p probe) send(t *testing.T, c *apitest.Client, o *operation, headers ...string) *apitest.Response {
	t.Helper()
	contentType, body := p.encode(t)
	r := httptest.NewRequestWithContext(t.Context(), strings.ToUpper(o.method), p.target(o), bytes.NewReader(body))
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	return c.With(t).Send(r)
}

// target is the path of o with the ids of p, and the query.
func (p probe) target(o *operation) string {
	rest := p.ids
	path := pathParameter.ReplaceAllStringFunc(o.path, func(string) string {
		id := rest[0]
		rest = rest[1:]
		return fmt.Sprint(id)
	})
	if p.query != "" {
		path += "?" + p.query
	}
	return path
}

var pathParameter = regexp.MustCompile(`\{\w+\}`)

func (p probe) encode(t *testing.T) (contentType string, body []byte) {
	t.Helper()
	if part, ok := p.body.(apitest.Part); ok {
		return apitest.Multipart(t, part)
	}
	if p.body == nil {
		return "", nil
	}
	body, err := json.Marshal(p.body)
	if err != nil {
		t.Fatal(err)
	}
	return "application/json", body
}
