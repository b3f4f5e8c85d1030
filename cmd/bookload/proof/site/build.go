package site

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// root is the work tree, from the directory that the tests of each package of this module run in.
const root = "../../../.."

// Product returns where the program of this source is. The package of the test must have Main in its TestMain.
func Product(tb testing.TB) string {
	tb.Helper()
	path, err := product()
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

// product builds it once for all tests of a package.
var product = sync.OnceValues(func() (string, error) {
	if err := os.Mkdir(directory(), 0o700); err != nil {
		return "", fmt.Errorf("build the program: %w", err)
	}
	path := filepath.Join(directory(), "booking")
	return path, build(path)
})

// directory is that of the program of these tests.
func directory() string {
	return filepath.Join(os.TempDir(), "booking-proof-"+strconv.Itoa(os.Getpid()))
}

// build builds the program of the work tree, with the modules that it has there.
func build(path string, flags ...string) error {
	output, err := filepath.Abs(path)
	if err != nil {
		return fmt.Errorf("build the program: %w", err)
	}
	args := append(append([]string{"build", "-o", output}, flags...), "./cmd/booking")
	command := exec.Command("go", args...) //nolint:gosec,noctx // Nothing of it is from elsewhere, and others wait for it.
	command.Dir = root
	if said, err := command.CombinedOutput(); err != nil {
		return fmt.Errorf("build the program: %w: %s", err, said)
	}
	return nil
}

// An Edit is a change to the source of the program.
type Edit struct {
	// File is its path in the work tree.
	File string
	// Old is what stands in the file exactly once, and New what takes its place.
	Old, New string
}

// Build returns a program with changes, for which no file of the work tree is touched. It ends the test if an edit does not
// fit or the program cannot be built.
func Build(tb testing.TB, edits ...Edit) string {
	tb.Helper()
	dir, replaced := tb.TempDir(), make(map[string]string)
	for i, e := range edits {
		original, err := filepath.Abs(filepath.Join(root, e.File))
		if err != nil {
			tb.Fatal(err)
		}
		source := original
		if before, ok := replaced[original]; ok {
			source = before
		}
		text, err := os.ReadFile(source) //nolint:gosec // The test names it.
		if err != nil {
			tb.Fatal(err)
		}
		if n := strings.Count(string(text), e.Old); n != 1 {
			tb.Fatalf("%s has %d times what is to be changed, want 1: %s", e.File, n, e.Old)
		}
		changed := filepath.Join(dir, strconv.Itoa(i)+".go")
		write(tb, changed, []byte(strings.Replace(string(text), e.Old, e.New, 1)))
		replaced[original] = changed
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replaced})
	if err != nil {
		tb.Fatal(err)
	}
	file, path := filepath.Join(dir, "overlay.json"), filepath.Join(dir, "booking")
	write(tb, file, overlay)
	if err := build(path, "-overlay="+file); err != nil {
		tb.Fatal(err)
	}
	return path
}

func write(tb testing.TB, path string, text []byte) {
	tb.Helper()
	if err := os.WriteFile(path, text, 0o600); err != nil { //nolint:gosec // It is in a directory of the test.
		tb.Fatal(err)
	}
}
