package media_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/media"
	"github.com/shumbooking/shumbooking/media/storage"
)

// put stores a file that is so old.
func (s *studio) put(key string, age time.Duration) {
	s.tb.Helper()
	if err := s.store.Store.Put(s.tb.Context(), key, bytes.NewReader([]byte("x")), 1); err != nil {
		s.tb.Fatal(err)
	}
	s.age(key, age)
}

func (s *studio) age(key string, age time.Duration) {
	s.tb.Helper()
	when := time.Now().Add(-age)
	if err := os.Chtimes(s.path(key), when, when); err != nil {
		s.tb.Fatal(err)
	}
}

func (s *studio) sweep() media.Swept {
	s.tb.Helper()
	swept, err := s.service.Sweep(s.tb.Context())
	if err != nil {
		s.tb.Fatal(err)
	}
	return swept
}

func TestSweepRemovesOrphans(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.upload(photo(t, 8, 8, 0))
	stop := s.work()
	ready := s.settled(1)
	stop()
	s.upload(photo(t, 8, 8, 1))
	known := slices.Concat(s.keys("originals/"), s.keys("images/"))
	for _, key := range known {
		s.age(key, 2*time.Hour)
	}
	const young = 59 * time.Minute
	s.put("originals/young", young)
	s.put("images/7-young.jpg", young)
	const old = 61 * time.Minute
	s.put("originals/old", old)
	for i := range 3 {
		s.put(fmt.Sprintf("images/%d-old.jpg", 10+i), old)
	}
	if got, want := s.sweep(), (media.Swept{Orphans: 4}); got != want {
		t.Errorf("Sweep() = %+v, want %+v", got, want)
	}
	if got := s.metric("images_orphan_files_total"); got != 4 {
		t.Errorf("images_orphan_files_total = %v, want 4", got)
	}
	got, want := s.keys(""), slices.Concat(known, []string{"originals/young", "images/7-young.jpg"})
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("files = %v, want %v", got, want)
	}
	s.wantVariant(ready.Variants[0])
}

func TestSweepCountsMissing(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.upload(photo(t, 400, 300, 0), photo(t, 400, 300, 1), photo(t, 400, 300, 2))
	s.work()
	var gone int
	for id := range int64(3) {
		for _, v := range s.settled(id + 1).Variants {
			if id == 2 || v.Width == 200 {
				gone++
				if err := os.Remove(s.path(strings.TrimPrefix(string(v.URL), "/static/"))); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	if got := s.sweep(); got.Missing != 0 {
		t.Errorf("%d files of young images are missing, want 0", got.Missing)
	}
	s.exec("UPDATE images SET created_at = now() - interval '61 minutes' WHERE id < 3")
	if got, want := s.sweep(), (media.Swept{Missing: 2}); got != want {
		t.Errorf("Sweep() = %+v, want %+v", got, want)
	}
	if got := s.metric("images_missing_files_total"); got != 2 {
		t.Errorf("images_missing_files_total = %v, want 2", got)
	}
	if n := s.number("SELECT count(*) FROM images WHERE status = 'ready'"); n != 3 {
		t.Errorf("%d images are ready, want all: somebody may find the files", n)
	}
	if gone != 4 {
		t.Fatalf("%d files removed, want 4", gone)
	}
}

// A job that was to remove files may be given up; the sweep does its work.
func TestSweepRemovesWhatDeletionsLeft(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.upload(photo(t, 8, 8, 0))
	s.exec("UPDATE images SET hotel_id = NULL, removed_at = now()")
	if got := s.sweep(); got.Orphans != 0 {
		t.Errorf("Sweep() = %+v, want no orphans", got)
	}
	if n, keys := s.number("SELECT count(*) FROM images"), s.keys(""); n != 0 || len(keys) != 0 {
		t.Errorf("%d rows and files %v are left, want none", n, keys)
	}
}

func TestSweepStopsAtAFault(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.put("originals/old", 2*time.Hour)
	s.store.fail(func(_ context.Context, method, _ string) error {
		if method == "Delete" {
			return storage.ErrUnavailable
		}
		return nil
	})
	if _, err := s.service.Sweep(t.Context()); err == nil {
		t.Error("Sweep() of a store that removes nothing = nil, want an error")
	}
}

func TestSweepIsAJob(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.put("images/1-old.jpg", 2*time.Hour)
	s.exec("INSERT INTO river_job (kind, args, max_attempts) VALUES ('images_sweep', '{}', 1)")
	s.work()
	s.until("the sweep", func() bool { return s.number("SELECT count(*) FROM river_job WHERE state = 'completed'") == 1 })
	if n := s.number(`SELECT (metadata->'output'->>'orphans')::bigint FROM river_job`); n != 1 {
		t.Errorf("the job says %d orphans, want 1", n)
	}
}

// An attempt that failed leaves files, whose names are those that the next attempt gives: it may come at any moment.
func TestSweepLeavesFilesOfUnsettledImages(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.upload(photo(t, 8, 8, 0))
	s.put("images/1-left.jpg", 2*time.Hour)
	if got := s.sweep(); got.Orphans != 0 || len(s.keys("images/")) != 1 {
		t.Errorf("Sweep() = %+v, files %v; want the file of an image that is processed left", got, s.keys("images/"))
	}
	s.work()
	s.settled(1)
	s.until("the end of the original", func() bool { return s.number("SELECT count(*) FROM images WHERE original IS NULL") == 1 })
	if got := s.sweep(); got.Orphans != 1 {
		t.Errorf("Sweep() = %+v, want the file removed once the image is ready", got)
	}
}

// What cannot be removed keeps nothing else from being removed, and the sweep says that it failed.
func TestSweepGoesOnPastAFault(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.upload(photo(t, 8, 8, 0), photo(t, 8, 8, 1))
	s.exec("UPDATE images SET hotel_id = NULL, removed_at = now()")
	s.put("originals/a-stuck", 2*time.Hour)
	s.put("originals/b-old", 2*time.Hour)
	var stuck string
	if err := s.db.QueryRow(t.Context(), "SELECT original FROM images WHERE id = 1").Scan(&stuck); err != nil {
		t.Fatal(err)
	}
	s.store.fail(func(_ context.Context, method, key string) error {
		if method == "Delete" && (key == stuck || key == "originals/a-stuck") {
			return storage.ErrUnavailable
		}
		return nil
	})
	if _, err := s.service.Sweep(t.Context()); err == nil {
		t.Error("Sweep() = nil, want an error")
	}
	got, want := s.keys(""), []string{"originals/a-stuck", stuck}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("files = %v, want the two that cannot be removed, %v", got, want)
	}
}

// The original of an image that was given up is kept while its job can be tried again, and no longer.
func TestSweepDropsOriginalsThatNoJobNeeds(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	s.upload(photo(t, 8, 8, 0), photo(t, 8, 8, 1), photo(t, 8, 8, 2))
	s.exec("UPDATE images SET status = 'failed', error = 'x' WHERE id < 3")
	s.exec("UPDATE images SET created_at = now() - interval '2 hours'")
	s.exec("UPDATE river_job SET state = 'discarded', finalized_at = now() WHERE args = '{\"image_id\": 1}'")
	s.exec("DELETE FROM river_job WHERE args = '{\"image_id\": 2}'")
	s.sweep()
	if n := s.number("SELECT id FROM images WHERE original IS NULL"); n != 2 || len(s.keys("originals/")) != 2 {
		t.Errorf("image %d has lost its original and %d are left; want 2, and 2", n, len(s.keys("originals/")))
	}
}

// A file that cannot be removed does not keep the sweep from those far behind it, nor from counting.
func TestSweepGoesOnPastAFaultInAnotherBatch(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	const files = 2500
	s.put("images/9-stuck.jpg", 2*time.Hour)
	when := time.Now().Add(-2 * time.Hour)
	for i := range files {
		path := s.path(fmt.Sprintf("images/%d-old.jpg", 10+i))
		if err := errors.Join(os.WriteFile(path, []byte("x"), 0o600), os.Chtimes(path, when, when)); err != nil {
			t.Fatal(err)
		}
	}
	s.store.fail(func(_ context.Context, method, key string) error {
		if method == "Delete" && key == "images/9-stuck.jpg" {
			return storage.ErrUnavailable
		}
		return nil
	})
	s.exec(`INSERT INTO images (hotel_id, position, status, width, height, filename, created_at, variant_names, variant_widths,
		variant_heights, variant_bytes) VALUES (1, 1, 'ready', 1, 1, '', now() - interval '2 hours', '{1-gone.jpg}', '{1}', '{1}', '{1}')`)
	got, err := s.service.Sweep(t.Context())
	if want := (media.Swept{Orphans: files, Missing: 1}); err == nil || got != want {
		t.Errorf("Sweep() = %+v, %v; want %+v and an error", got, err, want)
	}
}
