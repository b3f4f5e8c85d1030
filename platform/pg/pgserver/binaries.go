//go:build unix

package pgserver

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
)

// minimumMajor is the oldest version whose databases can have an ICU locale and
// be copied with STRATEGY FILE_COPY.
const minimumMajor = 15

// binaries are the programs of one PostgreSQL installation.
type binaries struct {
	dir     string
	version int
}

func (b binaries) major() string {
	return strconv.Itoa(b.version)
}

// locales are initdb's options to try in turn. Each compares by code point
// where it can and knows the letters of every script; lc_ctype matters beside
// the provider, because pg_trgm asks it what a letter is.
func (b binaries) locales() [][]string {
	candidates := [][]string{
		{"--locale=C.UTF-8"},
		{"--locale-provider=icu", "--icu-locale=und", "--locale=en_US.UTF-8"},
		{"--locale-provider=icu", "--icu-locale=und", "--locale=C"},
	}
	if b.version >= 17 {
		builtin := []string{"--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C.UTF-8"}
		candidates = slices.Insert(candidates, 0, builtin)
	}
	return candidates
}

// findBinaries returns the programs that PG_BIN names, else the first of at
// least the minimum version in the directories searched, else downloaded ones.
func findBinaries(ctx context.Context, c Config) (binaries, error) {
	dirs := c.BinDirs
	if dirs == nil {
		if dir := os.Getenv("PG_BIN"); dir != "" {
			return inspect(ctx, dir)
		}
		dirs = usualDirs()
	}
	for _, dir := range dirs {
		if b, err := inspect(ctx, dir); err == nil {
			return b, nil
		}
	}
	return download(ctx, c, published(platform()))
}

// usualDirs are the places where systems install PostgreSQL, each newest first.
func usualDirs() []string {
	dirs := filepath.SplitList(os.Getenv("PATH"))
	for _, pattern := range []string{
		"/usr/lib/postgresql/*/bin",                       // Debian, Ubuntu
		"/usr/pgsql-*/bin",                                // PGDG on RHEL and Fedora
		"/usr/libexec/postgresql*",                        // Alpine
		"/opt/homebrew/opt/postgresql@*/bin",              // Homebrew on Apple silicon
		"/usr/local/opt/postgresql@*/bin",                 // Homebrew on Intel
		"/home/linuxbrew/.linuxbrew/opt/postgresql@*/bin", // Homebrew on Linux
		"/Applications/Postgres.app/Contents/Versions/*/bin",
	} {
		found, err := filepath.Glob(pattern)
		if err != nil {
			continue
		}
		slices.SortFunc(found, func(a, b string) int { return number(b) - number(a) })
		dirs = append(dirs, found...)
	}
	return dirs
}

var firstNumber = regexp.MustCompile(`\d+`)

func number(s string) int {
	n, _ := strconv.Atoi(firstNumber.FindString(s))
	return n
}

// inspect returns the installation in dir, or an error when it lacks a program
// or is too old. Symbolic links are resolved, as the server looks for its
// libraries beside itself.
func inspect(ctx context.Context, dir string) (binaries, error) {
	if !filepath.IsAbs(dir) {
		return binaries{}, fmt.Errorf("%q is not an absolute path: %w", dir, fs.ErrInvalid)
	}
	program, err := filepath.EvalSymlinks(filepath.Join(dir, "postgres"))
	if err != nil {
		return binaries{}, err
	}
	dir = filepath.Dir(program)
	if _, err := os.Stat(filepath.Join(dir, "initdb")); err != nil {
		return binaries{}, err
	}
	output, err := exec.CommandContext(ctx, program, "--version").Output()
	if err != nil {
		return binaries{}, fmt.Errorf("%s --version: %w", program, err)
	}
	version := number(string(output))
	if version < minimumMajor {
		return binaries{}, fmt.Errorf("%s is version %d, want at least %d", program, version, minimumMajor)
	}
	return binaries{dir: dir, version: version}, nil
}
