package storage_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/media/storage"
)

// openDir returns the store in a new directory, and where it is.
func openDir(tb testing.TB) (*storage.Dir, string) {
	tb.Helper()
	path := filepath.Join(tb.TempDir(), "files")
	d, err := storage.OpenDir(path)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := d.Close(); err != nil {
			tb.Error(err)
		}
	})
	return d, path
}

// filesBelow returns the paths of all files below a directory, those of the store itself too.
func filesBelow(t *testing.T, path string) []string {
	t.Helper()
	var files []string
	err := fs.WalkDir(os.DirFS(path), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, name)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// A web server finds a file right at its key.
func TestDirKeepsFilesAtTheirKeys(t *testing.T) {
	t.Parallel()
	d, path := openDir(t)
	put(t, d, "images/a.jpg", "photograph")
	if got, err := os.ReadFile(filepath.Join(path, "images/a.jpg")); err != nil || string(got) != "photograph" {
		t.Errorf("the file is %q, %v; want what was put", got, err)
	}
}

func TestDirSurvivesReopening(t *testing.T) {
	t.Parallel()
	d, path := openDir(t)
	put(t, d, "images/a", "x")
	again, err := storage.OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := content(t, again, "images/a"); got != "x" {
		t.Errorf("another store in the same directory has %q, want %q", got, "x")
	}
	if err := again.Close(); err != nil {
		t.Error(err)
	}
}

func TestFailedPutsLeaveNoPieces(t *testing.T) {
	t.Parallel()
	d, path := openDir(t)
	put(t, d, "images", "a file where a directory would be")
	for key, size := range map[string]int64{"a/short": 5, "a/long": 1, "images/x": 2} {
		if err := d.Put(t.Context(), key, strings.NewReader("xx"), size); err == nil {
			t.Errorf("Put(%q) = nil error", key)
		}
	}
	if got := filesBelow(t, path); !slices.Equal(got, []string{"images"}) {
		t.Errorf("the directory has %q, want images alone", got)
	}
}

func TestDirIsNotLeft(t *testing.T) {
	t.Parallel()
	d, path := openDir(t)
	outside := t.TempDir()
	secret := filepath.Join(outside, "secret")
	for link, target := range map[string]string{"way/out": outside, "out": outside, "file": secret, "up": "../.."} {
		link = filepath.Join(path, link)
		if err := errors.Join(os.MkdirAll(filepath.Dir(link), 0o755), os.Symlink(target, link)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, key := range []string{"way/out/secret", "out/secret", "file", "up/secret"} {
		if f, err := d.Open(t.Context(), key); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("Open(%q) = %v, %v; want ErrUnavailable", key, f, err)
		}
	}
	for _, key := range []string{"way/out/new", "out/secret", "up/new"} {
		if err := d.Put(t.Context(), key, strings.NewReader("x"), 1); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("Put(%q) = %v, want ErrUnavailable", key, err)
		}
		if err := d.Delete(t.Context(), key); !errors.Is(err, storage.ErrUnavailable) {
			t.Errorf("Delete(%q) = %v, want ErrUnavailable", key, err)
		}
	}
	if got := keys(t, d, ""); got != nil {
		t.Errorf("List gave %q, want nothing", got)
	}
	put(t, d, "file", "takes the place of the link")
	if err := d.Delete(t.Context(), "file"); err != nil {
		t.Error(err)
	}
	if got := filesBelow(t, outside); !slices.Equal(got, []string{"secret"}) {
		t.Errorf("outside there is %q, want the secret alone", got)
	}
	if got, err := os.ReadFile(secret); err != nil || string(got) != "secret" {
		t.Errorf("the file outside is %q, %v; want it as it was", got, err)
	}
}

func TestTidyRemovesOldPieces(t *testing.T) {
	t.Parallel()
	d, path := openDir(t)
	put(t, d, "images/a", "x")
	hourAgo := time.Now().Add(-time.Hour)
	for name, modified := range map[string]time.Time{"OLD": hourAgo.Add(-time.Minute), "OLDER": hourAgo.Add(-time.Hour), "YOUNG": time.Now()} {
		name = filepath.Join(path, ".partial", name)
		if err := errors.Join(os.WriteFile(name, []byte("x"), 0o600), os.Chtimes(name, modified, modified)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chtimes(filepath.Join(path, "images/a"), hourAgo.Add(-time.Hour), hourAgo.Add(-time.Hour)); err != nil {
		t.Fatal(err)
	}
	for _, want := range []int{2, 0} {
		if got, err := d.Tidy(t.Context(), hourAgo); got != want || err != nil {
			t.Errorf("Tidy() = %d, %v; want %d", got, err, want)
		}
	}
	if got := filesBelow(t, path); !slices.Equal(got, []string{".partial/YOUNG", "images/a"}) {
		t.Errorf("the directory has %q, want the young piece and the file", got)
	}
}

func TestDirectoryThatIsGone(t *testing.T) {
	t.Parallel()
	d, path := openDir(t)
	put(t, d, "images/a", "x")
	if err := os.RemoveAll(path); err != nil {
		t.Fatal(err)
	}
	if err := d.Check(t.Context()); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("Check() = %v, want ErrUnavailable", err)
	}
	if err := d.Put(t.Context(), "images/b", strings.NewReader("x"), 1); !errors.Is(err, storage.ErrUnavailable) {
		t.Errorf("Put() = %v, want ErrUnavailable", err)
	}
}

func TestOpenDirOnAFile(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{file, filepath.Join(file, "below"), ""} {
		if _, err := storage.OpenDir(path); err == nil {
			t.Errorf("OpenDir(%q) = nil error", path)
		}
	}
}
