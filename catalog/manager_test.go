package catalog_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/platform/errs"
)

// TestManagersRunTheirHotelsOnly: what is not theirs is not there, and an assignment counts at once.
func TestManagersRunTheirHotelsOnly(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.hotel(f.moscow(), "A")
	f.hotel(1, "B")
	id := f.manager("anna@example.com")
	anna := f.asManager(id)
	assignment := fmt.Sprintf("/hotels/1/managers/%d", id)

	anna.Do("PATCH", "/hotels/1", object{"stars": 3}).WantProblem(404, "not_found")
	f.admin.Do("PUT", assignment, nil).Want(204)
	f.admin.Do("PUT", assignment, nil).Want(204)
	anna.Do("PATCH", "/hotels/1", object{"stars": 3}).Want(200)
	anna.Do("PUT", "/hotels/1", object{"title": "C", "city_id": 1, "address": "D"}).Want(200)
	anna.Do("POST", "/hotels/1/rooms", room("Double")).Want(201)
	anna.Do("PATCH", "/hotels/2", object{"stars": 3}).WantProblem(404, "not_found")
	anna.Do("PUT", "/hotels/2", object{"title": "E", "city_id": 1, "address": "D"}).WantProblem(404, "not_found")
	anna.Do("POST", "/hotels/2/rooms", room("Double")).WantProblem(404, "not_found")
	f.admin.Do("DELETE", assignment, nil).Want(204)
	f.admin.Do("DELETE", assignment, nil).WantProblem(404, "not_found")
	anna.Do("PATCH", "/hotels/1", object{"stars": 4}).WantProblem(404, "not_found")
}

func TestCheckManager(t *testing.T) {
	t.Parallel()
	f := setup(t)
	hotel := f.hotel(f.moscow(), "A")
	id := f.manager("anna@example.com")
	f.admin.Do("PUT", fmt.Sprintf("/hotels/1/managers/%d", id), nil).Want(204)
	for name, c := range map[string]struct {
		caller auth.Caller
		hotel  int64
		runs   bool
	}{
		"admin":                {auth.Caller{UserID: adminID + 100, Role: auth.Admin}, hotel, true},
		"admin, no such hotel": {auth.Caller{UserID: adminID + 100, Role: auth.Admin}, hotel + 1, false},
		"manager":              {auth.Caller{UserID: id, Role: auth.Manager}, hotel, true},
		"other manager":        {auth.Caller{UserID: id + 1, Role: auth.Manager}, hotel, false},
		"manager once":         {auth.Caller{UserID: id, Role: auth.Guest}, hotel, false},
		"nobody":               {auth.Caller{}, hotel, false},
	} {
		err := catalog.CheckManager(auth.WithCaller(t.Context(), c.caller), f.db, c.hotel)
		if c.runs && err != nil || !c.runs && !errors.Is(err, errs.NotFound.New("")) {
			t.Errorf("%s: CheckManager() = %v, want runs = %t", name, err, c.runs)
		}
	}
}

func TestAssignedAreActiveManagers(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.hotel(f.moscow(), "A")
	const insert = "INSERT INTO users (email, role, disabled_at) VALUES ($1, $2, $3::timestamptz) RETURNING id"
	guest := f.number(insert, "guest@example.com", "guest", nil)
	admin := f.number(insert, "admin@example.com", "admin", nil)
	disabled := f.number(insert, "disabled@example.com", "manager", "2026-01-01T00:00:00Z")
	for _, id := range []int64{guest, admin, disabled, 99} {
		f.admin.Do("PUT", fmt.Sprintf("/hotels/1/managers/%d", id), nil).WantProblem(422, "not_a_manager")
	}
	if n := f.number("SELECT count(*) FROM hotel_managers"); n != 0 {
		t.Errorf("%d managers assigned, want none", n)
	}
}

func TestListManagers(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.hotel(f.moscow(), "A")
	for _, name := range []string{"anna", "boris", "vera"} {
		f.admin.Do("PUT", fmt.Sprintf("/hotels/1/managers/%d", f.manager(name+"@example.com")), nil).Want(204)
	}
	f.exec("UPDATE users SET first_name = 'Boris', role = 'guest' WHERE email = 'boris@example.com'")
	f.exec("UPDATE users SET email = NULL, password_hash = NULL, deleted_at = now(), disabled_at = now() WHERE email = 'vera@example.com'")
	var first struct {
		NextCursor string `json:"next_cursor"`
	}
	f.admin.Do("GET", "/hotels/1/managers?limit=1", nil).Want(200).Decode(&first)
	wantBody(t, f.admin.Do("GET", "/hotels/1/managers?limit=1&cursor="+first.NextCursor, nil).Want(200).Body,
		`{"items":[{"id":2,"email":"boris@example.com","first_name":"Boris","last_name":null,"active":false}],"next_cursor":null}`)
	f.hotel(1, "B")
	f.admin.Do("GET", "/hotels/2/managers?cursor="+first.NextCursor, nil).WantProblem(400, "cursor_invalid")
}

// TestAccess: who may do what, by the table of roles.
func TestAccess(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.hotel(f.moscow(), "A")
	f.facility("Pool")
	f.room(1, "Double")
	manager := f.asManager(f.manager("anna@example.com"))
	read := []string{
		"/countries", "/countries/1", "/cities", "/cities/1", "/facilities", "/facilities/1",
		"/hotels", "/hotels/1", "/hotels/1/rooms", "/hotels/1/rooms/1",
	}
	for _, path := range read {
		f.anyone.Do("GET", path, nil).Want(200)
		f.guest.Do("GET", path, nil).Want(200)
	}
	hotel := object{"title": "A", "city_id": 1, "address": "B"}
	for _, c := range []struct {
		method, path string
		body         any
		staff        bool
	}{
		{"POST", "/countries", object{"name": "A", "iso_code": "AA", "currency": "EUR"}, false},
		{"PUT", "/countries/1", object{"name": "A", "iso_code": "AA", "currency": "EUR"}, false},
		{"PATCH", "/countries/1", object{}, false},
		{"DELETE", "/countries/1", nil, false},
		{"POST", "/cities", object{"name": "A", "country_id": 1, "time_zone": "UTC"}, false},
		{"PUT", "/cities/1", object{"name": "A", "country_id": 1, "time_zone": "UTC"}, false},
		{"PATCH", "/cities/1", object{}, false},
		{"DELETE", "/cities/1", nil, false},
		{"POST", "/facilities", object{"title": "A"}, false},
		{"PUT", "/facilities/1", object{"title": "A"}, false},
		{"PATCH", "/facilities/1", object{}, false},
		{"DELETE", "/facilities/1", nil, false},
		{"POST", "/hotels", hotel, false},
		{"PUT", "/hotels/1", hotel, true},
		{"PATCH", "/hotels/1", object{}, true},
		{"POST", "/hotels/1/rooms", room("A"), true},
		{"GET", "/hotels/1/managers", nil, false},
		{"PUT", "/hotels/1/managers/1", nil, false},
		{"DELETE", "/hotels/1/managers/1", nil, false},
	} {
		f.anyone.Do(c.method, c.path, c.body).WantProblem(401, "unauthenticated")
		f.guest.Do(c.method, c.path, c.body).WantProblem(403, "forbidden")
		if !c.staff {
			manager.Do(c.method, c.path, c.body).WantProblem(403, "forbidden")
		}
	}
}
