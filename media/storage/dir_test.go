package storage_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/shumbooking/shumbooking/media/storage"
)

// openDir returns the store in a new directory, and where it is.
func openDir(t *testing.T) (*storage.Dir, string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "files")
	d, err := storage.OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
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
