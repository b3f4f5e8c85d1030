package media_test

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/riverqueue/river"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/auth/authtest"
	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/media"
	"github.com/shumbooking/shumbooking/media/storage"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
	"github.com/shumbooking/shumbooking/platform/jobs"
	"github.com/shumbooking/shumbooking/platform/page"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

// maxFileSize is small, so that files which are too large are too.
const maxFileSize = 1 << 20

// A studio is a database, a store and the service on both, with a hotel and one of its rooms.
type studio struct {
	tb       testing.TB
	db       *pgxpool.Pool
	dir      string
	temp     string
	store    *faultyStore
	queue    *jobs.Client
	service  *media.Service
	metrics  *prometheus.Registry
	workers  *river.Workers
	anyone   *apitest.Client
	admin    *apitest.Client
	hotel    int64
	hotelURL string
	roomURL  string
}

func newStudio(tb testing.TB) *studio {
	tb.Helper()
	s := &studio{tb: tb, db: pgtest.New(tb), dir: tb.TempDir(), temp: tb.TempDir(), metrics: prometheus.NewRegistry()}
	dir, err := storage.OpenDir(s.dir)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = dir.Close() })
	s.store = &faultyStore{Store: dir}
	queue, err := jobs.NewInserter(s.db, jobs.Config{})
	if err != nil {
		tb.Fatal(err)
	}
	s.queue = queue
	s.service = media.New(s.db, media.Config{
		Store: s.store, Jobs: queue, MaxFileSize: maxFileSize, TempDir: s.temp,
		Metrics: s.metrics, Log: slog.New(slog.DiscardHandler),
	})
	s.workers = river.NewWorkers()
	s.service.AddWorkers(s.workers)
	hotels := catalog.New(s.db, catalog.Config{
		Cursors: page.NewSigner([]byte("a secret of the tests")), Jobs: queue, Metrics: prometheus.NewRegistry(),
	})
	s.anyone = apitest.New(tb, authtest.Admit, hotels.Register, s.service.Register)
	s.admin = s.anyone.As(authtest.Token(auth.Admin, 1))
	s.furnish()
	return s
}

// furnish makes the hotel and the room.
func (s *studio) furnish() {
	s.tb.Helper()
	s.admin.Do("POST", "/countries", body{"name": "Россия", "iso_code": "RU", "currency": "RUB"}).Want(201)
	s.admin.Do("POST", "/cities", body{"name": "Москва", "country_id": 1, "time_zone": "Europe/Moscow"}).Want(201)
	s.admin.Do("POST", "/hotels", body{"title": "A", "city_id": 1, "address": "1, Main Street"}).Want(201)
	s.admin.Do("POST", "/hotels/1/rooms", body{"title": "Double", "price": 1, "quantity": 1, "max_guests": 2}).Want(201)
	s.hotel, s.hotelURL, s.roomURL = 1, "/hotels/1/images", "/hotels/1/rooms/1/images"
}

type body = map[string]any

// work runs a worker until the test ends or the function it returns is called.
func (s *studio) work() (stop func()) {
	s.tb.Helper()
	worker, err := jobs.NewWorker(s.db, s.workers, nil, jobs.Config{})
	if err != nil {
		s.tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(s.tb.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		if err := worker.Run(ctx); err != nil {
			s.tb.Errorf("worker: %v", err)
		}
	}()
	stop = func() {
		cancel()
		<-done
	}
	s.tb.Cleanup(stop)
	return stop
}

// until returns when condition holds, and ends the test if it does not in time.
func (s *studio) until(what string, condition func() bool) {
	s.tb.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(30 * time.Second); !condition(); {
		select {
		case <-tick.C:
		case <-deadline:
			s.tb.Fatalf("%s: did not come to be", what)
		}
	}
}

// settled returns an image once it is processed.
func (s *studio) settled(id int64) catalog.Image {
	s.tb.Helper()
	s.until(fmt.Sprintf("the end of the processing of image %d", id), func() bool {
		// Not by the API, which to ask often would take much of the time that the processing needs.
		return s.number(fmt.Sprintf("SELECT count(*) FROM images WHERE id = %d AND status = 'processing'", id)) == 0
	})
	return s.image(id)
}

func (s *studio) image(id int64) (image catalog.Image) {
	s.tb.Helper()
	s.anyone.Do("GET", fmt.Sprintf("/images/%d", id), nil).Want(200).Decode(&image)
	return image
}

// upload sends files to the hotel and returns the ids of their images.
func (s *studio) upload(contents ...[]byte) []int64 {
	s.tb.Helper()
	var uploaded media.Uploaded
	s.admin.Upload("POST", s.hotelURL, files(contents...)...).Want(202).Decode(&uploaded)
	ids := make([]int64, len(uploaded.Items))
	for i, image := range uploaded.Items {
		ids[i] = image.ID
	}
	return ids
}

func files(contents ...[]byte) []apitest.Part {
	parts := make([]apitest.Part, len(contents))
	for i, content := range contents {
		parts[i] = apitest.Part{Field: "file", FileName: fmt.Sprintf("%d.jpg", i), Content: content}
	}
	return parts
}

func (s *studio) number(sql string) (n int64) {
	s.tb.Helper()
	if err := s.db.QueryRow(s.tb.Context(), sql).Scan(&n); err != nil {
		s.tb.Fatal(err)
	}
	return n
}

func (s *studio) exec(sql string, args ...any) {
	s.tb.Helper()
	if _, err := s.db.Exec(s.tb.Context(), sql, args...); err != nil {
		s.tb.Fatal(err)
	}
}

// keys returns the keys of the store below a prefix.
func (s *studio) keys(prefix string) []string {
	s.tb.Helper()
	keys := []string{}
	for entry, err := range s.store.List(s.tb.Context(), prefix) {
		if err != nil {
			s.tb.Fatal(err)
		}
		keys = append(keys, entry.Key)
	}
	return keys
}

// path is where a key is on the disk.
func (s *studio) path(key string) string { return filepath.Join(s.dir, filepath.FromSlash(key)) }

// wantNothing checks that an upload which was refused left nothing.
func (s *studio) wantNothing() {
	s.tb.Helper()
	if n := s.number("SELECT count(*) FROM images"); n != 0 {
		s.tb.Errorf("%d rows of images, want none", n)
	}
	if n := s.number("SELECT count(*) FROM river_job"); n != 0 {
		s.tb.Errorf("%d jobs, want none", n)
	}
	if keys := s.keys(""); len(keys) != 0 {
		s.tb.Errorf("files %v, want none", keys)
	}
	if left, err := os.ReadDir(s.temp); err == nil && len(left) != 0 {
		s.tb.Errorf("temporary files %v, want none", left)
	}
}

func (s *studio) metric(name string) (sum float64) {
	s.tb.Helper()
	families, err := s.metrics.Gather()
	if err != nil {
		s.tb.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == name {
			for _, m := range family.GetMetric() {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return sum
}

// A faultyStore is a store that fails when it is told to.
type faultyStore struct {
	storage.Store

	// before is asked first, if it is set, with the name of the method and the key.
	before atomic.Pointer[func(ctx context.Context, method, key string) error]
}

func (f *faultyStore) fail(before func(ctx context.Context, method, key string) error) {
	f.before.Store(&before)
}

func (f *faultyStore) ask(ctx context.Context, method, key string) error {
	if before := f.before.Load(); before != nil {
		return (*before)(ctx, method, key)
	}
	return nil
}

func (f *faultyStore) Put(ctx context.Context, key string, r io.Reader, size int64) error {
	if err := f.ask(ctx, "Put", key); err != nil {
		return err
	}
	return f.Store.Put(ctx, key, r, size)
}

func (f *faultyStore) Open(ctx context.Context, key string) (*storage.File, error) {
	if err := f.ask(ctx, "Open", key); err != nil {
		return nil, err
	}
	return f.Store.Open(ctx, key)
}

func (f *faultyStore) Delete(ctx context.Context, key string) error {
	if err := f.ask(ctx, "Delete", key); err != nil {
		return err
	}
	return f.Store.Delete(ctx, key)
}

// photo returns a JPEG of a size, and of a tint so that no two need to be the same.
func photo(tb testing.TB, width, height int, tint uint8) []byte {
	tb.Helper()
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			m.SetRGBA(x, y, color.RGBA{uint8(x * 255 / width), uint8(y * 255 / height), tint, 255})
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, m, nil); err != nil {
		tb.Fatal(err)
	}
	return b.Bytes()
}
