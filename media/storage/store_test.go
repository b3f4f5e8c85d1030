package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
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

func TestBadKeys(t *testing.T) {
	t.Parallel()
	bad := []string{
		"", "/", "/a", "a/", "a//b", ".", "..", "../a", "a/../b", "a/..", "a/./b", ".hidden", "a/.hidden", "-a", "_a",
		".partial/a", "A", "images/A.jpg", "a b", "a\x00b", "a\nb", "a\\b", "c:a", "a%2f", "ä", "a?b", "a\u202eb",
		strings.Repeat("a", 201), strings.Repeat("a/", 100) + "aa",
	}
	for name, open := range stores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			for _, key := range bad {
				untouched := iotest.ErrReader(errors.New("the reader was read"))
				if err := s.Put(t.Context(), key, untouched, 1); !errors.Is(err, storage.ErrBadKey) {
					t.Errorf("Put(%q) = %v, want ErrBadKey", key, err)
				}
				if _, err := s.Open(t.Context(), key); !errors.Is(err, storage.ErrBadKey) {
					t.Errorf("Open(%q) = %v, want ErrBadKey", key, err)
				}
				if err := s.Delete(t.Context(), key); !errors.Is(err, storage.ErrBadKey) {
					t.Errorf("Delete(%q) = %v, want ErrBadKey", key, err)
				}
				if err := storage.CheckKey(key); !errors.Is(err, storage.ErrBadKey) {
					t.Errorf("CheckKey(%q) = %v, want ErrBadKey", key, err)
				}
			}
			for _, prefix := range []string{"/", "../", "a//", ".", "A", "a/.", strings.Repeat("a", 200)} {
				for _, err := range s.List(t.Context(), prefix) {
					if !errors.Is(err, storage.ErrBadKey) {
						t.Errorf("List(%q) = %v, want ErrBadKey", prefix, err)
					}
				}
			}
		})
	}
}

func TestSizeMustBeRight(t *testing.T) {
	t.Parallel()
	big := strings.Repeat("x", 1<<20)
	for name, open := range stores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			for name, tt := range map[string]struct {
				text string
				size int64
			}{
				"short":             {"1234", 5},
				"long":              {"123456", 5},
				"nothing":           {"", 5},
				"something":         {"1", 0},
				"negative":          {"1", -1},
				"short by much":     {big[:1<<19], 1 << 20},
				"long by one":       {big, 1<<20 - 1},
				"long by very much": {big, 1 << 10},
			} {
				for form, r := range map[string]io.Reader{
					"seeker": strings.NewReader(tt.text), "stream": iotest.HalfReader(strings.NewReader(tt.text)),
					"eof with data": iotest.DataErrReader(strings.NewReader(tt.text)),
				} {
					err := s.Put(t.Context(), "images/a", r, tt.size)
					if !errors.Is(err, storage.ErrSize) || errors.Is(err, storage.ErrUnavailable) {
						t.Errorf("%s, %s: Put() = %v, want ErrSize", name, form, err)
					}
				}
			}
			if got := keys(t, s, ""); got != nil {
				t.Errorf("there is %q after nothing was put", got)
			}
		})
	}
}

func TestReadersMayBeOdd(t *testing.T) {
	t.Parallel()
	const text = "a photograph"
	for name, open := range stores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			middle := strings.NewReader("skipped" + text)
			if _, err := middle.Seek(7, io.SeekStart); err != nil {
				t.Fatal(err)
			}
			for name, r := range map[string]io.Reader{
				"one byte at a time": iotest.OneByteReader(strings.NewReader(text)),
				"end with the data":  iotest.DataErrReader(strings.NewReader(text)),
				"from the middle":    middle,
			} {
				if err := s.Put(t.Context(), "images/a", r, int64(len(text))); err != nil {
					t.Errorf("%s: %v", name, err)
				}
				if got, _ := content(t, s, "images/a"); got != text {
					t.Errorf("%s: the file is %q, want %q", name, got, text)
				}
			}
		})
	}
}

func TestReaderThatFailsLeavesNothing(t *testing.T) {
	t.Parallel()
	for name, open := range stores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			broken := errors.New("the client went away")
			r := io.MultiReader(strings.NewReader(strings.Repeat("x", 1<<18)), iotest.ErrReader(broken))
			err := s.Put(t.Context(), "images/a", r, 1<<20)
			if !errors.Is(err, broken) || errors.Is(err, storage.ErrUnavailable) {
				t.Errorf("Put() = %v, want the error of the reader", err)
			}
			put(t, s, "images/b", "first")
			err = s.Put(t.Context(), "images/b", io.MultiReader(strings.NewReader("sec"), iotest.ErrReader(broken)), 6)
			if got, _ := content(t, s, "images/b"); !errors.Is(err, broken) || got != "first" {
				t.Errorf("Put() = %v with %q there, want the error and the first file", err, got)
			}
			if got := keys(t, s, ""); !slices.Equal(got, []string{"images/b"}) {
				t.Errorf("the keys are %q, want images/b alone", got)
			}
		})
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestCancelledContext(t *testing.T) {
	t.Parallel()
	for name, open := range stores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			put(t, s, "images/a", "x")
			ctx, cancel := context.WithCancel(t.Context())
			var read int
			endless := readerFunc(func(p []byte) (int, error) {
				if read += len(p); read > 1<<20 {
					cancel()
				}
				return len(p), nil
			})
			if err := s.Put(ctx, "images/b", endless, 1<<30); !errors.Is(err, context.Canceled) {
				t.Errorf("Put() with its context cancelled on the way = %v, want context.Canceled", err)
			}
			if read > 8<<20 {
				t.Errorf("Put() read %d MiB after its context ended", read>>20)
			}
			_, openErr := s.Open(ctx, "images/a")
			_, tidyErr := s.Tidy(ctx, time.Now())
			var listErr error
			for _, err := range s.List(ctx, "") {
				listErr = err
			}
			for name, err := range map[string]error{
				"Put": s.Put(ctx, "images/b", strings.NewReader("x"), 1), "Open": openErr, "List": listErr,
				"Delete": s.Delete(ctx, "images/a"), "Check": s.Check(ctx), "Tidy": tidyErr,
			} {
				if !errors.Is(err, context.Canceled) || errors.Is(err, storage.ErrUnavailable) {
					t.Errorf("%s() = %v, want context.Canceled", name, err)
				}
			}
			if got := keys(t, s, ""); !slices.Equal(got, []string{"images/a"}) {
				t.Errorf("the keys are %q, want images/a alone", got)
			}
		})
	}
}

// Whoever reads a key that is being replaced again and again gets one of the files, whole.
func TestReadersNeverSeeAPart(t *testing.T) {
	t.Parallel()
	const size = 300_000
	for name, open := range stores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			file := func(letter byte) []byte { return bytes.Repeat([]byte{letter}, size+int(letter)) }
			put(t, s, "images/a", string(file('a')))
			var writers, readers sync.WaitGroup
			done := make(chan struct{})
			for _, letter := range []byte("bcd") {
				writers.Go(func() {
					for range 15 {
						text := file(letter)
						if err := s.Put(t.Context(), "images/a", bytes.NewReader(text), int64(len(text))); err != nil {
							t.Errorf("Put: %v", err)
						}
					}
				})
			}
			for range 3 {
				readers.Go(func() {
					for {
						select {
						case <-done:
							return
						default:
						}
						text, ok := content(t, s, "images/a")
						if !ok || len(text) < size || text != string(file(text[0])) {
							t.Errorf("read %d bytes, %t: not one of the files that were put", len(text), ok)
							return
						}
					}
				})
			}
			writers.Wait()
			close(done)
			readers.Wait()
		})
	}
}

func TestServeContent(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("0123456789", 50_000)
	for name, open := range stores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			put(t, s, "images/a.jpg", text)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				f, err := s.Open(r.Context(), "images/a.jpg")
				if err != nil {
					t.Errorf("Open: %v", err)
					return
				}
				defer f.Close()
				w.Header().Set("ETag", `"a"`)
				http.ServeContent(w, r, "a.jpg", f.Modified, f)
			}))
			t.Cleanup(server.Close)
			for _, tt := range []struct {
				name, header, value string
				status              int
				want                string
			}{
				{"whole", "", "", 200, text},
				{"first bytes", "Range", "bytes=0-9", 206, text[:10]},
				{"middle", "Range", "bytes=100005-300004", 206, text[100005:300005]},
				{"from", "Range", "bytes=499995-", 206, "56789"},
				{"last", "Range", "bytes=-3", 206, "789"},
				{"beyond", "Range", "bytes=500000-", 416, ""},
				{"not modified", "If-None-Match", `"a"`, 304, ""},
			} {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				if tt.header != "" {
					request.Header.Set(tt.header, tt.value)
				}
				response, err := server.Client().Do(request)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(response.Body)
				response.Body.Close()
				if err != nil || response.StatusCode != tt.status || (tt.status < 300 && string(body) != tt.want) {
					t.Errorf("%s: %d with %d bytes, %v; want %d with %d", tt.name, response.StatusCode, len(body), err, tt.status, len(tt.want))
				}
			}
		})
	}
}

func TestSeek(t *testing.T) {
	t.Parallel()
	const text = "0123456789"
	for name, open := range stores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			put(t, s, "images/a", text)
			f, err := s.Open(t.Context(), "images/a")
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if err := iotest.TestReader(f, []byte(text)); err != nil {
				t.Error(err)
			}
			for _, tt := range []struct {
				offset int64
				whence int
				want   string
			}{
				{4, io.SeekStart, "456789"}, {-2, io.SeekEnd, "89"}, {-3, io.SeekCurrent, "789"}, {5, io.SeekEnd, ""},
				{0, io.SeekStart, text},
			} {
				if _, err := f.Seek(tt.offset, tt.whence); err != nil {
					t.Fatal(err)
				}
				if got, err := io.ReadAll(f); string(got) != tt.want || err != nil {
					t.Errorf("after Seek(%d, %d): %q, %v; want %q", tt.offset, tt.whence, got, err, tt.want)
				}
			}
			for _, whence := range []int{io.SeekStart, 7} {
				if _, err := f.Seek(-1, whence); err == nil {
					t.Errorf("Seek(-1, %d) = nil error", whence)
				}
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
