//go:build unix

package pgserver

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
)

const (
	dataName     = "data"
	passwordName = "password"
	ownerName    = "owner.lock"
)

// cluster is a data directory and the programs that work on it.
type cluster struct {
	home string
	bin  binaries
	who  identity
	// locales are initdb's options to try in turn.
	locales [][]string
}

func (cl cluster) data() string {
	return filepath.Join(cl.home, dataName)
}

// prepare makes the cluster, or checks that the one in place can be used.
func (cl cluster) prepare(ctx context.Context, d Durability) error {
	version, err := os.ReadFile(filepath.Join(cl.data(), "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return cl.initialize(ctx, d)
	}
	if err != nil {
		return err
	}
	if major := strings.TrimSpace(string(version)); major != cl.bin.major() {
		return fmt.Errorf("the data in %s is of PostgreSQL %s and %s is version %s: remove the directory, or set PG_BIN to programs of version %s",
			cl.home, major, cl.bin.dir, cl.bin.major(), major)
	}
	return checkUnused(cl.data())
}

// initialize makes the data directory under another name first, so that an
// interrupted attempt is not taken for a cluster.
func (cl cluster) initialize(ctx context.Context, d Durability) error {
	passwordFile := filepath.Join(cl.home, passwordName)
	if err := os.WriteFile(passwordFile, []byte(rand.Text()), 0o600); err != nil {
		return err
	}
	if err := cl.who.chown(passwordFile); err != nil {
		return err
	}
	unfinished := cl.data() + ".new"
	var failed error
	for _, locale := range cl.locales {
		if err := os.RemoveAll(unfinished); err != nil {
			return err
		}
		err := cl.initdb(ctx, unfinished, passwordFile, d, locale)
		if err == nil {
			return os.Rename(unfinished, cl.data())
		}
		failed = errors.Join(failed, err)
		if ctx.Err() != nil {
			break
		}
	}
	return failed
}

// initdb leaves local connections without a password, as only the server's own
// user can enter the socket's directory.
func (cl cluster) initdb(ctx context.Context, dir, passwordFile string, d Durability, locale []string) error {
	args := append([]string{
		"-D", dir, "-U", superuser, "--encoding=UTF8", "--no-instructions",
		"--auth-local=trust", "--auth-host=scram-sha-256", "--pwfile=" + passwordFile,
	}, locale...)
	if d == Volatile {
		args = append(args, "--no-sync")
	}
	// As in spawn: the thread must not end before the program.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	output, err := cl.command(ctx, "initdb", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("initdb %s: %w: %s", strings.Join(locale, " "), err, output)
	}
	return nil
}

// password is the superuser's, for connections over TCP.
func (cl cluster) password() (string, error) {
	text, err := os.ReadFile(filepath.Join(cl.home, passwordName))
	return strings.TrimSpace(string(text)), err
}

// openHome makes or opens the directory of persistent data and locks it.
func openHome(home string, who identity) (*os.File, error) {
	lockPath := filepath.Join(home, ownerName)
	entries, err := os.ReadDir(home)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	// Taking over a directory changes its owner and mode: not of one that somebody named by mistake.
	if _, err := os.Stat(lockPath); len(entries) > 0 && err != nil {
		return nil, fmt.Errorf("%s is not empty and not a data directory of this program", home)
	}
	if err := who.owns(filepath.Join(home, dataName)); err != nil {
		return nil, err
	}
	if err := who.mkdir(home); err != nil {
		return nil, err
	}
	lock, err := lockFile(lockPath, syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		pid, _ := os.ReadFile(lockPath)
		return nil, fmt.Errorf("%s is in use by pid %s", home, pid)
	}
	if err != nil {
		return nil, err
	}
	if err := lock.Truncate(0); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	if _, err := fmt.Fprint(lock, os.Getpid()); err != nil {
		return nil, errors.Join(err, lock.Close())
	}
	return lock, nil
}
