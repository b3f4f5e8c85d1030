package storage_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"

	"github.com/shumbooking/shumbooking/media/storage"
)

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
