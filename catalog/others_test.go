package catalog_test

import (
	"regexp"
	"testing"

	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

// occurrence is what tells one answer of a kind from the next.
var occurrence = regexp.MustCompile(`"(instance|request_id)":"[^"]*"`)

// TestOthersLookAbsent: what is another manager's is answered byte for byte as what is not there, whatever comes with
// the request.
func TestOthersLookAbsent(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.furnish()
	f.hotel(1, "B")
	f.mustAdd(catalog.Gallery{HotelID: 2}, 1)
	f.manager("boris@example.com") // The admin of the tests has the first id.
	id := f.manager("anna@example.com")
	f.exec("INSERT INTO hotel_managers (hotel_id, user_id) VALUES (1, $1)", id)
	anna := f.asManager(id)
	known := f.send(anna, "POST", "/hotels/1/rooms", `{"title":"R","price":1,"quantity":1,"max_guests":1}`, "Idempotency-Key", "used").Want(201)
	if known.Header.Get("ETag") == "" {
		t.Error("a room without an ETag")
	}
	const largest = "9223372036854775807"
	etag := f.anyone.Do("GET", "/hotels/2", nil).Want(200).Header.Get("ETag")
	image := f.anyone.Do("GET", "/images/2", nil).Want(200).Header.Get("ETag")
	for _, c := range []struct {
		method, before, after string
		bodies                []string
	}{
		{"PUT", "/hotels/", "", []string{`{"title":"H","city_id":1,"address":"B"}`, `{}`, `{`, ``}},
		{"PATCH", "/hotels/", "", []string{`{"stars":2}`, `{"stars":9}`, `{"facility_ids":[99]}`, `{"title":"A"}`, `{`}},
		{"POST", "/hotels/", "/rooms", []string{`{"title":"R","price":1,"quantity":1,"max_guests":1}`, `{}`, `{`}},
		{"PATCH", "/images/", "", []string{`{"alt":"x"}`, `{"position":0}`, `{"position":null}`, `{`}},
		{"DELETE", "/images/", "", []string{``}},
	} {
		for _, body := range c.bodies {
			for _, headers := range [][]string{
				nil, {"If-Match", etag}, {"If-Match", image}, {"If-Match", `"old"`}, {"If-Match", "*"}, {"If-Match", "x"},
				{"If-None-Match", "*"}, {"Idempotency-Key", "new"}, {"Idempotency-Key", "used"}, {"Idempotency-Key", ""},
				{"Accept-Language", "ru"},
			} {
				ask := func(id string) *apitest.Response {
					return f.send(anna, c.method, c.before+id+c.after, body, headers...)
				}
				others, absent, far := ask("2"), ask("99"), ask(largest)
				for _, res := range []*apitest.Response{absent, far} {
					if others.Status != res.Status || bare(others) != bare(res) {
						t.Errorf("%s %s2%s %s with %q = %d %s, of an absent one %d %s", c.method, c.before, c.after, body, headers,
							others.Status, bare(others), res.Status, bare(res))
					}
				}
				if others.Status < 400 {
					t.Errorf("%s %s2%s %s with %q = %d", c.method, c.before, c.after, body, headers, others.Status)
				}
			}
		}
	}
	if n := f.number("SELECT count(*) FROM audit_log WHERE actor_id = $1", id); n != 1 {
		t.Errorf("%d deeds of the manager, want the one in the own hotel", n)
	}
}

func bare(res *apitest.Response) string { return occurrence.ReplaceAllString(string(res.Body), "") }
