package media_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/media/storage"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

// ready uploads a photograph and returns the path of its only file.
func (s *studio) ready() string {
	s.tb.Helper()
	stop := s.work()
	defer stop()
	return string(s.settled(s.upload(photo(s.tb, 150, 100, 0))[0]).Variants[0].URL)
}

// get asks for a file with a header.
func (s *studio) get(method, path, name, value string) *apitest.Response {
	s.tb.Helper()
	r := httptest.NewRequestWithContext(s.tb.Context(), method, path, nil)
	if name != "" {
		r.Header.Set(name, value)
	}
	return s.anyone.Send(r)
}

func TestServeFile(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	path := s.ready()
	whole := s.get("GET", path, "", "").Want(200)
	tag := whole.Header.Get("ETag")
	for name, want := range map[string]string{
		"Content-Type":           "image/jpeg",
		"Cache-Control":          "public, max-age=31536000, immutable",
		"X-Content-Type-Options": "nosniff",
		"Accept-Ranges":          "bytes",
	} {
		if got := whole.Header.Get(name); got != want {
			t.Errorf("%s = %q, want %q", name, got, want)
		}
	}
	if !strings.Contains(path, strings.Trim(tag, `"`)) || len(tag) != 66 {
		t.Errorf("ETag = %s, want the hash in %s", tag, path)
	}
	if res := s.get("HEAD", path, "", "").Want(200); len(res.Body) != 0 || res.Header.Get("Content-Length") != whole.Header.Get("Content-Length") {
		t.Errorf("HEAD = %d bytes, length %s", len(res.Body), res.Header.Get("Content-Length"))
	}
	modified := whole.Header.Get("Last-Modified")
	s.get("GET", path+"?v=2", "", "").Want(200)
	s.get("GET", path, "If-None-Match", tag).Want(http.StatusNotModified)
	s.get("GET", path, "If-None-Match", `"other"`).Want(200)
	s.get("GET", path, "If-Modified-Since", modified).Want(http.StatusNotModified)
	s.get("GET", path, "If-Match", `"other"`).WantProblem(412, "precondition_failed")
	part := s.get("GET", path, "Range", "bytes=2-5").Want(http.StatusPartialContent)
	if string(part.Body) != string(whole.Body[2:6]) || !strings.HasPrefix(part.Header.Get("Content-Range"), "bytes 2-5/") {
		t.Errorf("range = %x of %s, want %x", part.Body, part.Header.Get("Content-Range"), whole.Body[2:6])
	}
	s.get("GET", path, "Range", "bytes=9999999-").WantProblem(416, "range_not_satisfiable")
	many := s.get("GET", path, "Range", "bytes=0-0,2-2,4-4").Want(200)
	if len(many.Body) != len(whole.Body) {
		t.Errorf("three ranges = %d bytes, want the whole file", len(many.Body))
	}
	both := httptest.NewRequestWithContext(t.Context(), "GET", path, nil)
	both.Header.Set("Range", "bytes=0-0")
	both.Header.Set("If-Range", `"other"`)
	s.anyone.Send(both).Want(200)
}

func TestServeNothingElse(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.upload(photo(t, 8, 8, 0))
	original := s.keys("originals/")[0]
	const hash = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
	for _, name := range []string{
		"1-" + hash + ".jpg", "1-" + hash + ".png", "0-" + hash + ".jpg", hash, "1-" + strings.ToUpper(hash) + ".jpg",
		"..%2f" + strings.ReplaceAll(original, "/", "%2f"), strings.TrimPrefix(original, "originals/"), ".", "%00",
		strings.Repeat("a", 101),
	} {
		s.get("GET", "/static/images/"+name, "", "").WantProblem(404, "not_found")
	}
	s.get("POST", "/static/images/1-"+hash+".jpg", "", "").WantProblem(405, "method_not_allowed")
}

func TestServeFromAStoreThatIsAway(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	path := s.ready()
	s.store.fail(func(context.Context, string, string) error { return storage.ErrUnavailable })
	res := s.get("GET", path, "", "")
	res.WantProblem(503, "service_unavailable")
	if got := res.Header.Get("Cache-Control"); got != "no-store" {
		t.Errorf("Cache-Control of a failure = %q, want no-store", got)
	}
}
