package storage_test

import (
	"context"
	"errors"
	"io"
	"net/http"
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

func readAll(ctx context.Context, b *storage.Bucket, key string) error {
	file, err := b.Open(ctx, key)
	if err != nil {
		return err
	}
	_, err = io.Copy(io.Discard, file)
	return errors.Join(err, file.Close())
}
