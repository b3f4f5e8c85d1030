package catalog_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// seqScan finds the tables that a plan reads from end to end.
var seqScan = regexp.MustCompile(`Seq Scan on (hotels|cities|rooms|hotel_facilities|room_facilities|cities_\d)\b`)

// populate fills the catalogue with tens of thousands of rows, of which few are in most cities and many in some.
func populate(f *fixture) {
	f.tb.Helper()
	conn, err := f.db.Acquire(f.tb.Context())
	if err != nil {
		f.tb.Fatal(err)
	}
	defer conn.Release()
	for _, sql := range population {
		if _, err := conn.Exec(f.tb.Context(), sql); err != nil {
			f.tb.Fatalf("%v\n%s", err, sql)
		}
	}
}

// population lifts the limit that is meant for requests, and ends with what autovacuum does after a while:
// without it the trigram indexes are a list of what is pending.
var population = []string{
	`SET statement_timeout = 0`,
	`
INSERT INTO countries (name, iso_code, currency)
SELECT 'Country ' || n, chr(65 + n / 26) || chr(65 + n % 26), 'EUR' FROM generate_series(0, 199) n`,
	`
INSERT INTO cities (country_id, name, region, time_zone)
SELECT 1 + (n * n) % 200, md5(n::text), 'Region ' || n, 'UTC' FROM generate_series(1, 20000) n`,
	`
INSERT INTO facilities (title) SELECT 'Facility ' || n FROM generate_series(1, 40) n`,
	`
INSERT INTO hotels (city_id, title, address, stars, time_zone, currency)
SELECT CASE n % 4 WHEN 0 THEN 1 + n % 10 ELSE 1 + n % 20000 END, 'Hotel ' || md5(n::text), 'Street', CASE n % 500 WHEN 0 THEN 5 ELSE n % 5 END, 'UTC', 'EUR'
FROM generate_series(1, 40000) n`,
	`
INSERT INTO hotel_facilities (hotel_id, facility_id)
SELECT id, 1 + (id + k) % 39 FROM hotels, generate_series(1, 3) k
UNION ALL SELECT id, 40 FROM hotels WHERE id % 8000 = 0`,
	`
INSERT INTO rooms (hotel_id, city_id, currency, title, price, price_floor, price_ceiling, quantity, max_guests)
SELECT id, city_id, currency, 'Room ' || k, 100, 100, 100, 1, 2 FROM hotels, generate_series(1, 2) k`,
	`
INSERT INTO room_facilities (room_id, facility_id) SELECT id, 1 + id % 39 FROM rooms`,
	`VACUUM ANALYZE countries, cities, facilities, hotels, hotel_facilities, rooms, room_facilities`,
	`RESET statement_timeout`,
}

// explain returns the plan of a statement for its actual parameters.
func explain(f *fixture, s *pg.Statement) string {
	f.tb.Helper()
	rows, err := f.db.Query(f.tb.Context(), "EXPLAIN "+s.String(), s.Args()...)
	if err != nil {
		f.tb.Fatalf("explain: %v\n%s", err, s.String())
	}
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		f.tb.Fatalf("explain: %v\n%s", err, s.String())
	}
	return strings.Join(lines, "\n")
}

// hotelFilters are those of the hotels, with values that many hotels have and with values that few have.
func hotelFilters(common string) map[string]func(*catalog.ListHotelsParams) {
	title, city, country, cityID, facilities := "hotel", "abc", int64(2), int64(5), []int64{1, 2}
	if common == "rare" {
		title, city, country, cityID, facilities = "c4ca", "c4ca42", int64(77), int64(15001), []int64{40}
	}
	return map[string]func(*catalog.ListHotelsParams){
		"title":       func(p *catalog.ListHotelsParams) { p.Title = title },
		"country_id":  func(p *catalog.ListHotelsParams) { p.CountryID = &country },
		"city_id":     func(p *catalog.ListHotelsParams) { p.CityID = &cityID },
		"city":        func(p *catalog.ListHotelsParams) { p.City = city },
		"stars":       func(p *catalog.ListHotelsParams) { p.Stars = new(4) },
		"facility_id": func(p *catalog.ListHotelsParams) { p.FacilityIDs = facilities },
	}
}

// TestListsUseIndexes asserts that no filter, pair of filters or sort of a list makes the database read a table
// from end to end, neither for the first page nor for one in the middle.
func TestListsUseIndexes(t *testing.T) {
	t.Parallel()
	f := setup(t)
	populate(f)
	middle := &catalog.After{Text: "h", Group: 700, ID: 20000}
	check := func(name string, params any) {
		for page, after := range map[string]*catalog.After{"first": nil, "middle": middle} {
			s, err := f.service.ListStatement(params, after)
			if err != nil {
				t.Fatal(err)
			}
			if plan := explain(f, s); seqScan.MatchString(plan) {
				t.Errorf("%s, %s page: reads a table from end to end%s\n%s", name, page, s.String(), plan)
			}
		}
	}
	for index, params := range map[string]any{
		// So common a title is found sooner along the sort than among all its hotels.
		"hotels_sort_title_idx":   &catalog.ListHotelsParams{Sort: "title", Title: "hotel"},
		"hotels_title_trgm_idx":   &catalog.ListHotelsParams{Sort: "title", Title: "c4ca42"},
		"hotels_city_title_idx":   &catalog.ListHotelsParams{Sort: "title", CityID: new(int64(5))},
		"hotels_stars_idx":        &catalog.ListHotelsParams{Sort: "id", Stars: new(5)},
		"cities_country_name_idx": &catalog.ListCitiesParams{Sort: "name", CountryID: new(int64(2))},
		"cities_name_trgm_idx":    &catalog.ListCitiesParams{Sort: "name", Name: "c4ca42"},
	} {
		s, err := f.service.ListStatement(params, nil)
		if err != nil {
			t.Fatal(err)
		}
		if plan := explain(f, s); !strings.Contains(plan, index) {
			t.Errorf("does not use %s%s\n%s", index, s.String(), plan)
		}
	}
	for _, kind := range []string{"common", "rare"} {
		filters := hotelFilters(kind)
		for _, sort := range []string{"id", "-id", "title", "-title", "city", "-city"} {
			check("hotels sort="+sort, &catalog.ListHotelsParams{Sort: sort})
			for one, set := range filters {
				for other, setOther := range filters {
					p := &catalog.ListHotelsParams{Sort: sort}
					set(p)
					setOther(p)
					check(fmt.Sprintf("hotels sort=%s %s %s+%s", sort, kind, one, other), p)
				}
			}
		}
	}
	for _, sort := range []string{"id", "-id", "name", "-name"} {
		for _, name := range []string{"", "abc", "c4ca42"} {
			for _, country := range []*int64{nil, new(int64(2)), new(int64(77))} {
				check("cities sort="+sort+" name="+name, &catalog.ListCitiesParams{Sort: sort, Name: name, CountryID: country})
			}
		}
	}
	for _, sort := range []string{"id", "title"} {
		check("rooms sort="+sort, &catalog.ListRoomsParams{HotelID: 5, Sort: sort, Title: "room", FacilityIDs: []int64{1, 2}})
	}
}
