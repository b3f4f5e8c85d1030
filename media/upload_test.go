package media_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"os"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/auth/authtest"
	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/media"
	"github.com/shumbooking/shumbooking/media/storage"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

func TestUpload(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	wide, tall := photo(t, 1600, 1200, 0), photo(t, 300, 900, 1)
	var uploaded media.Uploaded
	s.admin.Upload("POST", s.hotelURL,
		apitest.Part{Field: "file", FileName: "Терраса.jpg", Content: wide},
		apitest.Part{Field: "file", FileName: "../../etc/passwd", Content: tall},
	).Want(202).Decode(&uploaded)
	if len(uploaded.Items) != 2 {
		t.Fatalf("%d images, want 2", len(uploaded.Items))
	}
	for i, want := range []struct {
		width, height int
	}{{1600, 1200}, {300, 900}} {
		got := uploaded.Items[i]
		if got.Width != want.width || got.Height != want.height ||
			got.Position != i+1 || got.Status != catalog.ImageProcessing || len(got.Variants) != 0 {
			t.Errorf("image %d = %+v, want %+v that is processed", i, got, want)
		}
	}
	if n := s.number("SELECT count(*) FROM images WHERE (id, filename) IN ((1, 'Терраса.jpg'), (2, 'passwd'))"); n != 2 {
		t.Errorf("%d images have the names of their files, want 2", n)
	}
	if got := len(s.keys("originals/")); got != 2 {
		t.Errorf("%d originals, want 2", got)
	}
	s.admin.Upload("POST", s.roomURL, files(wide)...).Want(202).Decode(&uploaded)
	if got := uploaded.Items[0]; got.RoomID == nil || *got.RoomID != 1 || got.Position != 1 {
		t.Errorf("image of a room = %+v", got)
	}
	s.work()
	for id := range int64(3) {
		if got := s.settled(id + 1); got.Status != catalog.ImageReady {
			t.Errorf("image %d = %+v, want it ready", id+1, got)
		}
	}
	s.until("the end of the originals", func() bool { return len(s.keys("originals/")) == 0 })
	if got := s.metric("images_uploaded_total"); got != 3 {
		t.Errorf("images_uploaded_total = %v, want 3", got)
	}
}

func TestRefusedUploads(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	good := photo(t, 40, 30, 0)
	other := s.anyone.As(authtest.Token(auth.Manager, 2))
	tests := map[string]struct {
		client *apitest.Client
		url    string
		parts  []apitest.Part
		status int
		code   string
	}{
		"anonymous":          {s.anyone, s.hotelURL, files(good), 401, "unauthenticated"},
		"guest":              {s.anyone.As(authtest.Token(auth.Guest, 3)), s.hotelURL, files(good), 403, "forbidden"},
		"somebody's hotel":   {other, s.hotelURL, files(good), 404, "not_found"},
		"absent hotel":       {s.admin, "/hotels/2/images", files(good), 404, "not_found"},
		"absent room":        {s.admin, "/hotels/1/rooms/2/images", files(good), 404, "not_found"},
		"largest room":       {s.admin, "/hotels/1/rooms/9223372036854775807/images", files(good), 404, "not_found"},
		"no file":            {s.admin, s.hotelURL, nil, 422, "validation_failed"},
		"another part":       {s.admin, s.hotelURL, []apitest.Part{{Field: "picture", FileName: "a.jpg", Content: good}}, 422, "validation_failed"},
		"eleven files":       {s.admin, s.hotelURL, files(repeat(good, 11)...), 422, "validation_failed"},
		"too large":          {s.admin, s.hotelURL, files(good, append(good, make([]byte, maxFileSize)...)), 413, "body_too_large"},
		"empty":              {s.admin, s.hotelURL, files([]byte{}), 422, "validation_failed"},
		"text":               {s.admin, s.hotelURL, files(good, []byte("hello")), 422, "validation_failed"},
		"svg":                {s.admin, s.hotelURL, files([]byte(`<svg xmlns="http://www.w3.org/2000/svg"/>`)), 422, "validation_failed"},
		"a header in pieces": {s.admin, s.hotelURL, files(good[:40]), 422, "validation_failed"},
	}
	for name, test := range tests {
		t.Logf("%s", name)
		test.client.Upload("POST", test.url, test.parts...).WantProblem(test.status, test.code)
	}
	s.wantNothing()
}

func repeat(content []byte, n int) [][]byte {
	all := make([][]byte, n)
	for i := range all {
		all[i] = content
	}
	return all
}

func TestRefusalNamesEveryFile(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	p := s.admin.Upload("POST", s.hotelURL, files([]byte("x"), photo(t, 9, 9, 0), []byte{})...).WantProblem(422, "validation_failed")
	var got []string
	for _, f := range p.Errors {
		got = append(got, f.Field+" "+f.Code)
	}
	if want := "file.0 not_an_image, file.2 empty_file"; strings.Join(got, ", ") != want {
		t.Errorf("errors = %q, want %q", got, want)
	}
}

func TestUploadIsWholeOrNot(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(s *studio){
		"the store is full": func(s *studio) {
			var puts int
			s.store.fail(func(_ context.Context, method, _ string) error {
				if method == "Put" {
					if puts++; puts == 2 {
						return fmt.Errorf("no space left: %w", storage.ErrUnavailable)
					}
				}
				return nil
			})
		},
		"the disk takes nothing": func(s *studio) {
			if err := os.RemoveAll(s.temp); err != nil {
				s.tb.Fatal(err)
			}
		},
		"the job cannot be queued": func(s *studio) {
			s.exec("ALTER TABLE river_job ADD CONSTRAINT none CHECK (false)")
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newStudio(t)
			fault(s)
			res := s.admin.Upload("POST", s.hotelURL, files(photo(t, 40, 30, 0), photo(t, 40, 30, 1))...)
			if res.Status < 500 {
				t.Errorf("answer = %d %s, want a 5xx", res.Status, res.Body)
			}
			s.wantNothing()
		})
	}
}

// Whether a commit came through that was cut off nobody knows: the files must stay for the row that may be there.
func TestUploadKeepsFilesOfAnUnknownCommit(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.exec(`CREATE FUNCTION drop_connection() RETURNS trigger LANGUAGE plpgsql AS
		$$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$`)
	s.exec(`CREATE CONSTRAINT TRIGGER cut AFTER INSERT ON images DEFERRABLE INITIALLY DEFERRED
		FOR EACH ROW EXECUTE FUNCTION drop_connection()`)
	res := s.admin.Upload("POST", s.hotelURL, files(photo(t, 40, 30, 0))...)
	if res.Status < 500 {
		t.Fatalf("answer = %d %s, want a 5xx", res.Status, res.Body)
	}
	if got := len(s.keys("originals/")); got != 1 {
		t.Errorf("%d originals, want the one that was uploaded", got)
	}
}

// One who sends everything and goes before the answer has uploaded: no file is left without a row.
func TestUploadOfAClientThatGoes(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	ctx, gone := context.WithCancel(t.Context())
	s.store.fail(func(context.Context, string, string) error {
		gone()
		return nil
	})
	contentType, whole := apitest.Multipart(t, files(photo(t, 40, 30, 0), photo(t, 40, 30, 1))...)
	r := httptest.NewRequestWithContext(ctx, "POST", s.hotelURL, bytes.NewReader(whole))
	r.Header.Set("Content-Type", contentType)
	s.admin.Send(r)
	if n, jobs := s.number("SELECT count(*) FROM images"), s.number("SELECT count(*) FROM river_job"); n != 2 || jobs != 2 {
		t.Errorf("%d rows and %d jobs, want 2 of each", n, jobs)
	}
}

// A client that stops in the middle leaves nothing.
func TestUploadThatBreaksOff(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	contentType, whole := apitest.Multipart(t, files(photo(t, 40, 30, 0), photo(t, 400, 300, 1))...)
	for _, size := range []int{0, 100, len(whole) / 2, len(whole) - 3} {
		res := s.admin.DoRaw("POST", s.hotelURL, contentType, bytes.NewReader(whole[:size]))
		if res.Status < 400 || res.Status >= 500 {
			t.Errorf("the first %d of %d bytes = %d %s, want a 4xx", size, len(whole), res.Status, res.Body)
		}
	}
	broken := errors.New("connection reset")
	res := s.admin.DoRaw("POST", s.hotelURL, contentType, &brokenReader{bytes.NewReader(whole[:200]), broken})
	if res.Status < 400 {
		t.Errorf("a connection that broke = %d %s", res.Status, res.Body)
	}
	s.wantNothing()
}

type brokenReader struct {
	*bytes.Reader

	err error
}

func (r *brokenReader) Read(p []byte) (int, error) {
	if r.Len() == 0 {
		return 0, r.err
	}
	return r.Reader.Read(p)
}
