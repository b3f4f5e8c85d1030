package storage_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/media/storage"
	"github.com/shumbooking/shumbooking/media/storage/storagetest"
)

// What a silent server is asked for ends long before the patience of whoever asks, and is not mistaken for an end that
// they wished for.
func TestSilentBucket(t *testing.T) {
	t.Parallel()
	for name, begin := range map[string]func(http.ResponseWriter){
		"before the answer": func(http.ResponseWriter) {},
		"in the middle": func(w http.ResponseWriter) {
			w.Header().Set("Last-Modified", "Mon, 02 Jan 2006 15:04:05 GMT")
			w.Header().Set("Content-Length", "3")
			w.WriteHeader(http.StatusOK)
			_, _ = w.Write([]byte("a"))
			_ = http.NewResponseController(w).Flush()
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := storagetest.NewServer(t)
			b := openBucket(t, server)
			put(t, b, "images/a", "abc")
			server.Intercept(func(w http.ResponseWriter, r *http.Request) bool {
				begin(w)
				<-r.Context().Done()
				return true
			})
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			if err := readAll(ctx, b, "images/a"); !errors.Is(err, storage.ErrUnavailable) || ctx.Err() != nil {
				t.Errorf("reading from a silent server: %v, want ErrUnavailable before the end of the context", err)
			}
			server.Intercept(func(http.ResponseWriter, *http.Request) bool { return false })
			if err := readAll(ctx, b, "images/a"); err != nil {
				t.Errorf("once it answers: %v", err)
			}
		})
	}
}

// Who leaves before the answer costs the connections of others nothing.
func TestBucket_ReaderLeaves(t *testing.T) {
	t.Parallel()
	server := storagetest.NewServer(t)
	b := openBucket(t, server)
	put(t, b, "images/a", "abc")
	put(t, b, "images/slow", "abc")
	asked, from := make(chan struct{}, 1), make(chan string, 1)
	server.Intercept(func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.HasSuffix(r.URL.Path, "slow") {
			asked <- struct{}{}
			<-r.Context().Done()
			return true
		}
		from <- r.RemoteAddr
		return false
	})
	ctx, leave := context.WithCancel(t.Context())
	defer leave()
	left := make(chan error, 1)
	go func() { left <- readAll(ctx, b, "images/slow") }()
	<-asked
	if err := readAll(t.Context(), b, "images/a"); err != nil {
		t.Fatal(err)
	}
	other := <-from
	leave()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("who left: %v, want context.Canceled", err)
	}
	if err := readAll(t.Context(), b, "images/a"); err != nil {
		t.Fatal(err)
	}
	if got := <-from; got != other {
		t.Errorf("the next request comes from %s, want the idle connection %s", got, other)
	}
}

func readAll(ctx context.Context, b *storage.Bucket, key string) error {
	file, err := b.Open(ctx, key)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, file)
	return errors.Join(err, file.Close())
}
