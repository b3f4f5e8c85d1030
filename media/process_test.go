package media_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"image/jpeg"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/media/storage"
	"github.com/shumbooking/shumbooking/platform/pg"
)

func TestProcess(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.work()
	for name, test := range map[string]struct {
		width, height int
		want          string
	}{
		"large":  {1600, 1200, "[200x150 500x375 1000x750]"},
		"narrow": {300, 600, "[200x400 300x600]"},
		"tiny":   {8, 4, "[8x4]"},
	} {
		image := s.settled(s.upload(photo(t, test.width, test.height, 0))[0])
		if image.Status != catalog.ImageReady || image.Placeholder == nil || image.Error != nil {
			t.Errorf("%s = %+v, want it ready", name, image)
		}
		var got []string
		for _, v := range image.Variants {
			got = append(got, fmt.Sprintf("%dx%d", v.Width, v.Height))
			s.wantVariant(v)
		}
		if fmt.Sprint(got) != test.want {
			t.Errorf("variants of a %s photograph = %v, want %s", name, got, test.want)
		}
	}
	s.until("the end of the originals", func() bool { return len(s.keys("originals/")) == 0 })
}

// wantVariant checks that a variant is served as what it is said to be, under the hash of its content.
func (s *studio) wantVariant(v catalog.Variant) {
	s.tb.Helper()
	res := s.anyone.Do("GET", string(v.URL), nil).Want(200)
	config, err := jpeg.DecodeConfig(bytes.NewReader(res.Body))
	if err != nil || config.Width != v.Width || config.Height != v.Height || int64(len(res.Body)) != v.Bytes {
		s.tb.Errorf("%s = %+v of %d bytes, %v; want %+v", v.URL, config, len(res.Body), err, v)
	}
	if want := fmt.Sprintf("-%x.jpg", sha256.Sum256(res.Body)); !strings.HasSuffix(string(v.URL), want) {
		s.tb.Errorf("url = %s, want the hash of the content, %s", v.URL, want)
	}
}

func TestProcessOfADamagedFile(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	content := photo(t, 1600, 1200, 0)
	id := s.upload(content[:len(content)/2])[0]
	s.work()
	image := s.settled(id)
	if image.Status != catalog.ImageFailed || image.Error == nil || *image.Error == "" || len(image.Variants) != 0 {
		t.Errorf("half a photograph = %+v, want it failed", image)
	}
	s.until("the end of the file", func() bool { return len(s.keys("")) == 0 })
	s.until("the end of the job", func() bool {
		return s.number("SELECT count(*) FROM river_job WHERE state = 'completed' AND attempt = 1") == 1
	})
}

func TestProcessIsRepeated(t *testing.T) {
	t.Parallel()
	for _, method := range []string{"Open", "Put", "Delete"} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			s := newStudio(t)
			id := s.upload(photo(t, 400, 300, 0))[0]
			var failed atomic.Bool
			s.store.fail(func(_ context.Context, m, _ string) error {
				if m == method && failed.CompareAndSwap(false, true) {
					return storage.ErrUnavailable
				}
				return nil
			})
			s.work()
			if image := s.settled(id); image.Status != catalog.ImageReady {
				t.Errorf("image = %+v, want it ready", image)
			}
			s.until("the end of the job", func() bool {
				return s.number("SELECT count(*) FROM river_job WHERE state = 'completed' AND attempt = 2") == 1
			})
			if got := len(s.keys("")); got != 2 {
				t.Errorf("%d files, want the 2 variants", got)
			}
		})
	}
}

func TestImageWithoutAJobIsFailed(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	ids := s.upload(photo(t, 40, 30, 0), photo(t, 40, 30, 1), photo(t, 40, 30, 2))
	s.exec("UPDATE river_job SET state = 'cancelled', finalized_at = now() WHERE args = jsonb_build_object('image_id', $1::bigint)", ids[0])
	s.exec("UPDATE river_job SET state = 'retryable', scheduled_at = now() + interval '1 hour', queue = 'nobody' WHERE args = jsonb_build_object('image_id', $1::bigint)", ids[1])
	s.exec("DELETE FROM river_job WHERE args = jsonb_build_object('image_id', $1::bigint)", ids[2])
	s.exec("UPDATE images SET created_at = now() - interval '2 minutes' WHERE id <> $1", ids[2])
	settle(s)
	for i, want := range []string{catalog.ImageFailed, catalog.ImageProcessing, catalog.ImageProcessing} {
		if got := s.image(ids[i]).Status; got != want {
			t.Errorf("image %d is %s, want %s", i, got, want)
		}
	}
}

// settle runs the job that looks for abandoned images.
func settle(s *studio) {
	s.tb.Helper()
	s.exec("INSERT INTO river_job (kind, args, max_attempts) VALUES ('images_settle', '{}', 1)")
	s.work()
	s.until("the job", func() bool {
		return s.number("SELECT count(*) FROM river_job WHERE kind = 'images_settle' AND state = 'completed'") == 1
	})
}

func TestLostOriginal(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	id := s.upload(photo(t, 40, 30, 0))[0]
	for _, key := range s.keys("originals/") {
		if err := os.Remove(s.path(key)); err != nil {
			t.Fatal(err)
		}
	}
	s.work()
	if image := s.settled(id); image.Status != catalog.ImageFailed {
		t.Errorf("image = %+v, want it failed", image)
	}
}

func TestRemove(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	stop := s.work()
	ids := s.upload(photo(t, 400, 300, 0), photo(t, 400, 300, 0), photo(t, 40, 30, 2))
	kept := s.settled(ids[1])
	s.settled(ids[0])
	s.settled(ids[2])
	s.admin.Do("DELETE", fmt.Sprintf("/images/%d", ids[0]), nil).Want(204)
	s.until("the end of the row", func() bool { return s.number("SELECT count(*) FROM images") == 2 })
	// The same content was uploaded twice, and the other one still has its files.
	for _, v := range kept.Variants {
		s.wantVariant(v)
	}
	stop()
	s.store.fail(func(_ context.Context, method, _ string) error {
		if method == "Delete" {
			return storage.ErrUnavailable
		}
		return nil
	})
	s.admin.Do("DELETE", fmt.Sprintf("/images/%d", ids[1]), nil).Want(204)
	s.work()
	s.until("a failed attempt", func() bool { return s.number("SELECT count(*) FROM river_job WHERE state = 'retryable'") == 1 })
	if n := s.number("SELECT count(*) FROM images"); n != 2 {
		t.Errorf("%d rows, want the one kept whose files could not be removed", n)
	}
	s.store.fail(func(context.Context, string, string) error { return nil })
	s.exec("UPDATE river_job SET state = 'available', scheduled_at = now() WHERE state = 'retryable'")
	s.until("the end of the files", func() bool { return len(s.keys("images/")) == 1 })
}

func TestRolledBackUploadHasNoJob(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.exec(`CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE check_violation; END $$`)
	s.exec(`CREATE CONSTRAINT TRIGGER last AFTER INSERT ON images DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse()`)
	if res := s.admin.Upload("POST", s.hotelURL, files(photo(t, 40, 30, 0))...); res.Status < 400 {
		t.Fatalf("answer = %d %s, want an error", res.Status, res.Body)
	}
	s.wantNothing()
}

func TestProcessSurvivesTheDatabase(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	id := s.upload(photo(t, 400, 300, 0))[0]
	var once atomic.Bool
	s.store.fail(func(ctx context.Context, method, _ string) error {
		if method != "Put" || !once.CompareAndSwap(false, true) {
			return nil
		}
		_, err := s.db.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid()`)
		if err != nil && !pg.IsUnavailable(err) {
			return errors.Join(errors.New("the fault did not happen"), err)
		}
		return nil
	})
	s.work()
	s.until("the image", func() bool {
		var status string
		err := s.db.QueryRow(t.Context(), "SELECT status FROM images WHERE id = $1", id).Scan(&status)
		return err == nil && status == catalog.ImageReady
	})
	keys := s.keys("images/")
	slices.Sort(keys)
	if len(slices.Compact(keys)) != 2 {
		t.Errorf("files = %v, want 2", keys)
	}
}
