package httpapi_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

// registerTagged declares a resource with an ETag, and handlers that panic before and amid their answer.
func registerTagged(api *httpapi.API) {
	rt := httpapi.Route{Pattern: "GET /tagged", ID: "getTagged", Tag: "Things", Summary: "Tagged", Access: httpapi.Public, Conditional: true}
	httpapi.Handle(api, rt, func(context.Context, *struct{}) (*thing, error) { return &thing{ID: 1}, nil })
	rt = httpapi.Route{Pattern: "GET /mine", ID: "getMine", Tag: "Things", Summary: "Mine", Access: member, Conditional: true}
	httpapi.Handle(api, rt, func(context.Context, *struct{}) (*thing, error) { return &thing{ID: 2}, nil })
	rt = httpapi.Route{Pattern: "GET /panic/{id}", ID: "getPanic", Tag: "Things", Summary: "Panics", Access: httpapi.Public}
	httpapi.HandleRaw(api, rt, "text/plain", func(w http.ResponseWriter, _ *http.Request, in *thingPath) error {
		if in.ID == 2 {
			// More than the server keeps back, so that it is on its way.
			_, _ = io.WriteString(w, strings.Repeat("half", 2000))
		}
		w.Header().Set("ETag", `"stale"`)
		w.Header().Set("Content-Length", "10")
		panic("secret of the panic")
	})
}

// Every answer carries the headers that keep it from being misused, whatever it is.
func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	c := apitest.New(t, admit, register, registerPictures, registerTagged, registerConsole).As("good")
	tag := c.Do("GET", "/tagged", nil).Header.Get("ETag")
	for target, status := range map[string]int{
		"GET /things/1": 200, "HEAD /things/1": 200, "GET /tagged": 304, "GET /nothing": 404, "GET //": 404, "POST /things/special": 405,
		"BREW /things": 405, "OPTIONS /things": 204, "DELETE /things/1": 204, "GET /panic/1": 500, "GET /console/panic": 500,
		"GET /console/": 200, "GET /console": 308, "BREW /console/": 405, "GET /pictures/a": 200, "GET /docs": 200,
		"GET /docs/problems": 200, "GET /openapi.json": 200, "POST /things": 422, "GET /things?x=1": 422, "GET /pictures/gone": 404,
	} {
		method, path, _ := strings.Cut(target, " ")
		req := httptest.NewRequest(method, path, strings.NewReader("{}"))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("If-None-Match", tag)
		h := c.Send(req).Want(status).Header
		for name, want := range map[string]string{"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer"} {
			if got := h.Values(name); len(got) != 1 || got[0] != want {
				t.Errorf("%s: %s = %q, want %q", target, name, got, want)
			}
		}
		if csp := h.Get("Content-Security-Policy"); !strings.HasPrefix(csp, "default-src ") {
			t.Errorf("%s: Content-Security-Policy = %q", target, csp)
		}
		want := "same-origin"
		if strings.Contains(path, "/pictures/") {
			want = "cross-origin"
		}
		if got := h.Get("Cross-Origin-Resource-Policy"); got != want {
			t.Errorf("%s: Cross-Origin-Resource-Policy = %q, want %q", target, got, want)
		}
		if got := h.Get("Cache-Control"); status >= 400 && got != "no-store" {
			t.Errorf("%s: Cache-Control = %q, want no-store", target, got)
		}
	}
}

func TestPrivateAnswersAreNotStored(t *testing.T) {
	t.Parallel()
	c := apitest.New(t, admit, register, registerTagged)
	tag := c.As("good").Do("GET", "/mine", nil).Header.Get("ETag")
	for _, tt := range []struct {
		method, token, ifNoneMatch string
		status                     int
	}{{"GET", "good", "", 200}, {"HEAD", "good", "", 200}, {"GET", "good", tag, 304}, {"GET", "", "", 401}, {"GET", "weak", "", 403}} {
		req := httptest.NewRequest(tt.method, "/mine", nil)
		req.Header.Set("If-None-Match", tt.ifNoneMatch)
		if got := c.As(tt.token).Send(req).Want(tt.status).Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("%s for %q, %d: Cache-Control = %q, want no-store", tt.method, tt.token, tt.status, got)
		}
	}
}

func TestPanicsAreCounted(t *testing.T) {
	t.Parallel()
	registry := prometheus.NewRegistry()
	c := apitest.Build(t, httpapi.Config{Admit: admit, Metrics: registry}, register, registerTagged)
	c.Do("GET", "/things/500", nil).Want(http.StatusInternalServerError)
	h := c.Do("GET", "/panic/1", nil).Want(http.StatusInternalServerError).Header
	if h.Get("ETag") != "" || h.Get("Content-Length") == "10" {
		t.Errorf("the problem has headers of the answer that was not sent: %v", h)
	}
	c.Do("GET", "/things/666", nil).WantProblem(http.StatusInternalServerError, "internal_error")
	want := `
# HELP http_panics_total Requests whose handler panicked: each is a bug.
# TYPE http_panics_total counter
http_panics_total 2
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "http_panics_total"); err != nil {
		t.Error(err)
	}
}

// A client must not take the half that was written before a panic for the whole.
func TestPanicBreaksOff(t *testing.T) {
	t.Parallel()
	s := startServer(t, time.Minute, time.Minute, registerTagged)
	req, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/panic/2", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := s.Client().Do(req)
	if err != nil {
		return // Broken off before the header was sent.
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err == nil {
		t.Errorf("%d bytes without an error, want a broken response", len(body))
	}
}

// HEAD is answered with the header of GET (RFC 9110, section 9.3.2).
func TestHeadIsGetWithoutItsBody(t *testing.T) {
	t.Parallel()
	s := startServer(t, time.Minute, time.Minute, register, registerPictures, registerTagged)
	for _, target := range []string{"/things/1", "/tagged", "/things/404", "/nothing", "/pictures/a", "/openapi.json", "/docs/problems"} {
		get, head := askServer(t, s, "GET", target), askServer(t, s, "HEAD", target)
		if head.status != get.status || head.length != 0 {
			t.Errorf("HEAD %s = %d with a body of %d bytes, want %d and none", target, head.status, head.length, get.status)
		}
		for name := range get.header {
			if got, want := head.header.Get(name), get.header.Get(name); name != "X-Request-Id" && name != "Date" && got != want {
				t.Errorf("HEAD %s: %s = %q, want %q", target, name, got, want)
			}
		}
		if got, want := head.header.Get("Content-Length"), strconv.Itoa(get.length); got != want {
			t.Errorf("HEAD %s: Content-Length = %s, want %s", target, got, want)
		}
	}
}

// An outline is what an answer is like, with the length of its body.
type outline struct {
	status int
	header http.Header
	length int
}

func askServer(t *testing.T, s *httptest.Server, method, target string) outline {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.URL+target, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := s.Client().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return outline{res.StatusCode, res.Header, len(body)}
}

func TestCompressedBodiesAreRefused(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	for _, coding := range [][]string{{"gzip"}, {"x-gzip"}, {"deflate"}, {"br"}, {"zstd"}, {"GZIP"}, {"identity, gzip"}, {"identity", "gzip"}} {
		req := httptest.NewRequest("POST", "/things", strings.NewReader(`{"title":"a"}`))
		req.Header.Set("Content-Type", "application/json")
		req.Header["Content-Encoding"] = coding
		c.Send(req).WantProblem(http.StatusUnsupportedMediaType, "unsupported_media_type")
	}
	req := httptest.NewRequest("POST", "/things", strings.NewReader(`{"title":"a"}`))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Content-Encoding", "identity")
	c.Send(req).Want(http.StatusCreated)
}

// What is JSON to some parsers only is refused (RFC 8259; RFC 7493, section 2).
func TestStrictJSON(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	for name, body := range map[string]string{
		"byte order mark":           "\ufeff" + `{"title":"a"}`,
		"UTF-16":                    "\xff\xfe{\x00}\x00",
		"overlong UTF-8":            "{\"title\":\"\xc0\x80\"}",
		"surrogate in UTF-8":        "{\"title\":\"\xed\xa0\x80\"}",
		"beyond Unicode":            "{\"title\":\"\xf4\x90\x80\x80\"}",
		"invalid UTF-8 in a name":   "{\"t\xff\":1}",
		"high surrogate alone":      `{"title":"\ud83d"}`,
		"high surrogate and letter": `{"title":"\ud83dx"}`,
		"low surrogate alone":       `{"title":"\ude00"}`,
		"surrogates reversed":       `{"title":"\ude00\ud83d"}`,
		"duplicate name escaped":    `{"title":"a","\u0074itle":"b"}`,
		"duplicate of no field":     `{"title":"a","x":{"y":1,"y":2}}`,
		"nested objects":            `{"title":"a","x":` + strings.Repeat(`{"a":`, 10000) + "1" + strings.Repeat("}", 10000) + "}",
		"nested and not closed":     strings.Repeat(`{"a":[`, 10000),
		"number of a million":       `{"title":"a","stars":1` + strings.Repeat("0", 60000) + "}",
		"exponent":                  `{"title":"a","stars":1e1000000000}`,
		"not a number":              `{"title":"a","stars":NaN}`,
		"infinity":                  `{"title":"a","stars":-Infinity}`,
		"leading zero":              `{"title":"a","stars":01}`,
		"plus sign":                 `{"title":"a","stars":+1}`,
		"comment":                   `{"title":"a"/**/}`,
		"trailing comma":            `{"title":"a",}`,
		"single quotes":             `{'title':'a'}`,
		"control character":         "{\"title\":\"a\nb\"}",
		"vertical tab for space":    "{\"title\":\v\"a\"}",
		"two values":                `{"title":"a"}` + "\n" + `{"title":"b"}`,
	} {
		if p := c.Do("POST", "/things", body).WantProblem(http.StatusBadRequest, "malformed_request"); len(p.Errors) != 1 || p.Errors[0].Code != "json" {
			t.Errorf("%s: errors %+v, want the place", name, p.Errors)
		}
	}
	c.Do("POST", "/things", `{"title":"\ud83d\ude00"}`).Want(http.StatusCreated)
}
