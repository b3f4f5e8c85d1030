// Package program runs the service's program in tests, and others beside it. The program is built once for all tests of a
// package, by the first of them that needs it.
package program

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"testing"

	"github.com/shumbooking/shumbooking/platform/kv"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// root is the work tree, from the directory that the tests of each package of this module run in.
const root = "../../.."

// Main runs the tests of a package and removes the program that they had built. It returns the code to exit with, for
// TestMain.
func Main(m *testing.M) int {
	defer os.RemoveAll(directory())
	return m.Run()
}

// Path returns where the program is. The package of the test must have Main in its TestMain.
func Path(tb testing.TB) string {
	tb.Helper()
	path, err := Build()
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

// Build is Path for what is not done for one test alone.
func Build() (string, error) { return build() }

var build = sync.OnceValues(func() (string, error) {
	dir := directory()
	if err := os.Mkdir(dir, 0o700); err != nil {
		return "", fmt.Errorf("build the program: %w", err)
	}
	path := filepath.Join(dir, "booking")
	command := exec.Command("go", "build", "-o", path, "./cmd/booking") //nolint:gosec // a directory of its own
	command.Dir = root
	if said, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w: %s", err, said)
	}
	return path, nil
})

// directory is that of the program of these tests.
func directory() string {
	return filepath.Join(os.TempDir(), "booking-program-"+strconv.Itoa(os.Getpid()))
}

// Database returns the settings of the program that have it use a database.
func Database(c pg.Config) []string {
	return []string{
		"DB_HOST=" + c.Host, "DB_PORT=" + strconv.Itoa(c.Port), "DB_NAME=" + c.Name,
		"DB_USERNAME=" + c.Username, "DB_PASSWORD=" + c.Password, "DB_SSLMODE=" + c.SSLMode,
	}
}

// Redis returns the settings of the program that have it use a Redis without a password.
func Redis(c kv.Config) []string {
	return []string{"REDIS_HOST=" + c.Host, "REDIS_PORT=" + strconv.Itoa(c.Port)}
}
