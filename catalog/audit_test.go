package catalog_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/catalog"
)

// deeds returns what the audit log has gained since it was read last: who did what to what.
func (f *fixture) deeds() []string {
	f.tb.Helper()
	rows, err := f.db.Query(f.tb.Context(), `
WITH seen AS (DELETE FROM audit_log RETURNING *)
SELECT format('%s %s %s %s%s%s', actor_id, action, object_type, object_id,
	CASE WHEN before IS NULL THEN '' ELSE ' before' END, CASE WHEN after IS NULL THEN '' ELSE ' after' END)
FROM seen ORDER BY id`)
	if err != nil {
		f.tb.Fatal(err)
	}
	list, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		f.tb.Fatal(err)
	}
	return list
}

// TestChangesAreRecorded: every change of the catalogue is in the audit log once, and what changes nothing is not.
func TestChangesAreRecorded(t *testing.T) {
	t.Parallel()
	f := setup(t)
	want := func(what string, entries ...string) {
		t.Helper()
		if diff := cmp.Diff(append([]string{}, entries...), f.deeds()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", what, diff)
		}
	}
	f.furnish()
	want("creations", "1 country.create country 1 after", "1 city.create city 1 after", "1 hotel.create hotel 1 after",
		"1 facility.create facility 1 after", "1 room.create room 1 after", "1 image.create image 1 after")
	for _, w := range writtenThings() {
		name := map[string]string{"/ima": "image", "/hot": "hotel", "/fac": "facility", "/cit": "city", "/cou": "country"}[w.path[:4]]
		updated := fmt.Sprintf("1 %s.update %s 1 before after", name, name)
		f.admin.Do("PATCH", w.path, w.patch).Want(200)
		want("change of "+w.path, updated)
		f.admin.Do("PATCH", w.path, w.patch).Want(200)
		want("the same change of " + w.path)
		f.send(f.admin, "PATCH", w.path, w.patch, "If-Match", `"old"`).Want(412)
		want("refused change of " + w.path)
		if w.put != "" {
			f.admin.Do("PUT", w.path, w.put).Want(200)
			want("replacement of "+w.path, updated)
		}
		if w.inUse != "" {
			f.admin.Do("DELETE", w.path, nil).Want(409)
			want("refused removal of " + w.path)
		} else if name != "hotel" {
			f.admin.Do("DELETE", w.path, nil).Want(204)
			want("removal of "+w.path, fmt.Sprintf("1 %s.delete %s 1 before", name, name))
		}
	}
	f.admin.Do("POST", "/cities", object{"name": "D", "country_id": 1, "time_zone": "UTC"}).Want(201)
	f.admin.Do("DELETE", "/cities/2", nil).Want(204)
	f.admin.Do("POST", "/countries", object{"name": "B", "iso_code": "BB", "currency": "EUR"}).Want(201)
	f.admin.Do("DELETE", "/countries/2", nil).Want(204)
	want("removals", "1 city.create city 2 after", "1 city.delete city 2 before",
		"1 country.create country 2 after", "1 country.delete country 2 before")
}

// TestReplaysAreRecordedOnce: what happens once is recorded once.
func TestReplaysAreRecordedOnce(t *testing.T) {
	t.Parallel()
	f := setup(t)
	for range 3 {
		f.send(f.admin, "POST", "/facilities", `{"title":"Pool"}`, "Idempotency-Key", "k").Want(201)
	}
	if diff := cmp.Diff([]string{"1 facility.create facility 1 after"}, f.deeds()); diff != "" {
		t.Errorf("deeds (-want +got):\n%s", diff)
	}
}

// TestAssignmentsAreRecorded: with who was assigned to what, and only when that is new.
func TestAssignmentsAreRecorded(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.hotel(f.moscow(), "A")
	f.manager("boris@example.com") // The admin of the tests has the first id.
	id := f.manager("anna@example.com")
	f.deeds()
	path := fmt.Sprintf("/hotels/1/managers/%d", id)
	for range 2 {
		f.admin.Do("PUT", path, nil).Want(204)
	}
	if n := f.number("SELECT count(*) FROM audit_log WHERE after = jsonb_build_object('hotel_id', 1, 'user_id', $1::bigint)", id); n != 1 {
		t.Errorf("%d entries tell of the hotel and the user, want 1", n)
	}
	f.admin.Do("DELETE", path, nil).Want(204)
	f.admin.Do("DELETE", path, nil).Want(404)
	f.admin.Do("PUT", "/hotels/1/managers/99", nil).Want(422)
	want := []string{fmt.Sprintf("1 manager.assign manager %d after", id), fmt.Sprintf("1 manager.remove manager %d before", id)}
	if diff := cmp.Diff(want, f.deeds()); diff != "" {
		t.Errorf("deeds (-want +got):\n%s", diff)
	}
}

// TestManagersAreRecorded: what managers do to their hotels is recorded as theirs.
func TestManagersAreRecorded(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.furnish()
	f.manager("boris@example.com") // The admin of the tests has the first id.
	id := f.manager("anna@example.com")
	f.exec("INSERT INTO hotel_managers (hotel_id, user_id) VALUES (1, $1)", id)
	f.mustAdd(catalog.Gallery{HotelID: 1}, 1)
	f.deeds()
	anna := f.asManager(id)
	anna.Do("PATCH", "/hotels/1", object{"stars": 3}).Want(200)
	anna.Do("POST", "/hotels/1/rooms", room("Twin")).Want(201)
	anna.Do("PATCH", "/images/1", object{"position": 2}).Want(200)
	anna.Do("DELETE", "/images/2", nil).Want(204)
	want := []string{
		fmt.Sprintf("%d hotel.update hotel 1 before after", id), fmt.Sprintf("%d room.create room 2 after", id),
		fmt.Sprintf("%d image.update image 1 before after", id), fmt.Sprintf("%d image.delete image 2 before", id),
	}
	if diff := cmp.Diff(want, f.deeds()); diff != "" {
		t.Errorf("deeds (-want +got):\n%s", diff)
	}
}
