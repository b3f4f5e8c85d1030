package storage_test

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/sync/errgroup"

	"github.com/shumbooking/shumbooking/media/storage"
	"github.com/shumbooking/shumbooking/media/storage/storagetest"
)

// stores open an empty store of each kind.
func stores() map[string]func(*testing.T) storage.Store {
	return map[string]func(*testing.T) storage.Store{
		"dir": func(t *testing.T) storage.Store {
			t.Helper()
			dir, _ := openDir(t)
			return dir
		},
		"bucket": func(t *testing.T) storage.Store {
			t.Helper()
			return openBucket(t, storagetest.NewServer(t))
		},
		"bucket with a prefix": func(t *testing.T) storage.Store {
			t.Helper()
			server := storagetest.NewServer(t)
			put(t, openBucket(t, server), "others/file", "of somebody else")
			server.Config.Prefix = "shum/booking"
			return openBucket(t, server)
		},
	}
}

// put puts text under a key.
func put(t *testing.T, s storage.Store, key, text string) {
	t.Helper()
	if err := s.Put(t.Context(), key, strings.NewReader(text), int64(len(text))); err != nil {
		t.Fatal(err)
	}
}

// content returns what is under a key, or "" and false.
func content(t *testing.T, s storage.Store, key string) (string, bool) {
	t.Helper()
	f, err := s.Open(t.Context(), key)
	if errors.Is(err, storage.ErrNotFound) {
		return "", false
	}
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	text, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	if f.Size != int64(len(text)) {
		t.Errorf("Size of %s = %d, but it has %d bytes", key, f.Size, len(text))
	}
	return string(text), true
}

// keys returns the keys that begin with a prefix, in order.
func keys(t *testing.T, s storage.Store, prefix string) []string {
	t.Helper()
	var all []string
	for entry, err := range s.List(t.Context(), prefix) {
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, entry.Key)
	}
	slices.Sort(all)
	return all
}

func TestPutAndOpen(t *testing.T) {
	t.Parallel()
	for name, open := range stores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			for key, text := range map[string]string{
				"images/a.jpg": "photograph", "originals/0": "", "x": "one segment", "a/b/c/d": "deep",
				strings.Repeat("a", 200): "a long name", "big/1": strings.Repeat("0123456789abcdef", 1<<16),
			} {
				before := time.Now().Add(-2 * time.Second) // Buckets tell time in seconds.
				put(t, s, key, text)
				if got, ok := content(t, s, key); !ok || got != text {
					t.Errorf("%s holds %d bytes, %t; want the %d that were put", key, len(got), ok, len(text))
				}
				f, err := s.Open(t.Context(), key)
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				if f.Modified.Before(before) || f.Modified.After(time.Now().Add(time.Second)) {
					t.Errorf("%s was modified at %v, want about now", key, f.Modified)
				}
			}
		})
	}
}

func TestPutReplaces(t *testing.T) {
	t.Parallel()
	for name, open := range stores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			put(t, s, "images/a", "the first one")
			old, err := s.Open(t.Context(), "images/a")
			if err != nil {
				t.Fatal(err)
			}
			defer old.Close()
			put(t, s, "images/a", "second")
			if got, _ := content(t, s, "images/a"); got != "second" {
				t.Errorf("the key holds %q, want %q", got, "second")
			}
			if got := keys(t, s, ""); !slices.Equal(got, []string{"images/a"}) {
				t.Errorf("the keys are %q, want images/a alone", got)
			}
		})
	}
}

func TestMissingFiles(t *testing.T) {
	t.Parallel()
	for name, open := range stores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			put(t, s, "images/a", "x")
			for _, key := range []string{"images/b", "other/a", "images", "images/a/b", "none"} {
				if f, err := s.Open(t.Context(), key); !errors.Is(err, storage.ErrNotFound) || errors.Is(err, storage.ErrUnavailable) || f != nil {
					t.Errorf("Open(%q) = %v, %v; want ErrNotFound", key, f, err)
				}
				if err := s.Delete(t.Context(), key); err != nil {
					t.Errorf("Delete(%q) = %v, want nil", key, err)
				}
			}
			if got := keys(t, s, "none/"); got != nil {
				t.Errorf("List of a prefix without files gave %q", got)
			}
			if _, ok := content(t, s, "images/a"); !ok {
				t.Error("deleting others took a file away")
			}
		})
	}
}

func TestDelete(t *testing.T) {
	t.Parallel()
	for name, open := range stores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			put(t, s, "images/a", "x")
			for range 2 {
				if err := s.Delete(t.Context(), "images/a"); err != nil {
					t.Errorf("Delete() = %v, want nil", err)
				}
				if _, ok := content(t, s, "images/a"); ok {
					t.Error("the file is there after Delete")
				}
			}
			if err := s.Delete(t.Context(), "images"); err != nil {
				t.Errorf("Delete of an empty directory = %v, want nil", err)
			}
			put(t, s, "images/a", "y")
		})
	}
}

func TestList(t *testing.T) {
	t.Parallel()
	for name, open := range stores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			for _, key := range []string{"images/a", "images/ab", "images/b", "images-old/a", "originals/a", "originals/deep/a"} {
				put(t, s, key, key)
			}
			for prefix, want := range map[string][]string{
				"":             {"images-old/a", "images/a", "images/ab", "images/b", "originals/a", "originals/deep/a"},
				"images/":      {"images/a", "images/ab", "images/b"},
				"images/a":     {"images/a", "images/ab"},
				"images":       {"images-old/a", "images/a", "images/ab", "images/b"},
				"originals/d":  {"originals/deep/a"},
				"originals/a/": nil,
			} {
				if diff := cmp.Diff(want, keys(t, s, prefix)); diff != "" {
					t.Errorf("List(%q) (-want +got):\n%s", prefix, diff)
				}
			}
			for entry, err := range s.List(t.Context(), "") {
				if err != nil || entry.Size != int64(len(entry.Key)) || time.Since(entry.Modified) > time.Minute {
					t.Errorf("entry is %+v, %v; want size %d and a time just now", entry, err, len(entry.Key))
				}
			}
			for _, err := range s.List(t.Context(), "") {
				if err != nil {
					t.Error(err)
				}
				break // Whoever stops is not called again.
			}
		})
	}
}

func TestListManyWhileDeleting(t *testing.T) {
	t.Parallel()
	const number = 1100 // More than a bucket gives at once, and than a directory is read at once.
	for name, open := range stores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			want := make([]string, number)
			var writers errgroup.Group
			writers.SetLimit(50)
			for i := range number {
				want[i] = fmt.Sprintf("images/%04d", i)
				writers.Go(func() error { return s.Put(t.Context(), want[i], strings.NewReader("x"), 1) })
			}
			if err := writers.Wait(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, keys(t, s, "images/")); diff != "" {
				t.Errorf("List (-want +got):\n%s", diff)
			}
			deleted := 0
			for entry, err := range s.List(t.Context(), "images/") {
				if err != nil {
					t.Fatal(err)
				}
				if err := s.Delete(t.Context(), entry.Key); err != nil {
					t.Fatal(err)
				}
				deleted++
			}
			if got := keys(t, s, ""); deleted != number || got != nil {
				t.Errorf("deleted %d while listing with %d left, want %d and none", deleted, len(got), number)
			}
		})
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	for name, open := range stores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			if err := s.Check(t.Context()); err != nil {
				t.Errorf("Check() = %v, want nil", err)
			}
			if got := keys(t, s, ""); got != nil {
				t.Errorf("Check() left %q behind", got)
			}
		})
	}
}
