package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/media"
	"github.com/shumbooking/shumbooking/media/storage"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
	"github.com/shumbooking/shumbooking/platform/proctest"
)

// A site is the program in processes of its own, the API and its workers, with a database and a store between them.
type site struct {
	t      *testing.T
	getenv func(string) string
	db     *pgxpool.Pool
	store  storage.Store
	// images is the directory of the store, and uploads that of temporary files.
	images, uploads string

	api   *process
	base  string
	admin *apitest.Client
	token string
}

// newSite starts the API on a database and a directory of its own, or on what the variables name, with no hotels.
func newSite(t *testing.T, c pg.Config, vars map[string]string) *site {
	t.Helper()
	s := &site{t: t, db: pgtest.Open(t, c), images: t.TempDir(), uploads: t.TempDir()}
	account := demoAccount{email: "admin@example.com", password: "four-steady-otters"}
	all := map[string]string{
		"IMAGES_DIR": s.images, "TMPDIR": s.uploads, "ADMIN_EMAIL": account.email, "ADMIN_PASSWORD": account.password,
	}
	maps.Copy(all, vars)
	s.getenv = environmentFor(c, all)
	settings, err := readSettings(s.getenv, serving)
	if err != nil {
		t.Fatal(err)
	}
	if s.store, err = openStore(settings.images); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.store.Close() })
	s.exec(noteShown)
	s.serve()
	s.admin = clientOf(t, s.base)
	s.token = tokenOf(t, s.admin, account)
	s.admin = s.admin.As(s.token)
	return s
}

// noteShown writes down which images become ready, each time that they do.
const noteShown = `
CREATE TABLE shown (image_id bigint NOT NULL);
CREATE FUNCTION note_shown() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN INSERT INTO shown VALUES (NEW.id); RETURN NULL; END';
CREATE TRIGGER note_shown AFTER UPDATE OF status ON images FOR EACH ROW WHEN (NEW.status = 'ready') EXECUTE FUNCTION note_shown()`

// serve starts the API.
func (s *site) serve() {
	s.t.Helper()
	s.api, s.base = spawnServer(s.t, s.getenv, "api")
	proctest.Eventually(s.t, "the API is ready", func() bool {
		status, _ := fetch(s.t, s.base+"/ready")
		return status == http.StatusOK
	})
}

func (s *site) work() *process {
	s.t.Helper()
	p, _ := spawnServer(s.t, s.getenv, "worker")
	return p
}

// open makes hotels with a room each, whose ids are those of the hotels.
func (s *site) open(hotels int) {
	s.t.Helper()
	s.admin.Do("POST", "/countries", map[string]any{"name": "Россия", "iso_code": "RU", "currency": "RUB"}).Want(201)
	s.admin.Do("POST", "/cities", map[string]any{"name": "Москва", "country_id": 1, "time_zone": "Europe/Moscow"}).Want(201)
	for id := 1; id <= hotels; id++ {
		s.admin.Do("POST", "/hotels", map[string]any{"title": fmt.Sprint(id), "city_id": 1, "address": fmt.Sprint(id)}).Want(201)
		room := map[string]any{"title": "Double", "price": 1, "quantity": 1, "max_guests": 2}
		s.admin.Do("POST", fmt.Sprintf("/hotels/%d/rooms", id), room).Want(201)
	}
}

// photographs are n files of an upload with one content.
func photographs(n int, content []byte) []apitest.Part {
	parts := make([]apitest.Part, n)
	for i := range parts {
		parts[i] = apitest.Part{Field: "file", FileName: fmt.Sprintf("%d.jpg", i), Content: content}
	}
	return parts
}

// upload adds n images to a gallery and returns their ids.
func (s *site) upload(gallery string, n int, content []byte) []int64 {
	s.t.Helper()
	var uploaded media.Uploaded
	s.admin.Upload("POST", gallery, photographs(n, content)...).Want(http.StatusAccepted).Decode(&uploaded)
	ids := make([]int64, len(uploaded.Items))
	for i, image := range uploaded.Items {
		ids[i] = image.ID
	}
	return ids
}

// settle waits until no job of an image is left to be done.
func (s *site) settle() {
	s.t.Helper()
	proctest.Eventually(s.t, "the jobs are done", func() bool {
		return s.number("SELECT count(*) FROM river_job WHERE kind = ANY($1) AND state IN ('available', 'running', 'retryable', 'scheduled')",
			[]string{media.ProcessArgs{}.Kind(), catalog.RemovedArgs{}.Kind()}) == 0
	})
}

// wantReady checks that so many images are there and that each became ready once.
func (s *site) wantReady(want int) {
	s.t.Helper()
	if n := s.number("SELECT count(*) FROM images WHERE status = 'ready' AND original IS NULL"); n != want {
		s.t.Errorf("%d images are ready and without the file that was uploaded, want %d", n, want)
	}
	if n := s.number("SELECT count(*) FROM images"); n != want {
		s.t.Errorf("there are %d images, want %d", n, want)
	}
	if n := s.number("SELECT count(*) FROM shown"); n != want {
		s.t.Errorf("images became ready %d times, want once for each of %d", n, want)
	}
}

// wantFiles checks that the store has the files that the rows name, each with the content of its name, and no other.
func (s *site) wantFiles() {
	s.t.Helper()
	rows, files := s.strings(namedFiles), s.keys("")
	for _, key := range files {
		if !slices.Contains(rows, key) {
			s.t.Errorf("no row names the file %s", key)
		}
	}
	s.wantNamed()
}

// An image that is not processed any more names its original until the row learns that the file is gone.
const namedFiles = `SELECT 'images/' || unnest(variant_names) FROM images UNION ALL SELECT original FROM images WHERE status = 'processing'`

// wantNamed checks that the store has the files that the rows name.
func (s *site) wantNamed() {
	s.t.Helper()
	for _, key := range s.strings(namedFiles) {
		if err := s.check(key); err != nil {
			s.t.Errorf("a row names the file %s: %v", key, err)
		}
	}
}

// check reads the file of a key, whose content must be that of its name if it has one.
func (s *site) check(key string) error {
	file, err := s.store.Open(s.t.Context(), key)
	if err != nil {
		return err
	}
	hash := sha256.New()
	_, err = io.Copy(hash, file)
	if _, sum, served := strings.Cut(strings.TrimSuffix(key, ".jpg"), "-"); served && sum != hex.EncodeToString(hash.Sum(nil)) {
		err = errors.Join(err, errors.New("it has another content"))
	}
	return errors.Join(err, file.Close())
}

// age lets everything in the directory of images, and all rows, look older than an hour.
func (s *site) age() {
	s.t.Helper()
	old := time.Now().Add(-2 * time.Hour)
	err := filepath.WalkDir(s.images, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return os.Chtimes(path, old, old)
	})
	if err != nil {
		s.t.Fatal(err)
	}
	s.exec("UPDATE images SET created_at = created_at - interval '2 hours'")
}

// sweep has a worker sweep and returns what it found.
func (s *site) sweep() (swept media.Swept) {
	s.t.Helper()
	id := s.number("INSERT INTO river_job (args, kind, max_attempts) VALUES ('{}', $1, 3) RETURNING id", media.SweepArgs{}.Kind())
	proctest.Eventually(s.t, "the sweep is done", func() bool {
		return s.number("SELECT count(*) FROM river_job WHERE id = $1 AND state = 'completed'", id) == 1
	})
	output := s.strings("SELECT metadata->>'output' FROM river_job WHERE id = $1", id)
	if err := json.Unmarshal([]byte(output[0]), &swept); err != nil {
		s.t.Fatal(err)
	}
	return swept
}

// keys returns what the store lists.
func (s *site) keys(prefix string) (keys []string) {
	s.t.Helper()
	for entry, err := range s.store.List(s.t.Context(), prefix) {
		if err != nil {
			s.t.Fatal(err)
		}
		keys = append(keys, entry.Key)
	}
	return keys
}

// begun returns how many files are in the directory of images, whole or not.
func (s *site) begun() (n int) {
	s.t.Helper()
	for _, dir := range []string{"images", "originals", ".partial"} {
		entries, err := os.ReadDir(filepath.Join(s.images, dir))
		if err != nil && !errors.Is(err, syscall.ENOENT) {
			s.t.Fatal(err)
		}
		n += len(entries)
	}
	return n
}

func (s *site) exec(sql string) {
	s.t.Helper()
	if _, err := s.db.Exec(s.t.Context(), sql); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) number(sql string, args ...any) (n int) {
	s.t.Helper()
	if err := s.db.QueryRow(s.t.Context(), sql, args...).Scan(&n); err != nil {
		s.t.Fatal(err)
	}
	return n
}

func (s *site) strings(sql string, args ...any) []string {
	s.t.Helper()
	rows, err := s.db.Query(s.t.Context(), sql, args...)
	if err != nil {
		s.t.Fatal(err)
	}
	found, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

// transaction begins one that may take its time.
func (s *site) transaction(sql string) pgx.Tx {
	s.t.Helper()
	tx, err := s.db.Begin(context.WithoutCancel(s.t.Context()))
	if err != nil {
		s.t.Fatal(err)
	}
	if _, err := tx.Exec(s.t.Context(), "SET LOCAL idle_in_transaction_session_timeout = 0; "+sql); err != nil {
		s.t.Fatal(err)
	}
	return tx
}
