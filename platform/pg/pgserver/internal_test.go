//go:build unix

package pgserver

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
)

// The letters of every script must be known under each locale that Start may
// end up with, to the server and to pg_trgm alike.
func TestLocales(t *testing.T) {
	t.Parallel()
	bin, err := findBinaries(t.Context(), Config{Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	testLocales(t, bin)
}

func testLocales(t *testing.T, bin binaries) {
	t.Helper()
	available := 0
	for _, locale := range bin.locales() {
		home := filepath.Join(openTempDir(t), "data")
		who := serverIdentity()
		lock, err := openHome(home, who)
		if err != nil {
			t.Fatal(err)
		}
		cl := cluster{home: home, bin: bin, who: who, locales: [][]string{locale}}
		err = cl.initialize(t.Context(), Volatile)
		lock.Close()
		if err != nil {
			t.Logf("not available here: %v", err)
			continue
		}
		available++
		t.Run(strings.Join(locale, " "), func(t *testing.T) {
			testLetters(t, Config{DataDir: home, Durability: Volatile, BinDirs: []string{bin.dir}}, locale)
		})
	}
	if available == 0 {
		t.Error("no locale is available")
	}
}

func testLetters(t *testing.T, c Config, locale []string) {
	t.Helper()
	s, err := Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := s.Stop(t.Context()); err != nil {
			t.Errorf("stop: %v", err)
		}
	}()
	conn, err := pgx.Connect(t.Context(), s.URL(""))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var lower string
	if err := conn.QueryRow(t.Context(), "SELECT lower('ЖЁЛТЫЙ')").Scan(&lower); err != nil {
		t.Fatal(err)
	}
	if lower != "жёлтый" {
		t.Errorf("lower: got %s, want жёлтый", lower)
	}
	if _, err := conn.Exec(t.Context(), "CREATE EXTENSION pg_trgm"); err != nil {
		t.Fatal(err)
	}
	var similar float32
	if err := conn.QueryRow(t.Context(), "SELECT similarity('жёлтый', 'жёлтый дом')").Scan(&similar); err != nil {
		t.Fatal(err)
	}
	if lastResort := locale[len(locale)-1] == "--locale=C"; similar == 0 && !lastResort {
		t.Errorf("similarity of Cyrillic words: got 0, want more")
	}
}

// openTempDir is t.TempDir for a server that runs as another user.
func openTempDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestDownload(t *testing.T) {
	t.Parallel()
	site, requests := serveJar(t)
	c := Config{CacheDir: t.TempDir(), Log: slog.New(slog.DiscardHandler)}
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			b, err := download(t.Context(), c, site)
			if err != nil {
				t.Errorf("download: %v", err)
			} else if b.version != 17 {
				t.Errorf("version: got %d, want 17", b.version)
			}
		})
	}
	group.Wait()
	if got := requests.Load(); got != 1 {
		t.Errorf("requests of 4 downloads at once: got %d, want 1", got)
	}
	link := filepath.Join(c.CacheDir, "postgresql-"+downloadVersion+"-"+platform(), "share", "link")
	if text, err := os.ReadFile(link); err != nil || string(text) != "content\n" {
		t.Errorf("unpacked link: got %q, %v, want its target's content", text, err)
	}
}

func TestDownload_WrongChecksum(t *testing.T) {
	t.Parallel()
	site, _ := serveJar(t)
	site.sha256 = strings.Repeat("0", 64)
	c := Config{CacheDir: t.TempDir(), Log: slog.New(slog.DiscardHandler)}
	_, err := download(t.Context(), c, site)
	if err == nil || !strings.Contains(err.Error(), "SHA-256") {
		t.Errorf("got error %v, want one about the checksum", err)
	}
	left, err := fs.Glob(os.DirFS(c.CacheDir), "*")
	if err != nil || len(left) != 1 {
		t.Errorf("files left in the cache: got %v, %v, want the lock alone", left, err)
	}
}

func TestUntar_StaysInside(t *testing.T) {
	t.Parallel()
	var evil bytes.Buffer
	w := tar.NewWriter(&evil)
	if err := w.WriteHeader(&tar.Header{Name: "../out", Typeflag: tar.TypeReg, Mode: 0o600}); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if err := untar(&evil, t.TempDir()); err == nil {
		t.Error("a path that leads outside was accepted")
	}
}

// serveJar serves an archive shaped like the published ones, with programs that
// only tell a version, and counts the requests.
func serveJar(t *testing.T) (archive, *atomic.Int32) {
	t.Helper()
	programs, err := os.ReadFile("testdata/programs.txz")
	if err != nil {
		t.Fatal(err)
	}
	var jar bytes.Buffer
	z := zip.NewWriter(&jar)
	entry, err := z.Create("postgres-linux-x86_64.txz")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := entry.Write(programs); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	requests := new(atomic.Int32)
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		requests.Add(1)
		_, _ = w.Write(jar.Bytes())
	}))
	t.Cleanup(site.Close)
	sum := sha256.Sum256(jar.Bytes())
	return archive{url: site.URL, sha256: hex.EncodeToString(sum[:])}, requests
}
