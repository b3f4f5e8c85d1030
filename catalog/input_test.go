package catalog_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/catalog/world"
	"github.com/shumbooking/shumbooking/platform/httpapi"
)

// with returns a copy of body in which the field has the value, or is absent if the value is absent.
func with(body object, field string, value any) object {
	changed := maps.Clone(body)
	if changed[field] = value; value == absent {
		delete(changed, field)
	}
	return changed
}

const absent = "absent"

// TestBadFields: each wrong field gets a problem that names it, from a create, a replacement and a patch, and
// nothing is written.
func TestBadFields(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.hotel(f.moscow(), "A")
	f.facility("Pool")
	bodies := map[string]object{
		"/countries":      {"name": "Iceland", "iso_code": "IS", "currency": "ISK"},
		"/cities":         {"name": "Omsk", "country_id": 1, "time_zone": "Asia/Omsk", "latitude": 1, "longitude": 2},
		"/facilities":     {"title": "Sauna"},
		"/hotels":         {"title": "B", "city_id": 1, "address": "C", "latitude": 1, "longitude": 2},
		"/hotels/1/rooms": room("Double"),
	}
	long := strings.Repeat("я", 101)
	for _, c := range []struct {
		path, field, code string
		values            []any
	}{
		{"/countries", "name", "", []any{absent, nil, 1, "", " \t", long}},
		{"/countries", "iso_code", "", []any{absent, nil, "", "is", "ISL", "I1", "ИС", 1}},
		{"/countries", "currency", "", []any{absent, nil, "isk", "IS", "ISKK"}},
		{"/countries", "currency", "unknown", []any{"XTS", "DEM", "XAU", "AAA"}},
		{"/cities", "name", "", []any{absent, nil, "", " ", long}},
		{"/cities", "region", "", []any{"", " ", long, 5}},
		{"/cities", "country_id", "", []any{absent, nil, 0, -1, "1", 1.5}},
		{"/cities", "country_id", "unknown", []any{99, 9223372036854775807}},
		{"/cities", "time_zone", "", []any{absent, nil, "", strings.Repeat("a", 65)}},
		{"/cities", "time_zone", "unknown", badZones},
		{"/cities", "latitude", "", []any{90.1, -91, "1", nil, absent}},
		{"/cities", "longitude", "", []any{180.1, -181, "1", nil, absent}},
		{"/cities", "population", "", []any{-1, 2147483648, 1.5, "1"}},
		{"/facilities", "title", "", []any{absent, nil, "", " ", long, []string{}}},
		{"/hotels", "title", "", []any{absent, nil, "", " ", long, 1}},
		{"/hotels", "city_id", "", []any{absent, nil, 0, -1, "1"}},
		{"/hotels", "city_id", "unknown", []any{99, 9223372036854775807}},
		{"/hotels", "address", "", []any{absent, nil, "", " ", strings.Repeat("я", 301)}},
		{"/hotels", "description", "", []any{nil, strings.Repeat("я", 5001)}},
		{"/hotels", "stars", "", []any{-1, 6, nil, "5", 4.5}},
		{"/hotels", "postal_code", "", []any{"", " ", strings.Repeat("1", 21), 1}},
		{"/hotels", "latitude", "", []any{91, nil, absent}},
		{"/hotels", "longitude", "", []any{181, nil, absent}},
		{"/hotels", "time_zone", "unknown", badZones},
		{"/hotels", "currency", "", []any{"rub", "XTS", ""}},
		{"/hotels", "check_in_time", "", []any{"24:00", "1:00", "10:60", "10:00:00", "", nil, 14}},
		{"/hotels", "check_out_time", "", []any{"24:00", "-1:00", nil}},
		{"/hotels", "facility_ids", "", []any{nil, 1, []int{1, 1}, make([]int, 101), []int{-1}}},
		{"/hotels", "facility_ids", "unknown", []any{[]int{1, 2}, []int64{9223372036854775807}}},
		{"/hotels/1/rooms", "title", "", []any{absent, nil, "", "  ", long}},
		{"/hotels/1/rooms", "description", "", []any{nil, strings.Repeat("я", 5001)}},
		{"/hotels/1/rooms", "price", "", []any{absent, nil, -1, 1000000000001, 1.5, "1"}},
		{"/hotels/1/rooms", "quantity", "", []any{absent, nil, -1, 10001, 1.5}},
		{"/hotels/1/rooms", "max_guests", "", []any{absent, nil, 0, 101, 1.5}},
		{"/hotels/1/rooms", "facility_ids", "", []any{nil, []string{"1"}, []int{1, 1}}},
		{"/hotels/1/rooms", "facility_ids", "unknown", []any{[]int{2}}},
	} {
		for _, value := range c.values {
			body := with(bodies[c.path], c.field, value)
			f.refuses("POST", c.path, body, c.field, c.code)
			if c.path == "/hotels/1/rooms" {
				continue // package booking changes rooms
			}
			f.refuses("PUT", c.path+"/1", body, c.field, c.code)
			if value != absent && !strings.HasSuffix(c.field, "itude") {
				f.refuses("PATCH", c.path+"/1", object{c.field: value}, c.field, c.code)
			}
		}
	}
	const rows = `SELECT (SELECT count(*) FROM countries) + (SELECT count(*) FROM cities) + (SELECT count(*) FROM facilities)
		+ (SELECT count(*) FROM hotels) + (SELECT count(*) FROM rooms) + (SELECT count(*) FROM hotel_facilities)`
	if n := f.number(rows); n != 4 {
		t.Errorf("%d rows, want the 4 that were there", n)
	}
}

// refuses asserts a validation error about the field and no other.
func (f *fixture) refuses(method, path string, body object, field, code string) {
	f.tb.Helper()
	res := f.admin.Do(method, path, body)
	if res.Status != 422 {
		f.tb.Errorf("%s %s with %s = %v: %d, want 422\n%s", method, path, field, body[field], res.Status, res.Body)
		return
	}
	errors := res.WantProblem(422, "validation_failed").Errors
	other := func(e httpapi.FieldError) bool {
		return e.In != "body" || e.Field != field && !strings.HasPrefix(e.Field, field+".") || code != "" && e.Code != code
	}
	if len(errors) == 0 || slices.ContainsFunc(errors, other) {
		f.tb.Errorf("%s %s with %s = %v: errors %+v, want code %q", method, path, field, body[field], errors, code)
	}
}

// badZones are names that Go, PostgreSQL or one machine knows, and not the IANA database, or that the two
// understand differently.
var badZones = []any{
	"Local", "utc", "Europe/Nowhere", "europe/moscow", "MSK", "CET", "EST5EDT", "GMT+3", "../Europe/Moscow",
	"/etc/localtime", "posix/Europe/Moscow", "right/Europe/Moscow", "Europe/", "Europe", "+03:00", "Europe/Moscow ",
}

func TestAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.country()
	errors := f.admin.Do("POST", "/hotels", object{"title": "A", "city_id": 1, "address": "B", "latitude": 1,
		"time_zone": "Local", "currency": "XTS"}).WantProblem(422, "validation_failed").Errors
	if len(errors) != 3 {
		t.Errorf("errors = %+v, want one each about longitude, time_zone and currency", errors)
	}
}

// TestOutgrownByNormalisation: a text may be longer once it is normalised, and then the database is the judge.
func TestOutgrownByNormalisation(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.admin.Do("POST", "/facilities", object{"title": strings.Repeat("\u0958", 100)}).WantProblem(422, "validation_failed")
	f.admin.Do("POST", "/countries", object{"name": strings.Repeat("\u0958", 51), "iso_code": "AA", "currency": "EUR"}).
		WantProblem(422, "validation_failed")
}

func TestBadQueriesAndPaths(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.hotel(f.moscow(), "A")
	for _, path := range []string{
		"/countries?sort=iso_code", "/cities?sort=country", "/hotels?sort=stars", "/hotels?sort=+id", "/facilities?sort=",
		"/hotels?stars=6", "/hotels?stars=x", "/hotels?city_id=0", "/hotels?country_id=-1", "/cities?country_id=9223372036854775808",
		"/hotels?facility_id=x", "/hotels?facility_id=0", "/hotels/1/rooms?facility_id=0", "/hotels?limit=0", "/hotels?limit=101", "/hotels?title=" + strings.Repeat("a", 101),
		"/hotels?" + strings.Repeat("facility_id=1&", 21), "/hotels?colour=red",
	} {
		f.anyone.Do("GET", path, nil).WantProblem(422, "validation_failed")
	}
	for _, path := range []string{
		"/countries/0", "/cities/-1", "/facilities/x", "/hotels/9223372036854775808", "/hotels/99999999999999999999",
		"/hotels/1/rooms/0", "/hotels/0/rooms", "/hotels/1.0", "/countries/9223372036854775807",
	} {
		f.anyone.Do("GET", path, nil).WantProblem(404, "not_found")
	}
	f.admin.Do("PUT", "/hotels/1/managers/0", nil).WantProblem(404, "not_found")
}

// TestWorldIsValid: the countries and cities that the service ships with could have been sent to it.
func TestWorldIsValid(t *testing.T) {
	t.Parallel()
	w, err := world.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range w.Countries {
		if err := (&catalog.CountryInput{Currency: c.Currency}).Validate(); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
	}
	zones := make(map[string]bool)
	for _, c := range w.Cities {
		zones[c.TimeZone] = true
	}
	for zone := range zones {
		if err := (&catalog.CityInput{TimeZone: zone}).Validate(); err != nil {
			t.Errorf("%s: %v", zone, err)
		}
	}
}

// TestZonesOfGo: every zone that the API takes is one that the database takes too, or is refused in time.
func TestZonesOfGo(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.country()
	for i, zone := range []string{"UTC", "Etc/GMT+3", "US/Pacific", "America/Argentina/Buenos_Aires", "Antarctica/Troll", "Europe/Kyiv"} {
		res := f.admin.Do("POST", "/cities", object{"name": fmt.Sprint("City ", i), "country_id": 1, "time_zone": zone})
		if res.Status != 201 && res.Status != 422 {
			t.Errorf("%s: %d, want 201 or 422", zone, res.Status)
		}
		if res.Status == 201 {
			f.number("SELECT count(*) FROM cities WHERE now() AT TIME ZONE time_zone IS NOT NULL")
		}
	}
}

// Coordinates are kept to seven decimals: what is finer makes a search around a point fail.
func TestCoordinatesAreRounded(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.hotel(f.moscow(), "A")
	var h catalog.Hotel
	f.admin.Do("PATCH", "/hotels/1", `{"latitude": 5e-324, "longitude": 37.123456789}`).Want(200).Decode(&h)
	if *h.Latitude != 0 || *h.Longitude != 37.1234568 {
		t.Errorf("location = %v, %v; want 0, 37.1234568", *h.Latitude, *h.Longitude)
	}
}
