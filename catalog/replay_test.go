package catalog_test

import (
	"strings"
	"sync"
	"testing"
)

// TestCreationsAreReplayed: a creation that is sent again with its key has one effect, and the same answer byte for
// byte, whatever became of what it created.
func TestCreationsAreReplayed(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.furnish()
	for _, c := range []struct{ table, path, body, other string }{
		{"countries", "/countries", `{"name":"N","iso_code":"NN","currency":"EUR"}`, `{"name":"O","iso_code":"OO","currency":"EUR"}`},
		{"cities", "/cities", `{"name":"C","country_id":1,"time_zone":"UTC"}`, `{"name":"D","country_id":1,"time_zone":"UTC"}`},
		{"facilities", "/facilities", `{"title":"F"}`, `{"title":"G"}`},
		{"hotels", "/hotels", `{"title":"H","city_id":1,"address":"B"}`, `{"title":"I","city_id":1,"address":"B"}`},
		{"rooms", "/hotels/1/rooms", `{"title":"R","price":1,"quantity":1,"max_guests":1}`, `{"title":"S","price":1,"quantity":1,"max_guests":1}`},
	} {
		count := "SELECT count(*) FROM " + c.table
		rows := f.number(count)
		key := []string{"Idempotency-Key", "key-of-" + c.table}
		first := f.send(f.admin, "POST", c.path, c.body, key...).Want(201)
		if got := f.anyone.Do("GET", first.Header.Get("Location"), nil).Want(200).Header.Get("ETag"); got != first.Header.Get("ETag") {
			t.Errorf("POST %s: ETag = %q, that of GET %q", c.path, first.Header.Get("ETag"), got)
		}
		f.exec("UPDATE hotels SET stars = stars + 1") // The answer is that of then.
		again := f.send(f.admin, "POST", c.path, c.body, key...).Want(201)
		if string(again.Body) != string(first.Body) {
			t.Errorf("POST %s again = %s, want %s", c.path, again.Body, first.Body)
		}
		for _, name := range []string{"Location", "ETag", "Content-Type", "Cache-Control"} {
			if got, want := again.Header.Get(name), first.Header.Get(name); got != want || want == "" {
				t.Errorf("POST %s again: %s = %q, want %q", c.path, name, got, want)
			}
		}
		if got, now := first.Header.Get("Idempotency-Replayed"), again.Header.Get("Idempotency-Replayed"); got != "" || now != "true" {
			t.Errorf("POST %s: Idempotency-Replayed = %q and then %q, want none and then true", c.path, got, now)
		}
		f.send(f.admin, "POST", c.path, c.other, key...).WantProblem(422, "idempotency_key_reused")
		if got := f.number(count); got != rows+1 {
			t.Errorf("POST %s: %d rows more, want one", c.path, got-rows)
		}
		// What is refused has no effect to remember.
		f.send(f.admin, "POST", c.path, c.other, "Idempotency-Key", "another-of-"+c.table).Want(201)
	}
	if got := f.number("SELECT count(*) FROM hotels"); got != 3 {
		t.Errorf("%d hotels, want 3", got)
	}
}

// TestCreationsAtOnce: of many requests with one key, all that are answered with 201 have the one effect.
func TestCreationsAtOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	var wg sync.WaitGroup
	statuses, bodies := make([]int, 8), make([]string, 8)
	for i := range statuses {
		wg.Go(func() {
			for bodies[i] = "request_in_progress"; strings.Contains(bodies[i], "request_in_progress"); {
				res := f.send(f.admin, "POST", "/facilities", `{"title":"Pool"}`, "Idempotency-Key", "once")
				statuses[i], bodies[i] = res.Status, string(res.Body)
			}
		})
	}
	wg.Wait()
	for i, status := range statuses {
		if status != 201 || bodies[i] != bodies[0] {
			t.Errorf("request %d = %d %s, want 201 %s", i, status, bodies[i], bodies[0])
		}
	}
	if n := f.number("SELECT count(*) FROM facilities"); n != 1 {
		t.Errorf("%d facilities, want 1", n)
	}
}

// TestKeysAreOfTheirCaller: keys of different callers have nothing to do with each other.
func TestKeysAreOfTheirCaller(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.furnish()
	f.manager("boris@example.com") // The admin of the tests has the first id.
	manager := f.manager("anna@example.com")
	f.exec("INSERT INTO hotel_managers (hotel_id, user_id) VALUES (1, $1)", manager)
	const twin = `{"title":"Twin","price":1,"quantity":1,"max_guests":1}`
	first := f.send(f.admin, "POST", "/hotels/1/rooms", twin, "Idempotency-Key", "k").Want(201)
	second := f.send(f.asManager(manager), "POST", "/hotels/1/rooms", twin, "Idempotency-Key", "k").Want(201)
	if first.Header.Get("Location") == second.Header.Get("Location") {
		t.Errorf("both callers got %s", first.Header.Get("Location"))
	}
}
