package httpapi_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

type picturePath struct {
	Name string `path:"name" maxLength:"100" example:"a.jpg"`
}

func (in *picturePath) Validate() error {
	if in.Name == "cursed" {
		return errs.NotFound.New("")
	}
	return nil
}

// registerPictures declares a route as that which serves files.
func registerPictures(api *httpapi.API) {
	httpapi.HandleRaw(api, httpapi.Route{
		Pattern: "GET /pictures/{name}", ID: "getPicture", Tag: "Things", Summary: "A picture", Access: httpapi.Public,
		OtherStatuses: []int{http.StatusPartialContent, http.StatusNotModified},
		Errors:        []errs.Kind{errs.PreconditionFailed, errs.RangeNotSatisfiable},
	}, "image/jpeg", servePicture)
}

func servePicture(w http.ResponseWriter, r *http.Request, in *picturePath) error {
	w.Header().Set("Content-Type", "image/jpeg")
	w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
	w.Header().Set("ETag", `"tag"`)
	switch in.Name {
	case "gone":
		return errs.NotFound.New("").Because(io.EOF)
	case "failed":
		return errors.New("secret of the store")
	case "plain":
		http.Error(w, "no such file", http.StatusNotFound)
		return nil
	case "teapot":
		http.Error(w, "a teapot", http.StatusTeapot)
		return nil
	case "cut":
		_, _ = w.Write([]byte("012"))
		return errors.New("secret of the store")
	}
	http.ServeContent(w, r, "", time.Unix(1e9, 0), strings.NewReader("0123456789"))
	return nil
}

func TestRaw(t *testing.T) {
	t.Parallel()
	c := apitest.New(t, admit, registerPictures)
	for _, tt := range []struct {
		method, name, header, value string
		status                      int
		body                        string // or the code of a problem
	}{
		{"GET", "a", "", "", 200, "0123456789"},
		{"HEAD", "a", "", "", 200, ""},
		{"GET", "a", "Range", "bytes=2-4", 206, "234"},
		{"HEAD", "a", "Range", "bytes=2-4", 206, ""},
		{"GET", "a", "Range", "bytes=-1", 206, "9"},
		{"GET", "a", "If-None-Match", `"tag"`, 304, ""},
		{"GET", "a", "If-Modified-Since", "Sun, 09 Sep 2001 01:46:40 GMT", 304, ""},
		{"GET", "a", "Range", "bytes=10-", 416, "range_not_satisfiable"},
		{"GET", "a", "If-Match", `"other"`, 412, "precondition_failed"},
		{"HEAD", "a", "If-Match", `"other"`, 412, ""},
		{"GET", "gone", "", "", 404, "not_found"},
		{"GET", "plain", "", "", 404, "not_found"},
		{"GET", "cursed", "", "", 404, "not_found"},
		{"GET", "failed", "", "", 500, "internal_error"},
		{"POST", "a", "", "", 405, "method_not_allowed"},
		{"GET", strings.Repeat("a", 101), "", "", 404, "not_found"},
	} {
		req := httptest.NewRequest(tt.method, "/pictures/"+tt.name, nil)
		req.Header.Set(tt.header, tt.value)
		res := c.Send(req).Want(tt.status)
		got, cached := string(res.Body), tt.status < 400
		if tt.status >= 400 && tt.body != "" {
			got = res.Problem().Code
		}
		if got != tt.body {
			t.Errorf("%s %s with %s %s: %q, want %q", tt.method, tt.name, tt.header, tt.value, got, tt.body)
		}
		if got := strings.Contains(res.Header.Get("Cache-Control"), "immutable"); got != cached || cached == (res.Header.Get("ETag") == "") {
			t.Errorf("%s %s with %s %s: headers %v", tt.method, tt.name, tt.header, tt.value, res.Header)
		}
	}
	req := httptest.NewRequest("GET", "/pictures/a", nil)
	req.Header.Set("Range", "bytes=10-")
	if got, want := c.Send(req).Header.Get("Content-Range"), "bytes */10"; got != want {
		t.Errorf("Content-Range = %q, want %q", got, want)
	}
	req.Header.Set("Range", "bytes=0-0,5-6")
	if res := c.Send(req).Want(206); !strings.HasPrefix(res.Header.Get("Content-Type"), "multipart/byteranges") {
		t.Errorf("two ranges: %v", res.Header)
	}
}

// What the route does not document stays as the handler wrote it.
func TestRawKeepsOtherStatuses(t *testing.T) {
	t.Parallel()
	c := apitest.New(t, admit, registerPictures)
	if res := serve(c, httptest.NewRequest("GET", "/pictures/teapot", nil)); res.Code != http.StatusTeapot || res.Body.String() != "a teapot\n" {
		t.Errorf("%d %q, want what the handler wrote", res.Code, res.Body)
	}
}

// Pages of other sites show the pictures: the headers that keep pages from being framed must not keep that.
func TestRawMayBeEmbedded(t *testing.T) {
	t.Parallel()
	res := apitest.New(t, admit, registerPictures).Do("GET", "/pictures/a", nil)
	if got := res.Header.Get("Cross-Origin-Resource-Policy"); got != "cross-origin" {
		t.Errorf("Cross-Origin-Resource-Policy = %q", got)
	}
	if got := res.Header.Get("X-Content-Type-Options"); got != "nosniff" {
		t.Errorf("X-Content-Type-Options = %q", got)
	}
}

// A client must not take the first half of a response for the whole.
func TestRawBreaksOff(t *testing.T) {
	t.Parallel()
	s := startServer(t, time.Minute, time.Minute, registerPictures)
	req, err := http.NewRequestWithContext(t.Context(), "GET", s.URL+"/pictures/cut", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := s.Client().Do(req)
	if err != nil {
		return // Broken off before the header was sent.
	}
	defer res.Body.Close()
	if body, err := io.ReadAll(res.Body); err == nil || bytes.Contains(body, []byte("secret")) {
		t.Errorf("%q, %v, want a broken response", body, err)
	}
}

// Sites add a query to the links of pictures to get past caches.
func TestAnyQuery(t *testing.T) {
	t.Parallel()
	for anyQuery, want := range map[bool]int{true: http.StatusOK, false: http.StatusUnprocessableEntity} {
		c := apitest.New(t, admit, func(api *httpapi.API) {
			httpapi.HandleRaw(api, httpapi.Route{
				Pattern: "GET /pictures/{name}", ID: "getPicture", Tag: "Things", Summary: "A picture", Access: httpapi.Public,
				AnyQuery: anyQuery, OtherStatuses: []int{http.StatusPartialContent, http.StatusNotModified},
			}, "image/jpeg", servePicture)
		})
		c.Do("GET", "/pictures/a?v=1&x=y", nil).Want(want)
	}
}
