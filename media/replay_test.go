package media_test

import (
	"bytes"
	"context"
	"fmt"
	"net/http/httptest"
	"regexp"
	"slices"
	"sync"
	"testing"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/auth/authtest"
	"github.com/shumbooking/shumbooking/media"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

// uploadWith uploads parts with a header.
func (s *studio) uploadWith(c *apitest.Client, name, value, url string, parts ...apitest.Part) *apitest.Response {
	s.tb.Helper()
	contentType, body := apitest.Multipart(s.tb, parts...)
	req := httptest.NewRequestWithContext(s.tb.Context(), "POST", url, bytes.NewReader(body))
	req.Header.Set("Content-Type", contentType)
	req.Header.Set(name, value)
	return c.Send(req)
}

func (s *studio) uploadOnce(key, url string, parts ...apitest.Part) *apitest.Response {
	s.tb.Helper()
	return s.uploadWith(s.admin, "Idempotency-Key", key, url, parts...)
}

// TestUploadsAreReplayed: an upload that is sent again with its key, with a boundary of its own as clients do, adds
// nothing, stores nothing and is answered as it was, whatever became of its images.
func TestUploadsAreReplayed(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	parts := files(photo(t, 40, 30, 0), photo(t, 30, 40, 1))
	first := s.uploadOnce("k", s.hotelURL, parts...).Want(202)
	again := func(when string) {
		t.Helper()
		var puts int
		s.store.fail(func(_ context.Context, method, _ string) error {
			if method == "Put" {
				puts++
			}
			return nil
		})
		res := s.uploadOnce("k", s.hotelURL, parts...).Want(202)
		s.store.fail(func(context.Context, string, string) error { return nil })
		if !bytes.Equal(res.Body, first.Body) || res.Header.Get("Idempotency-Replayed") != "true" {
			t.Errorf("%s: again = %s, want %s", when, res.Body, first.Body)
		}
		if puts != 0 {
			t.Errorf("%s: %d files were stored, want none", when, puts)
		}
	}
	again("while they are processed")
	if got := s.keys("originals/"); len(got) != 2 {
		t.Errorf("originals %v, want the two of the first upload", got)
	}
	stop := s.work()
	s.settled(1)
	s.settled(2)
	s.until("the end of the originals", func() bool { return len(s.keys("originals/")) == 0 })
	again("when they are ready")
	s.admin.Do("DELETE", "/images/1", nil).Want(204)
	again("when one is gone")
	stop()
	s.admin.Do("PATCH", "/images/2", body{"alt": "x"}).Want(200)
	again("when one has changed")
	if n := s.number("SELECT count(*) FROM images WHERE id > 2"); n != 0 {
		t.Errorf("%d images more, want none", n)
	}
	if got := s.metric("images_uploaded_total"); got != 2 {
		t.Errorf("images_uploaded_total = %v, want 2", got)
	}
	if n := s.number("SELECT count(*) FROM audit_log WHERE action = 'image.create' AND actor_id = 1"); n != 2 {
		t.Errorf("%d uploads recorded, want that of 2 images", n)
	}
	if got := s.keys("originals/"); len(got) != 0 {
		t.Errorf("originals %v, want none", got)
	}
}

// TestKeysOfUploads: the key is of one gallery and of those files in that order, with their names.
func TestKeysOfUploads(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	a, b := photo(t, 40, 30, 0), photo(t, 30, 40, 1)
	s.uploadOnce("k", s.hotelURL, files(a, b)...).Want(202)
	renamed := files(a, b)
	renamed[1].FileName = "b.jpg"
	for name, c := range map[string]struct {
		url   string
		parts []apitest.Part
	}{
		"another gallery": {s.roomURL, files(a, b)},
		"another order":   {s.hotelURL, []apitest.Part{files(b)[0], files(b, a)[1]}},
		"one file less":   {s.hotelURL, files(a)},
		"one file more":   {s.hotelURL, files(a, b, a)},
		"another name":    {s.hotelURL, renamed},
		"another content": {s.hotelURL, files(a, photo(t, 30, 40, 2))},
	} {
		if got := s.uploadOnce("k", c.url, c.parts...).WantProblem(422, "idempotency_key_reused"); got.Status != 422 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	s.uploadOnce("k", s.hotelURL, files(a, []byte("text"))...).WantProblem(422, "validation_failed")
	s.uploadOnce("", s.hotelURL, files(a)...).WantProblem(400, "idempotency_key_invalid")
	if got := s.keys("originals/"); len(got) != 2 {
		t.Errorf("originals %v, want the two of the first upload", got)
	}
	// What was refused is not remembered.
	s.uploadOnce("other", s.hotelURL, files([]byte("text"))...).WantProblem(422, "validation_failed")
	s.uploadOnce("other", s.hotelURL, files(a)...).Want(202)
}

// TestReplayOfTheLastUpload: who fills a gallery and hears nothing can ask again, though it is full now; and so can who
// was a manager then, or whose hotel is gone.
func TestReplayOfTheLastUpload(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	small := photo(t, 8, 8, 0)
	for range 4 {
		s.upload(repeat(small, 10)...)
	}
	last := files(repeat(small, 10)...)
	first := s.uploadOnce("last", s.hotelURL, last...).Want(202)
	s.uploadOnce("new", s.hotelURL, last...).WantProblem(409, "too_many_images")
	s.uploadOnce("last", s.hotelURL, last[:9]...).WantProblem(422, "idempotency_key_reused")
	if again := s.uploadOnce("last", s.hotelURL, last...).Want(202); !bytes.Equal(again.Body, first.Body) {
		t.Errorf("again = %s, want %s", again.Body, first.Body)
	}
	s.exec("UPDATE hotels SET archived_at = now()")
	if again := s.uploadOnce("last", s.hotelURL, last...).Want(202); !bytes.Equal(again.Body, first.Body) {
		t.Errorf("again, without the hotel = %s, want %s", again.Body, first.Body)
	}
	if got := len(s.keys("originals/")); got != 50 {
		t.Errorf("%d originals, want 50", got)
	}
}

// TestUploadsAtOnceWithOneKey: of uploads that arrive together one is taken, and the files that the others had stored
// by then go.
func TestUploadsAtOnceWithOneKey(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	const together = 4
	var inside sync.WaitGroup
	inside.Add(together)
	s.store.fail(func(_ context.Context, method, _ string) error {
		if method == "Put" {
			// All have looked for the key in vain before any has it.
			inside.Done()
			inside.Wait()
		}
		return nil
	})
	parts := files(photo(t, 8, 8, 0))
	results := make([]*apitest.Response, together)
	var wg sync.WaitGroup
	for i := range results {
		wg.Go(func() { results[i] = s.uploadOnce("k", s.hotelURL, parts...) })
	}
	wg.Wait()
	s.store.fail(func(context.Context, string, string) error { return nil })
	final := s.uploadOnce("k", s.hotelURL, parts...).Want(202)
	taken := 0
	for _, res := range results {
		switch {
		case res.Status == 202 && bytes.Equal(res.Body, final.Body):
			if res.Header.Get("Idempotency-Replayed") == "" {
				taken++
			}
		default:
			res.WantProblem(409, "request_in_progress")
		}
	}
	if taken != 1 {
		t.Errorf("%d uploads were taken, want 1", taken)
	}
	if got := s.keys("originals/"); len(got) != 1 {
		t.Errorf("originals %v, want one", got)
	}
	if n := s.number("SELECT count(*) FROM images"); n != 1 {
		t.Errorf("%d images, want 1", n)
	}
}

// TestImageTags: an image has another tag when it becomes ready, so that who waits for it may ask with the last one.
func TestImageTags(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.upload(photo(t, 40, 30, 0))
	processing := s.anyone.Do("GET", "/images/1", nil).Want(200).Header.Get("ETag")
	s.work()
	s.settled(1)
	ready := s.anyone.Do("GET", "/images/1", nil).Want(200).Header.Get("ETag")
	if ready == processing || ready == "" {
		t.Errorf("ETag = %q, and %q while it was processed", ready, processing)
	}
}

// occurrence is what tells one answer of a kind from the next.
var occurrence = regexp.MustCompile(`"(instance|request_id)":"[^"]*"`)

// TestOthersGalleriesLookAbsent: to upload to another's hotel or room is answered byte for byte as to an absent one.
func TestOthersGalleriesLookAbsent(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.exec("INSERT INTO users (email, role) VALUES ('boris@example.com', 'admin'), ('anna@example.com', 'manager')")
	s.admin.Do("POST", "/hotels", body{"title": "B", "city_id": 1, "address": "1, Main Street"}).Want(201)
	s.exec("INSERT INTO hotel_managers (hotel_id, user_id) VALUES (2, 2)")
	anna := s.anyone.As(authtest.Token(auth.Manager, 2))
	good := files(photo(t, 40, 30, 0))
	var uploaded media.Uploaded
	s.uploadWith(anna, "Idempotency-Key", "used", "/hotels/2/images", good...).Want(202).Decode(&uploaded)
	bodies := map[string][]apitest.Part{
		"good": good, "no image": files([]byte("text")), "none": nil, "large": files(make([]byte, maxFileSize+1)),
		"eleven": files(slices.Repeat([][]byte{{}}, 11)...),
	}
	for what, parts := range bodies {
		for _, header := range [][2]string{
			{"X-Nothing", ""}, {"Idempotency-Key", "new"}, {"Idempotency-Key", "used"}, {"Idempotency-Key", ""}, {"If-Match", `"x"`},
		} {
			var answers []string
			for _, url := range []string{"/hotels/1/images", "/hotels/9/images", "/hotels/1/rooms/1/images", "/hotels/2/rooms/1/images", "/hotels/9/rooms/9/images"} {
				res := s.uploadWith(anna, header[0], header[1], url, parts...)
				answers = append(answers, fmt.Sprintf("%d %s", res.Status, occurrence.ReplaceAllString(string(res.Body), "")))
			}
			if unique := slices.Compact(slices.Clone(answers)); len(unique) != 1 {
				t.Errorf("%s with %q: answers %q, want all alike", what, header, unique)
			}
		}
	}
	if n := s.number("SELECT count(*) FROM images"); n != int64(len(uploaded.Items)) {
		t.Errorf("%d images, want %d", n, len(uploaded.Items))
	}
}
