package catalog_test

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// list is what tests look at in a page of any list.
type list struct {
	Items []struct {
		ID          int64
		Name, Title string
	}
	NextCursor *string `json:"next_cursor"`
}

func (l list) ids() []int64 {
	ids := make([]int64, len(l.Items))
	for i, item := range l.Items {
		ids[i] = item.ID
	}
	return ids
}

// names returns the names or titles of a list's first page, in order.
func (f *fixture) names(path string, query url.Values) string {
	f.tb.Helper()
	var l list
	f.anyone.Do("GET", path+"?"+query.Encode(), nil).Want(200).Decode(&l)
	names := make([]string, len(l.Items))
	for i, item := range l.Items {
		names[i] = item.Name + item.Title
	}
	return strings.Join(names, " ")
}

func TestFilters(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.country()
	f.post("/countries", object{"name": "Ísland", "iso_code": "IS", "currency": "ISK"})
	f.city(1, "Москва")
	f.city(1, "Омск")
	f.city(2, "Reykjavík")
	for _, title := range []string{"Pool", "Sauna", "100%_sure\\"} {
		f.facility(title)
	}
	add := func(city int64, title string, stars int, facilities ...int) {
		f.post("/hotels", object{"title": title, "city_id": city, "address": "A", "stars": stars, "facility_ids": append([]int{}, facilities...)})
	}
	add(1, "Метрополь", 5, 1, 2)
	add(2, "Сибирь", 4, 1)
	add(3, "Borg", 5, 2, 1)
	add(3, "100%", 0)
	add(1, `a_b\c`, 0)
	for _, title := range []string{"Twin", "Double", "Двухместный"} {
		body := room(title)
		body["facility_ids"] = []int{len(title) % 2}[:len(title)%2]
		f.post("/hotels/1/rooms", body)
	}
	for _, c := range []struct{ path, query, want string }{
		{"/countries", "", "Россия Ísland"},
		{"/countries", "name=РОСС", "Россия"},
		{"/countries", "name=ÍSL", "Ísland"},
		{"/countries", "name=I\u0301sl", "Ísland"},
		{"/countries", "sort=-name", "Россия Ísland"},
		{"/countries", "sort=name", "Ísland Россия"},
		{"/countries", "sort=-id", "Ísland Россия"},
		{"/cities", "name=оМс", "Омск"},
		{"/cities", "country_id=1", "Москва Омск"},
		{"/cities", "country_id=1&sort=-name&name=м", "Омск Москва"},
		{"/cities", "country_id=99", ""},
		{"/facilities", "title=sau", "Sauna"},
		{"/facilities", "title=%25_S", `100%_sure\`},
		{"/facilities", "title=%5C", `100%_sure\`},
		{"/facilities", "sort=-title", `Sauna Pool 100%_sure\`},
		{"/hotels", "", `Метрополь Сибирь Borg 100% a_b\c`},
		{"/hotels", "title=СИБ", "Сибирь"},
		{"/hotels", "title=%25", "100%"},
		{"/hotels", "title=_", `a_b\c`},
		{"/hotels", "title=b%5Cc", `a_b\c`},
		{"/hotels", "title=o%25g", ""},
		{"/hotels", "country_id=2", "Borg 100%"},
		{"/hotels", "country_id=99", ""},
		{"/hotels", "city_id=1", `Метрополь a_b\c`},
		{"/hotels", "city_id=9223372036854775807", ""},
		{"/hotels", "city=КВА", `Метрополь a_b\c`},
		{"/hotels", "city=_", ""},
		{"/hotels", "stars=5", "Метрополь Borg"},
		{"/hotels", "stars=0", `100% a_b\c`},
		{"/hotels", "facility_id=1", "Метрополь Сибирь Borg"},
		{"/hotels", "facility_id=1&facility_id=2", "Метрополь Borg"},
		{"/hotels", "facility_id=1&facility_id=2&city=моск&stars=5&country_id=1&city_id=1&title=метр", "Метрополь"},
		{"/hotels", "facility_id=99", ""},
		{"/hotels", "sort=title", `100% Borg a_b\c Метрополь Сибирь`},
		{"/hotels", "sort=-title", `Сибирь Метрополь a_b\c Borg 100%`},
		{"/hotels", "sort=city", `Borg 100% Метрополь a_b\c Сибирь`},
		{"/hotels", "sort=-city", `Сибирь a_b\c Метрополь 100% Borg`},
		{"/hotels", "sort=-id", `a_b\c 100% Borg Сибирь Метрополь`},
		{"/hotels/1/rooms", "", "Twin Double Двухместный"},
		{"/hotels/1/rooms", "title=ДВУХ", "Двухместный"},
		{"/hotels/1/rooms", "title=%25", ""},
		{"/hotels/1/rooms", "sort=-title", "Двухместный Twin Double"},
		{"/hotels/1/rooms", "facility_id=1&facility_id=2", ""},
	} {
		query, err := url.ParseQuery(c.query)
		if err != nil {
			t.Fatal(err)
		}
		if got := f.names(c.path, query); got != c.want {
			t.Errorf("GET %s?%s = %q, want %q", c.path, c.query, got, c.want)
		}
	}
}

func TestCursors(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.moscow()
	f.hotel(1, "A")
	f.hotel(1, "B")
	var first list
	f.anyone.Do("GET", "/hotels?limit=1&sort=title", nil).Want(200).Decode(&first)
	next := *first.NextCursor
	f.anyone.Do("GET", "/hotels?limit=2&sort=title&cursor="+next, nil).Want(200)
	forged := []byte(next)
	forged[len(forged)/2] ^= 1
	for _, query := range []string{
		"/hotels?sort=-title&cursor=" + next,
		"/hotels?sort=title&stars=1&cursor=" + next,
		"/hotels?cursor=" + next,
		"/facilities?sort=title&cursor=" + next,
		"/hotels/1/rooms?sort=title&cursor=" + next,
		"/hotels?sort=title&cursor=" + url.QueryEscape(string(forged)),
		"/hotels?sort=title&cursor=x",
	} {
		f.anyone.Do("GET", query, nil).WantProblem(400, "cursor_invalid")
	}
}

// TestPagingSkipsAndRepeatsNothing: hotels that were there from the first page to the last are listed once, in
// order, whatever is inserted and deleted meanwhile.
func TestPagingSkipsAndRepeatsNothing(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.country()
	names := []string{"Омск", "Тверь", "Anapa"}
	for i, region := range []string{"", "A", "B"} {
		for _, name := range names[:3-i%2] {
			body := object{"name": name, "country_id": 1, "time_zone": "UTC"}
			if region != "" {
				body["region"] = region
			}
			f.post("/cities", body)
		}
	}
	cities := f.number("SELECT count(*) FROM cities")
	rapid.Check(t, func(r *rapid.T) {
		f.exec("TRUNCATE hotels CASCADE")
		insert := func(n int) {
			f.exec(`INSERT INTO hotels (city_id, title, address, time_zone, currency)
SELECT 1 + (random() * ($2 - 1))::int, left(md5(random()::text), 1 + k % 2) || ' ' || gen_random_uuid(), 'A', 'UTC', 'RUB'
FROM generate_series(1, $1) k`, n, cities)
		}
		insert(rapid.IntRange(0, 30).Draw(r, "hotels"))
		old := f.collect("SELECT id FROM hotels")
		sort := rapid.SampledFrom([]string{"id", "-id", "title", "-title", "city", "-city"}).Draw(r, "sort")
		limit := rapid.IntRange(1, 7).Draw(r, "limit")
		seen := make(map[int64]int)
		cursor := ""
		for {
			var l list
			f.anyone.Do("GET", fmt.Sprintf("/hotels?sort=%s&limit=%d%s", sort, limit, cursor), nil).Want(200).Decode(&l)
			for _, id := range l.ids() {
				seen[id]++
			}
			if l.NextCursor == nil {
				break
			}
			cursor = "&cursor=" + *l.NextCursor
			// No more than a page at a time, or an ascending list by id would never end.
			insert(rapid.IntRange(0, limit-1).Draw(r, "inserted"))
			if len(l.Items) > 0 && rapid.Bool().Draw(r, "delete the last") {
				f.exec("DELETE FROM hotels WHERE id = $1", l.Items[len(l.Items)-1].ID)
			}
		}
		for _, id := range old {
			if seen[id] != 1 {
				r.Errorf("sort=%s limit=%d: hotel %d was listed %d times", sort, limit, id, seen[id])
			}
		}
		for _, id := range slices.Sorted(maps.Keys(seen)) {
			if seen[id] > 1 {
				r.Errorf("sort=%s limit=%d: hotel %d was listed %d times", sort, limit, id, seen[id])
			}
		}
	})
}

// collect returns the ids that a query yields.
func (f *fixture) collect(sql string) []int64 {
	f.tb.Helper()
	var ids []int64
	if err := f.db.QueryRow(f.tb.Context(), "SELECT coalesce(array_agg(id), '{}') FROM ("+sql+") AS rows").Scan(&ids); err != nil {
		f.tb.Fatalf("%s: %v", sql, err)
	}
	return ids
}
