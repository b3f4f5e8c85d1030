package httpapi_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
)

// All that is wrong is told at once: what breaks the schema, and what breaks a rule between fields, where that can be
// judged.
func TestAllThatIsWrongIsToldAtOnce(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	for body, want := range map[string]string{
		`{"title": "cursed", "stars": 9}`:                 "stars maximum, title cursed",
		`{"title": "cursed", "stars": 9, "tags": 7}`:      "stars maximum, tags type",
		`{"title": "cursed", "stars": 9.0}`:               "stars type",
		`{"title": "cursed", "since": "today"}`:           "since format",
		`{"title": "cursed", "anchor": true, "stars": 9}`: "anchor unknown, stars maximum",
		`{"stars": 9}`: "stars maximum, title required",
		`{"title": "far too long", "stars": -1, "tags": ["a", "b", "c"]}`: "stars minimum, tags max_items, title max_length",
	} {
		var got []string
		for _, f := range c.Do("POST", "/things", body).WantProblem(http.StatusUnprocessableEntity, "validation_failed").Errors {
			got = append(got, f.Field+" "+f.Code)
		}
		slices.Sort(got)
		if s := strings.Join(got, ", "); s != want {
			t.Errorf("%s:\ngot  %s\nwant %s", body, s, want)
		}
	}
}
