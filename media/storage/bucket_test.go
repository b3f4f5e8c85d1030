package storage_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/shumbooking/shumbooking/media/storage"
	"github.com/shumbooking/shumbooking/media/storage/storagetest"
)

// openBucket returns the store in a bucket of a server.
func openBucket(tb testing.TB, server *storagetest.Server) *storage.Bucket {
	tb.Helper()
	b, err := storage.OpenBucket(server.Config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := b.Close(); err != nil {
			tb.Error(err)
		}
	})
	return b
}

// everything returns the error of each operation on a store, by its name.
func everything(ctx context.Context, s storage.Store) map[string]error {
	failed := map[string]error{
		"Put":    s.Put(ctx, "images/new", strings.NewReader("x"), 1),
		"Delete": s.Delete(ctx, "images/a"),
		"Check":  s.Check(ctx),
	}
	_, failed["Open"] = s.Open(ctx, "images/a")
	for _, err := range s.List(ctx, "images/") {
		failed["List"] = err
	}
	return failed
}

// Whatever keeps a server from answering is not mistaken for a file that is missing, and tells no secret.
func TestBucketThatCannotBeUsed(t *testing.T) {
	t.Parallel()
	answer := func(status int, code string) func(*storagetest.Server) {
		return func(s *storagetest.Server) {
			s.Intercept(func(w http.ResponseWriter, _ *http.Request) bool {
				storagetest.Refuse(w, status, code)
				return true
			})
		}
	}
	for name, spoil := range map[string]func(*storagetest.Server){
		"away":           (*storagetest.Server).Stop,
		"overloaded":     answer(http.StatusServiceUnavailable, "SlowDown"),
		"broken":         answer(http.StatusInternalServerError, "InternalError"),
		"wrong key":      func(s *storagetest.Server) { s.Config.AccessKeyID = "another-key" },
		"wrong secret":   answer(http.StatusForbidden, "SignatureDoesNotMatch"),
		"not permitted":  answer(http.StatusForbidden, "AccessDenied"),
		"without bucket": func(s *storagetest.Server) { s.Config.Bucket = "another-bucket" },
		"breaks off": func(s *storagetest.Server) {
			s.Intercept(func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := storagetest.NewServer(t)
			put(t, openBucket(t, server), "images/a", "x")
			spoil(server)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			for operation, err := range everything(ctx, openBucket(t, server)) {
				if !errors.Is(err, storage.ErrUnavailable) || errors.Is(err, storage.ErrNotFound) {
					t.Errorf("%s() = %v, want ErrUnavailable", operation, err)
				}
				if err != nil && strings.Contains(err.Error(), server.Config.SecretAccessKey) {
					t.Errorf("%s() shows the secret: %v", operation, err)
				}
			}
		})
	}
}

func TestSlowBucketEndsWithTheContext(t *testing.T) {
	t.Parallel()
	server := storagetest.NewServer(t)
	b := openBucket(t, server)
	server.Intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		_, _ = io.Copy(io.Discard, r.Body) // The server sees that the client leaves once it has read all.
		<-r.Context().Done()
		return true
	})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	for operation, err := range everything(ctx, b) {
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s() = %v, want that of the context", operation, err)
		}
	}
}

func TestBucketIsTriedAgain(t *testing.T) {
	t.Parallel()
	server := storagetest.NewServer(t)
	b := openBucket(t, server)
	put(t, b, "images/a", "x")
	var requests atomic.Int32
	failTwice := func() {
		requests.Store(0)
		server.Intercept(func(w http.ResponseWriter, _ *http.Request) bool {
			if requests.Add(1) > 2 {
				return false
			}
			storagetest.Refuse(w, http.StatusServiceUnavailable, "SlowDown")
			return true
		})
	}
	failTwice()
	middle := strings.NewReader("skipped, photograph")
	if _, err := middle.Seek(9, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if err := b.Put(t.Context(), "images/b", middle, 10); err != nil {
		t.Errorf("Put() of a seeker = %v, want nil", err)
	}
	if got, _ := content(t, b, "images/b"); got != "photograph" {
		t.Errorf("the file is %q, want %q", got, "photograph")
	}
	failTwice()
	if _, ok := content(t, b, "images/a"); !ok {
		t.Error("the file was not found at the third attempt")
	}
	failTwice()
	err := b.Put(t.Context(), "images/c", iotest.OneByteReader(strings.NewReader("x")), 1)
	if !errors.Is(err, storage.ErrUnavailable) || requests.Load() != 1 {
		t.Errorf("Put() of what can be read only once = %v after %d requests, want ErrUnavailable after one", err, requests.Load())
	}
	server.Intercept(func(w http.ResponseWriter, _ *http.Request) bool {
		requests.Add(1)
		storagetest.Refuse(w, http.StatusForbidden, "AccessDenied")
		return true
	})
	requests.Store(0)
	if err := b.Put(t.Context(), "images/d", strings.NewReader("x"), 1); err == nil || requests.Load() != 1 {
		t.Errorf("Put() that is not permitted = %v after %d requests, want an error after one", err, requests.Load())
	}
}

// A server may answer while it is still being sent to.
func TestReaderIsLeftAloneAfterPut(t *testing.T) {
	t.Parallel()
	server := storagetest.NewServer(t)
	b := openBucket(t, server)
	server.Intercept(func(w http.ResponseWriter, _ *http.Request) bool {
		storagetest.Refuse(w, http.StatusForbidden, "AccessDenied")
		return true
	})
	for range 20 {
		var reads int // Not guarded: the race detector tells.
		endless := readerFunc(func(p []byte) (int, error) {
			reads++
			return len(p), nil
		})
		if err := b.Put(t.Context(), "images/a", endless, 1<<40); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("Put() = %v, want ErrUnavailable", err)
		}
		reads = 0
	}
}

func TestBodyOfABucketThatBreaksOff(t *testing.T) {
	t.Parallel()
	server := storagetest.NewServer(t)
	b := openBucket(t, server)
	put(t, b, "images/a", strings.Repeat("x", 1<<20))
	server.Intercept(func(w http.ResponseWriter, _ *http.Request) bool {
		w.Header().Set("Content-Length", "1048576")
		w.Header().Set("Last-Modified", time.Now().UTC().Format(http.TimeFormat))
		_, _ = w.Write(bytes.Repeat([]byte("x"), 1000))
		return true // The server closes the connection then.
	})
	f, err := b.Open(t.Context(), "images/a")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	n, err := io.Copy(io.Discard, f)
	if !errors.Is(err, io.ErrUnexpectedEOF) || !errors.Is(err, storage.ErrUnavailable) || n != 1000 {
		t.Errorf("read %d bytes, %v; want 1000 and an unexpected end", n, err)
	}
}

// A part of another file, or another part, is worse than an error.
func TestServerThatIgnoresRanges(t *testing.T) {
	t.Parallel()
	server := storagetest.NewServer(t)
	b := openBucket(t, server)
	put(t, b, "images/a", "0123456789")
	server.Intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		r.Header.Del("Range")
		return false
	})
	f, err := b.Open(t.Context(), "images/a")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Seek(5, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(f); !errors.Is(err, storage.ErrUnavailable) || len(got) > 0 {
		t.Errorf("read %q, %v; want ErrUnavailable", got, err)
	}
}

// All that is read of a file is of the one that was opened.
func TestPartsAreOfTheFileThatWasOpened(t *testing.T) {
	t.Parallel()
	server := storagetest.NewServer(t)
	b := openBucket(t, server)
	put(t, b, "images/a", "0123456789")
	var matched atomic.Value
	server.Intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		matched.Store(r.Header.Get("If-Match") + " " + r.Header.Get("Range"))
		return false
	})
	f, err := b.Open(t.Context(), "images/a")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	if _, err := f.Seek(5, io.SeekStart); err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(f); string(got) != "56789" || err != nil {
		t.Errorf("read %q, %v; want the second half", got, err)
	}
	const want = `"781e5e245d69b566979b86e28d23f2c7" bytes=5-`
	if got := matched.Load(); got != want {
		t.Errorf("the server was asked for %q, want %q", got, want)
	}
}

func TestListLeavesOutWhatIsNotOurs(t *testing.T) {
	t.Parallel()
	server := storagetest.NewServer(t)
	b := openBucket(t, server)
	put(t, b, "images/a", "x")
	for _, name := range []string{"README.TXT", "images/", "images/Upper", "images/.hidden"} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPut, server.Config.Endpoint+"/"+server.Config.Bucket+"/"+name, strings.NewReader("x"))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Credential="+server.Config.AccessKeyID+"/")
		response, err := http.DefaultClient.Do(r)
		if err != nil || response.StatusCode != http.StatusOK {
			t.Fatalf("PUT %s: %v, %v", name, response, err)
		}
		response.Body.Close()
	}
	if got := keys(t, b, ""); !slices.Equal(got, []string{"images/a"}) {
		t.Errorf("the keys are %q, want images/a alone", got)
	}
}

func TestOpenBucketRefuses(t *testing.T) {
	t.Parallel()
	good := storagetest.NewServer(t).Config
	for name, spoil := range map[string]func(*storage.BucketConfig){
		"prefix":   func(c *storage.BucketConfig) { c.Prefix = "../others" },
		"slash":    func(c *storage.BucketConfig) { c.Prefix = "ours/" },
		"endpoint": func(c *storage.BucketConfig) { c.Endpoint = "https://secret\x00" },
		"no host":  func(c *storage.BucketConfig) { c.Endpoint = "https://" },
	} {
		c := good
		spoil(&c)
		if _, err := storage.OpenBucket(c); err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: OpenBucket() = %v, want an error without what was given", name, err)
		}
	}
}
