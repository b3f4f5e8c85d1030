package catalog_test

import (
	"fmt"
	"strings"
	"testing"
)

func TestCountries(t *testing.T) {
	t.Parallel()
	f := setup(t)
	res := f.admin.Do("POST", "/countries", object{"name": "Россия", "iso_code": "RU", "currency": "RUB"}).Want(201)
	if got := res.Header.Get("Location"); got != "/countries/1" {
		t.Errorf("Location = %q, want /countries/1", got)
	}
	for _, c := range []struct {
		name, field string
		body        object
	}{
		{"name in another case", "name", object{"name": "РОССИЯ", "iso_code": "XX", "currency": "RUB"}},
		{"code", "iso_code", object{"name": "Russia", "iso_code": "RU", "currency": "RUB"}},
	} {
		p := f.admin.Do("POST", "/countries", c.body).WantProblem(409, "country_exists")
		if p.Members["field"] != c.field {
			t.Errorf("%s: field = %v, want %s", c.name, p.Members["field"], c.field)
		}
	}
	iceland := fmt.Sprintf("/countries/%d", f.post("/countries", object{"name": "Iceland", "iso_code": "IS", "currency": "ISK"}))
	f.admin.Do("PUT", iceland, object{"name": "россия", "iso_code": "IS", "currency": "ISK"}).WantProblem(409, "country_exists")
	f.admin.Do("PUT", iceland, object{"name": "Ísland", "iso_code": "IS", "currency": "EUR"}).Want(200)
	f.admin.Do("PATCH", iceland, object{"currency": "ISK"}).Want(200)
	wantBody(t, f.anyone.Do("GET", iceland, nil).Want(200).Body,
		`{"id":4,"name":"Ísland","iso_code":"IS","currency":"ISK"}`)
	f.admin.Do("PATCH", iceland, object{"currency": "XTS"}).WantProblem(422, "validation_failed")
	f.admin.Do("PATCH", "/countries/99", object{"currency": "ISK"}).WantProblem(404, "not_found")
	f.admin.Do("PUT", "/countries/99", object{"name": "A", "iso_code": "AA", "currency": "EUR"}).WantProblem(404, "not_found")
	f.admin.Do("DELETE", iceland, nil).Want(204)
	f.admin.Do("DELETE", iceland, nil).WantProblem(404, "not_found")
	f.anyone.Do("GET", iceland, nil).WantProblem(404, "not_found")
}

func TestCountryWithCitiesStays(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.moscow()
	f.admin.Do("DELETE", "/countries/1", nil).WantProblem(409, "country_has_cities")
	f.admin.Do("DELETE", "/cities/1", nil).Want(204)
	f.admin.Do("DELETE", "/countries/1", nil).Want(204)
}

func TestCities(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.country()
	res := f.admin.Do("POST", "/cities", object{"name": "Омск", "country_id": 1, "region": "Омская область",
		"latitude": 54.99, "longitude": 73.37, "time_zone": "Asia/Omsk", "population": 1129281}).Want(201)
	const omsk = `{"id":1,"name":"Омск","region":"Омская область",` +
		`"country":{"id":1,"name":"Россия","iso_code":"RU","currency":"RUB"},` +
		`"latitude":54.99,"longitude":73.37,"time_zone":"Asia/Omsk","population":1129281}`
	wantBody(t, res.Body, omsk)
	if got := res.Header.Get("Location"); got != "/cities/1" {
		t.Errorf("Location = %q, want /cities/1", got)
	}
	wantBody(t, f.anyone.Do("GET", "/cities/1", nil).Want(200).Body, omsk)
	// Null clears, and what is absent stays.
	f.admin.Do("PATCH", "/cities/1", `{"region":null,"latitude":null,"longitude":null}`).Want(200)
	wantBody(t, f.anyone.Do("GET", "/cities/1", nil).Body, `{"id":1,"name":"Омск","region":null,`+
		`"country":{"id":1,"name":"Россия","iso_code":"RU","currency":"RUB"},`+
		`"latitude":null,"longitude":null,"time_zone":"Asia/Omsk","population":1129281}`)
	// A replacement resets what it does not name.
	f.admin.Do("PUT", "/cities/1", object{"name": "Омск", "country_id": 1, "time_zone": "UTC"}).Want(200)
	wantBody(t, f.anyone.Do("GET", "/cities/1", nil).Body, `{"id":1,"name":"Омск","region":null,`+
		`"country":{"id":1,"name":"Россия","iso_code":"RU","currency":"RUB"},`+
		`"latitude":null,"longitude":null,"time_zone":"UTC","population":null}`)
	f.admin.Do("PATCH", "/cities/1", object{"latitude": 1}).WantProblem(422, "validation_failed")
	f.admin.Do("PATCH", "/cities/9", object{"name": "X"}).WantProblem(404, "not_found")
	f.admin.Do("PUT", "/cities/9", object{"name": "X", "country_id": 1, "time_zone": "UTC"}).WantProblem(404, "not_found")
	f.admin.Do("DELETE", "/cities/1", nil).Want(204)
	f.admin.Do("DELETE", "/cities/1", nil).WantProblem(404, "not_found")
}

// TestCityNames: alike are cities of one name, in any case and however composed, in one region of one country,
// or in none.
func TestCityNames(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.country()
	f.post("/countries", object{"name": "Iceland", "iso_code": "IS", "currency": "ISK"})
	for _, c := range []struct {
		country      int64
		region, name string
		status       int
	}{
		{1, "", "Йошкар-Ола", 201},
		{1, "", "йошкар-ола", 409},
		{1, "", "И\u0306ошкар-Ола", 409},
		{1, "Марий Эл", "Йошкар-Ола", 201},
		{1, "марии\u0306 эл", "Йошкар-Ола", 409},
		{2, "", "Йошкар-Ола", 201},
	} {
		body := object{"name": c.name, "country_id": c.country, "time_zone": "UTC"}
		if c.region != "" {
			body["region"] = c.region
		}
		res := f.admin.Do("POST", "/cities", body)
		if res.Status != c.status {
			t.Errorf("%q in %q of country %d: %d, want %d", c.name, c.region, c.country, res.Status, c.status)
		}
		if c.status == 409 {
			res.WantProblem(409, "city_exists")
		}
	}
}

func TestCityWithHotelsStays(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.hotel(f.moscow(), "Метрополь")
	f.admin.Do("DELETE", "/cities/1", nil).WantProblem(409, "city_has_hotels")
	f.exec("UPDATE hotels SET archived_at = now()")
	f.admin.Do("DELETE", "/cities/1", nil).WantProblem(409, "city_has_hotels")
	f.exec("DELETE FROM hotels")
	f.admin.Do("DELETE", "/cities/1", nil).Want(204)
}

func TestFacilities(t *testing.T) {
	t.Parallel()
	f := setup(t)
	res := f.admin.Do("POST", "/facilities", object{"title": "Бассейн"}).Want(201)
	if got := res.Header.Get("Location"); got != "/facilities/1" {
		t.Errorf("Location = %q, want /facilities/1", got)
	}
	f.admin.Do("POST", "/facilities", object{"title": "БАССЕЙН"}).WantProblem(409, "facility_exists")
	// A composed letter and its parts are one title.
	f.admin.Do("POST", "/facilities", object{"title": "Бассеи\u0306н"}).WantProblem(409, "facility_exists")
	sauna := fmt.Sprintf("/facilities/%d", f.facility("Sauna"))
	f.admin.Do("PUT", sauna, object{"title": "бассейн"}).WantProblem(409, "facility_exists")
	f.admin.Do("PATCH", sauna, object{"title": "Сауна"}).Want(200)
	f.admin.Do("PATCH", sauna, object{}).Want(200)
	wantBody(t, f.anyone.Do("GET", sauna, nil).Want(200).Body, `{"id":4,"title":"Сауна"}`)
	f.admin.Do("PUT", "/facilities/99", object{"title": "X"}).WantProblem(404, "not_found")
	f.admin.Do("PATCH", "/facilities/99", object{"title": "X"}).WantProblem(404, "not_found")
	f.admin.Do("DELETE", "/facilities/99", nil).WantProblem(404, "not_found")
	f.anyone.Do("GET", "/facilities/99", nil).WantProblem(404, "not_found")
}

func TestDeletedFacilityLosesLinks(t *testing.T) {
	t.Parallel()
	f := setup(t)
	city := f.moscow()
	pool, sauna := f.facility("Pool"), f.facility("Sauna")
	links := []int64{pool, sauna}
	f.post("/hotels", object{"title": "A", "city_id": city, "address": "B", "facility_ids": links})
	body := room("Double")
	body["facility_ids"] = links
	f.post("/hotels/1/rooms", body)
	f.admin.Do("DELETE", fmt.Sprintf("/facilities/%d", pool), nil).Want(204)
	for _, path := range []string{"/hotels/1", "/hotels/1/rooms/1"} {
		got := string(f.anyone.Do("GET", path, nil).Want(200).Body)
		if want := `"facilities":[{"id":2,"title":"Sauna"}]`; !strings.Contains(got, want) {
			t.Errorf("GET %s = %s, want %s in it", path, got, want)
		}
	}
}

// wantBody compares JSON byte by byte, but for the line's end.
func wantBody(t *testing.T, got []byte, want string) {
	t.Helper()
	if g := strings.TrimSpace(string(got)); g != want {
		t.Errorf("got  %s\nwant %s", g, want)
	}
}
