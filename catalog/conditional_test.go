package catalog_test

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

// send sends a request with headers, given as names and values in turn. An empty body is none.
func (f *fixture) send(c *apitest.Client, method, target, body string, headers ...string) *apitest.Response {
	f.tb.Helper()
	req := httptest.NewRequestWithContext(f.tb.Context(), method, target, strings.NewReader(body))
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	return c.Send(req)
}

// furnish makes one of each thing of the catalogue: all have the id 1.
func (f *fixture) furnish() {
	f.tb.Helper()
	hotel := f.hotel(f.moscow(), "A")
	f.facility("Pool")
	f.room(hotel, "Double")
	f.mustAdd(catalog.Gallery{HotelID: hotel}, 1)
}

// TestCatalogueReadsAreValidated: every item and every list answers 304 to who has it, and anew once it has changed.
func TestCatalogueReadsAreValidated(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.furnish()
	// What is changed, and what shows it.
	for _, c := range []struct {
		change, body string
		shown        []string
	}{
		{"/facilities/1", `{"title":"Sauna"}`, []string{"/facilities", "/facilities/1"}},
		{"/hotels/1", `{"stars":3}`, []string{"/hotels", "/hotels/1"}},
		{"/cities/1", `{"population":13000000}`, []string{"/cities", "/cities/1", "/hotels", "/hotels/1"}},
		{"/countries/1", `{"name":"Russia"}`, []string{"/countries", "/countries/1", "/cities", "/cities/1", "/hotels/1"}},
		{"/images/1", `{"alt":"The terrace"}`, []string{"/images/1", "/hotels/1/images"}},
	} {
		tags := make(map[string]string)
		for _, path := range c.shown {
			res := f.anyone.Do("GET", path, nil).Want(200)
			tags[path] = res.Header.Get("ETag")
			if got := res.Header.Get("Cache-Control"); got != "public, no-cache" {
				t.Errorf("GET %s: Cache-Control = %q, want public, no-cache", path, got)
			}
			f.send(f.anyone, "GET", path, "", "If-None-Match", tags[path]).Want(304)
		}
		f.admin.Do("PATCH", c.change, c.body).Want(200)
		for _, path := range c.shown {
			res := f.send(f.anyone, "GET", path, "", "If-None-Match", tags[path]).Want(200)
			if res.Header.Get("ETag") == tags[path] {
				t.Errorf("%s has the same ETag after a change of %s", path, c.change)
			}
		}
	}
	for _, path := range []string{"/hotels/1/rooms", "/hotels/1/rooms/1", "/hotels/1/rooms/1/images"} {
		tag := f.anyone.Do("GET", path, nil).Want(200).Header.Get("ETag")
		f.send(f.anyone, "GET", path, "", "If-None-Match", tag).Want(304)
	}
}

// A written thing is one that the requests here change and remove.
type written struct {
	path, put, patch string
	// inUse is the problem of its removal while others need it, if there is one.
	inUse string
}

func writtenThings() []written {
	return []written{
		{"/images/1", "", `{"alt":"A"}`, ""},
		{"/hotels/1", `{"title":"H","city_id":1,"address":"B"}`, `{"stars":2}`, ""},
		{"/facilities/1", `{"title":"F"}`, `{"title":"G"}`, ""},
		{"/cities/1", `{"name":"C","country_id":1,"time_zone":"UTC"}`, `{"population":5}`, "city_has_hotels"},
		{"/countries/1", `{"name":"N","iso_code":"NN","currency":"EUR"}`, `{"name":"M"}`, "country_has_cities"},
	}
}

// TestCatalogueWritesHeedTags: a change of what is not as the client thinks changes nothing; the tag of a change is
// that of the read after it, and good for the next change.
func TestCatalogueWritesHeedTags(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.furnish()
	for _, w := range writtenThings() {
		before := f.anyone.Do("GET", w.path, nil).Want(200)
		methods := map[string]string{"PUT": w.put, "PATCH": w.patch, "DELETE": ""}
		if w.put == "" {
			delete(methods, "PUT")
		}
		if w.path == "/hotels/1" {
			delete(methods, "DELETE") // It is that of package booking.
		}
		for method, body := range methods {
			f.send(f.admin, method, w.path, body, "If-Match", `"old"`).WantProblem(412, "precondition_failed")
			absent := strings.TrimSuffix(w.path, "1") + "99"
			f.send(f.admin, method, absent, body, "If-Match", `"old"`).WantProblem(404, "not_found")
		}
		if after := f.anyone.Do("GET", w.path, nil).Want(200); string(after.Body) != string(before.Body) {
			t.Errorf("%s became %s by changes that were refused", w.path, after.Body)
		}
		tag := before.Header.Get("ETag")
		for _, method := range []string{"PUT", "PATCH"} {
			if methods[method] == "" {
				continue
			}
			res := f.send(f.admin, method, w.path, methods[method], "If-Match", tag).Want(200)
			next := f.anyone.Do("GET", w.path, nil).Header.Get("ETag")
			if got := res.Header.Get("ETag"); got != next || got == tag {
				t.Errorf("%s %s: ETag %q, of GET after it %q, before it %q: want the first two equal, and not the last", method, w.path, got, next, tag)
			}
			tag = next
		}
		if w.inUse != "" {
			f.send(f.admin, "DELETE", w.path, "", "If-Match", `"old"`).WantProblem(412, "precondition_failed")
			f.send(f.admin, "DELETE", w.path, "", "If-Match", tag).WantProblem(409, w.inUse)
		} else if w.path != "/hotels/1" {
			f.send(f.admin, "DELETE", w.path, "", "If-Match", tag).Want(204)
		}
	}
}

// TestPreconditionBeforeConflict: who has not seen the latest state is told that, and not what is wrong with it.
func TestPreconditionBeforeConflict(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.furnish()
	f.facility("Sauna")
	f.hotel(1, "B")
	f.city(1, "Тверь")
	f.admin.Do("POST", "/countries", object{"name": "B", "iso_code": "BB", "currency": "EUR"}).Want(201)
	for _, c := range []struct{ path, taken, code string }{
		{"/facilities/1", `{"title":"sauna"}`, "facility_exists"},
		{"/hotels/1", `{"title":"b"}`, "hotel_exists"},
		{"/hotels/1", `{"currency":"USD"}`, "hotel_has_rooms"},
		{"/cities/1", `{"name":"Тверь"}`, "city_exists"},
		{"/countries/1", `{"iso_code":"BB"}`, "country_exists"},
	} {
		tag := f.anyone.Do("GET", c.path, nil).Want(200).Header.Get("ETag")
		f.send(f.admin, "PATCH", c.path, c.taken, "If-Match", `"old"`).WantProblem(412, "precondition_failed")
		f.send(f.admin, "PATCH", c.path, c.taken, "If-Match", tag).WantProblem(409, c.code)
	}
}

// TestTagIsComparedUnderTheLock: a change that waits for another one sees what that has made.
func TestTagIsComparedUnderTheLock(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.furnish()
	for _, c := range []struct{ path, table, body string }{
		{"/countries/1", "countries", `{"name":"N"}`},
		{"/cities/1", "cities", `{"population":5}`},
		{"/facilities/1", "facilities", `{"title":"G"}`},
		{"/hotels/1", "hotels", `{"stars":2}`},
		{"/images/1", "hotels", `{"alt":"A"}`},
	} {
		tag := f.anyone.Do("GET", c.path, nil).Want(200).Header.Get("ETag")
		tx, err := f.db.Begin(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		lock := fmt.Sprintf("SELECT FROM %s WHERE id = 1 FOR UPDATE", c.table)
		if _, err := tx.Exec(t.Context(), lock); err != nil {
			t.Fatal(err)
		}
		statuses := make(chan int)
		for range 2 {
			go func() { statuses <- f.send(f.admin, "PATCH", c.path, c.body, "If-Match", tag).Status }()
		}
		f.untilWaiting()
		if err := tx.Commit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := (<-statuses) + (<-statuses); got != 200+412 {
			t.Errorf("%s: of two changes of one state, the sum of the statuses is %d, want that of 200 and 412", c.path, got)
		}
	}
}
