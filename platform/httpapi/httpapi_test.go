package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

func TestCreate(t *testing.T) {
	t.Parallel()
	res := newClient(t).Do("POST", "/things", `{"title":"Anchor"}`).Want(http.StatusCreated)
	if got, want := res.Header.Get("Location"), "/things/7"; got != want {
		t.Errorf("Location = %q, want %q", got, want)
	}
	want := `{"id":7,"title":"Anchor","note":null,"stars":3,"tags":[],"since":"2020-02-29"}` + "\n"
	if diff := cmp.Diff(want, string(res.Body)); diff != "" {
		t.Errorf("defaults, null and [] (-want +got):\n%s", diff)
	}
}

func TestPatch(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	for body, want := range map[string]string{
		`{}`:                         `{"id":1,"title":"old","note":"old note","stars":4,"tags":["a","b"],"since":"0001-01-01"}`,
		`{"note":null,"tags":["x"]}`: `{"id":1,"title":"old","note":null,"stars":4,"tags":["x"],"since":"0001-01-01"}`,
		`{"title":"new","stars":0}`:  `{"id":1,"title":"new","note":"old note","stars":0,"tags":["a","b"],"since":"0001-01-01"}`,
		`{"since":"2024-02-29"}`:     `{"id":1,"title":"old","note":"old note","stars":4,"tags":["a","b"],"since":"2024-02-29"}`,
	} {
		res := c.Do("PATCH", "/things/1", body).Want(http.StatusOK)
		if got := strings.TrimSpace(string(res.Body)); got != want {
			t.Errorf("PATCH %s = %s, want %s", body, got, want)
		}
	}
	for body, field := range map[string]string{
		`{"title":null}`:     "title type",
		`{"stars":null}`:     "stars type",
		`{"stars":9}`:        "stars maximum",
		`{"title":"cursed"}`: "title cursed",
	} {
		p := c.Do("PATCH", "/things/1", body).WantProblem(http.StatusUnprocessableEntity, "validation_failed")
		if got := p.Errors[0].Field + " " + p.Errors[0].Code; got != field {
			t.Errorf("PATCH %s: %s, want %s", body, got, field)
		}
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.Do("GET", "/things?limit=5&city=9223372036854775807&tag=a&tag=b&from=2024-02-29&ratio=0.25&big=true&sort=title", nil).Want(http.StatusOK)
	for query, want := range map[string]string{
		"limit=0":                             "limit minimum",
		"limit=101":                           "limit maximum",
		"limit=abc":                           "limit type",
		"limit=1.0":                           "limit type",
		"limit=+1":                            "limit type",
		"limit=0x10":                          "limit type",
		"limit=1e1":                           "limit type",
		"limit=":                              "limit type",
		"limit=5&limit=6":                     "limit repeated",
		"city=9223372036854775808":            "city range",
		"city=99999999999999999999999":        "city range",
		"city=-1":                             "city minimum",
		"tag=a&tag=b&tag=c":                   "tag max_items",
		"maker=1&maker=0":                     "maker.1 minimum",
		"from=2023-02-29":                     "from format",
		"from=infinity":                       "from format",
		"from=10000-01-01":                    "from format",
		"ratio=2":                             "ratio maximum",
		"ratio=NaN":                           "ratio type",
		"ratio=1e999":                         "ratio type",
		"big=yes":                             "big type",
		"sort=price":                          "sort enum",
		"nonsense=1":                          "nonsense unknown",
		"cursor=" + strings.Repeat("a", 1025): "cursor max_length",
	} {
		p := c.Do("GET", "/things?"+query, nil).WantProblem(http.StatusUnprocessableEntity, "validation_failed")
		if got := p.Errors[0].Field + " " + p.Errors[0].Code; got != want || len(p.Errors) != 1 {
			t.Errorf("%.40s: %+v, want only %s", query, p.Errors, want)
		}
	}
	for _, query := range []string{"tag=%zz", "tag=%00", "tag=%ff", "%00=1", "tag=a;b=c"} {
		c.Do("GET", "/things?"+query, nil).WantProblem(http.StatusBadRequest, "malformed_request")
	}
	p := c.Do("GET", "/things?limit=0&sort=x&city=0", nil).WantProblem(http.StatusUnprocessableEntity, "validation_failed")
	if len(p.Errors) != 3 {
		t.Errorf("three wrong parameters give %+v, want all at once", p.Errors)
	}
}

func TestBodyRefused(t *testing.T) {
	t.Parallel()
	deep := strings.Repeat("[", 40) + strings.Repeat("]", 40)
	tests := []struct {
		body   string
		status int
		field  string // and code, of the first error
	}{
		{``, 400, " json"},
		{`not JSON`, 400, " json"},
		{`{"title":"a"}{}`, 400, " json"},
		{`{"title":"a"} x`, 400, " json"},
		{`{"title":"a","title":"b"}`, 400, "title json"},
		{`{"title":"a` + "\x00" + `"}`, 400, "title json"},
		{`{"title":"a\u0000"}`, 400, "title json"},
		{`{"a\u0000":1}`, 400, "a"},
		{"{\"title\":\"\xff\"}", 400, "title json"},
		{`{"title":"\ud800"}`, 400, "title json"},
		{`{"title":"a","tags":` + deep + `}`, 400, "tags"},
		{strings.Repeat("[", 60000), 400, "0.0"},
		{`{"title":"a","stars":1e999}`, 400, "stars json"},
		{`{"title":"a","stars":` + strings.Repeat("9", 100) + `}`, 400, "stars json"},
		{`null`, 422, " type"},
		{`[]`, 422, " type"},
		{`{}`, 422, "title required"},
		{`{"title":"a","Title":"b"}`, 422, "Title unknown"},
		{`{"title":"a","nonsense":1}`, 422, "nonsense unknown"},
		{`{"title":1}`, 422, "title type"},
		{`{"title":null}`, 422, "title type"},
		{`{"title":""}`, 422, "title blank"},
		{`{"title":" \u00a0\u200b\u0007"}`, 422, "title blank"},
		{`{"title":"\u1680\u2028\u202e\u3000\ufeff"}`, 422, "title blank"},
		{`{"title":"12345678901"}`, 422, "title max_length"},
		{`{"title":"a","stars":1.0}`, 422, "stars type"},
		{`{"title":"a","stars":1.5}`, 422, "stars type"},
		{`{"title":"a","stars":1e0}`, 422, "stars type"},
		{`{"title":"a","stars":"1"}`, 422, "stars type"},
		{`{"title":"a","stars":99999999999999999999}`, 422, "stars"},
		{`{"title":"a","tags":null}`, 422, "tags type"},
		{`{"title":"a","tags":["a",1]}`, 422, "tags.1 type"},
		{`{"title":"a","tags":["a","b","c"]}`, 422, "tags max_items"},
		{`{"title":"a","since":"2027-02-29"}`, 422, "since format"},
		{`{"title":"a","since":"infinity"}`, 422, "since format"},
		{`{"title":"a","since":"10000-01-01"}`, 422, "since format"},
		{`{"title":"a","since":20270101}`, 422, "since type"},
		{`{"title":"cursed"}`, 422, "title cursed"},
	}
	c := newClient(t)
	for _, tt := range tests {
		p := c.Do("POST", "/things", tt.body).Want(tt.status).Problem()
		if len(p.Errors) == 0 {
			t.Errorf("%.60s: no field is named: %+v", tt.body, p)
			continue
		}
		if got := p.Errors[0].Field + " " + p.Errors[0].Code; !strings.HasPrefix(got, tt.field) {
			t.Errorf("%.60s: %s, want %s", tt.body, got, tt.field)
		}
	}
	for _, body := range []string{`{"stars":9,"tags":[1],"x":0}`, `{"stars":3.0,"tags":[1],"x":0}`, `{"stars":3e0,"tags":[1],"x":0}`} {
		p := c.Do("POST", "/things", body).WantProblem(422, "validation_failed")
		if len(p.Errors) != 4 {
			t.Errorf("%s: four wrong fields give %+v, want all at once", body, p.Errors)
		}
	}
}

func TestOrderOfChecks(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	large := `{"title":"` + strings.Repeat("a", 70000) + `"}`
	anonymous, weak := c.As(""), c.As("weak")
	anonymous.Do("POST", "/nothing", large).WantProblem(404, "not_found")
	anonymous.Do("POST", "/things/1", large).WantProblem(405, "method_not_allowed")
	anonymous.Do("POST", "/things", large).WantProblem(413, "body_too_large")
	req := httptest.NewRequest("POST", "/things", strings.NewReader("x"))
	req.Header.Set("Content-Type", "text/plain")
	anonymous.Send(req).WantProblem(415, "unsupported_media_type")
	res := anonymous.Do("POST", "/things", `{"title":`)
	res.WantProblem(401, "unauthenticated")
	if got := res.Header.Get("WWW-Authenticate"); got != "Bearer" {
		t.Errorf("WWW-Authenticate = %q", got)
	}
	weak.Do("POST", "/things", `{"title":`).WantProblem(403, "forbidden")
	c.Do("POST", "/things", `{"title":`).WantProblem(400, "malformed_request")
	c.Do("POST", "/things", `{}`).WantProblem(422, "validation_failed")
	p := c.Do("POST", "/things", `{"title":"taken"}`).WantProblem(409, "title_taken")
	if p.Members["word"] != "taken" || p.Detail != "Think of another." {
		t.Errorf("problem = %+v, want its detail and its member", p)
	}
}

func TestMediaTypes(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	for _, tt := range []struct {
		method, target, media string
		status                int
	}{
		{"POST", "/things", "application/json; charset=UTF-8", 201},
		{"POST", "/things", "application/json; charset=latin1", 415},
		{"POST", "/things", "application/merge-patch+json", 415},
		{"POST", "/things", "", 415},
		{"POST", "/things", "application/json;;;=", 415},
		{"PATCH", "/things/1", "application/merge-patch+json", 200},
		{"PATCH", "/things/1", "application/json", 200},
		{"PATCH", "/things/1", "application/json-patch+json", 415},
	} {
		req := httptest.NewRequest(tt.method, tt.target, strings.NewReader(`{"title":"a"}`))
		req.Header.Set("Content-Type", tt.media)
		res := c.Send(req).Want(tt.status)
		if accept := res.Header.Get("Accept-Patch"); (tt.method == "PATCH" && tt.status == 415) != (accept != "") {
			t.Errorf("%s %s: Accept-Patch = %q", tt.method, tt.media, accept)
		}
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	for _, path := range []string{"/", "/nothing", "//things", "/things//1", "/things/../things", "/things/.", "/things/%2e%2e/things",
		"/things/", "/things/1/", "/things/0", "/things/-1", "/things/abc", "/things/1.0", "/things/9223372036854775808", "/things/%00", "/things/1%2F2"} {
		c.Do("GET", path, nil).WantProblem(404, "not_found")
		c.Do("DELETE", "/things//1", nil).WantProblem(404, "not_found")
	}
	for target, allow := range map[string]string{
		"/things":         "GET, HEAD, OPTIONS, POST",
		"/things/special": "GET, HEAD, OPTIONS",
		"/things/1":       "DELETE, GET, HEAD, OPTIONS, PATCH, PUT",
	} {
		for _, method := range []string{"POST", "DELETE", "BREW"} {
			res := c.Do(method, target, `{"title":"a"}`)
			if strings.Contains(allow, method) {
				continue
			}
			res.WantProblem(405, "method_not_allowed")
			if got := res.Header.Get("Allow"); got != allow {
				t.Errorf("%s %s: Allow = %q, want %q", method, target, got, allow)
			}
		}
		if res := c.Do("OPTIONS", target, nil).Want(204); res.Header.Get("Allow") != allow {
			t.Errorf("OPTIONS %s: Allow = %q, want %q", target, res.Header.Get("Allow"), allow)
		}
	}
	if res := c.Do("HEAD", "/things/1", nil).Want(200); len(res.Body) != 0 || res.Header.Get("Content-Length") == "" {
		t.Errorf("HEAD has a body %q or no length", res.Body)
	}
}

func TestErrorsTellNothing(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	for target, status := range map[string]int{"/things/500": 500, "/things/666": 500, "/things/503": 503} {
		res := c.Do("GET", target, nil).Want(status)
		if strings.Contains(string(res.Body), "secret") {
			t.Errorf("%s tells %s", target, res.Body)
		}
		p := res.Problem()
		if p.RequestID != res.Header.Get("X-Request-Id") || p.Instance != "urn:uuid:"+p.RequestID || p.Title == "" || p.Status != status {
			t.Errorf("%s: problem %+v", target, p)
		}
	}
	for target, want := range map[string]string{"/things/503": "1", "/things/5031": "1", "/things/5032": "30", "/things/500": ""} {
		if got := c.Do("GET", target, nil).Header.Get("Retry-After"); got != want {
			t.Errorf("Retry-After of %s = %q, want %q", target, got, want)
		}
	}
	if errBusy.RetryAfter != 0 {
		t.Errorf("the answer changed the error of the endpoint: RetryAfter = %v", errBusy.RetryAfter)
	}
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	for id, taken := range map[string]bool{"abc-1.2_3": true, "": false, "a b": false, "a\"b": false, strings.Repeat("a", 65): false, "é": false} {
		req := httptest.NewRequest("GET", "/things", nil)
		req.Header.Set("X-Request-Id", id)
		got := c.Send(req).Header.Get("X-Request-Id")
		if taken != (got == id) || got == "" {
			t.Errorf("X-Request-Id %q came back as %q", id, got)
		}
	}
}

func TestDocs(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	c.Do("GET", "/openapi.json", nil).Want(200)
	for target, want := range map[string]string{"/docs": "swagger-ui", "/docs/problems": "title_taken", "/docs/swagger-ui-bundle.js": "function"} {
		if res := c.Do("GET", target, nil).Want(200); !strings.Contains(string(res.Body), want) {
			t.Errorf("%s lacks %q: %.300s", target, want, res.Body)
		}
	}
	c.Do("GET", "/docs/nothing.js", nil).Want(404)
}

func FuzzBody(f *testing.F) {
	f.Add(`{"title":"a","note":null,"stars":1,"tags":["x"],"since":"2024-02-29"}`)
	f.Add(`{"title":"a","title":"b"}`)
	f.Add(`{"stars":1e400}`)
	c := apitest.New(f, admit, register).As("good")
	f.Fuzz(func(t *testing.T, body string) {
		for _, method := range []string{"POST /things", "PUT /things/1", "PATCH /things/1"} {
			m, target, _ := strings.Cut(method, " ")
			if res := c.With(t).Do(m, target, body); res.Status >= 500 {
				t.Errorf("%s %q = %d", method, body, res.Status)
			}
		}
	})
}

func FuzzQuery(f *testing.F) {
	f.Add("limit=5&city=1&tag=a&from=2024-02-29&ratio=0.1&big=true&sort=id")
	f.Add("limit=%zz")
	c := apitest.New(f, admit, register).As("good")
	f.Fuzz(func(t *testing.T, query string) {
		req := httptest.NewRequest("GET", "/things", nil)
		req.URL.RawQuery = query
		if res := c.With(t).Send(req); res.Status >= 500 {
			t.Errorf("%q = %d", query, res.Status)
		}
	})
}

func BenchmarkCreate(b *testing.B) {
	c := apitest.New(b, admit, register).As("good")
	for b.Loop() {
		c.Do("POST", "/things", `{"title":"Anchor","note":"a note","stars":3,"tags":["a"],"since":"2030-01-01"}`)
	}
}
