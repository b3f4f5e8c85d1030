//go:build unix

package pgserver

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

const (
	// maxSocketPath is the room that the smallest system leaves for the path of a
	// Unix socket (sun_path: 104 bytes on macOS, 108 on Linux).
	maxSocketPath = 103
	lockSuffix    = ".lock"
	pidName       = "server.pid"
)

// runDir is a directory for the socket, the log and the data of one throw-away
// server. A lock file beside it, held for as long as the owner lives, tells the
// living from what a killed owner left behind.
type runDir struct {
	path string
	lock *os.File
}

// newRunDir makes a directory and sweeps those without an owner.
func newRunDir(who identity) (*runDir, error) {
	base, err := runBase(who)
	if err != nil {
		return nil, err
	}
	// Nobody sweeps while someone else is between making a directory and locking it.
	guard, err := lockFile(filepath.Join(base, "guard"), syscall.LOCK_EX)
	if err != nil {
		return nil, err
	}
	defer guard.Close()
	if err := sweep(base); err != nil {
		return nil, err
	}
	path, err := os.MkdirTemp(base, "")
	if err != nil {
		return nil, err
	}
	lock, err := lockFile(path+lockSuffix, syscall.LOCK_EX|syscall.LOCK_NB)
	if err != nil {
		return nil, err
	}
	return &runDir{path: path, lock: lock}, who.mkdir(path)
}

func (r *runDir) remove() {
	// What cannot be removed now is swept by the next start.
	_ = os.RemoveAll(r.path)
	_ = os.Remove(r.path + lockSuffix)
	r.lock.Close()
}

// runBase is the directory of all run directories of this user, in memory when
// there is room. Its place can be guessed by others on the machine, so it must
// be ours alone.
func runBase(who identity) (string, error) {
	var failed error
	for _, dir := range runParents() {
		base := filepath.Join(dir, "shum-booking-"+strconv.Itoa(os.Geteuid()))
		const longest = "/1234567890/.s.PGSQL.65535.lock"
		if len(base)+len(longest) > maxSocketPath || who.reach(dir) != nil {
			continue
		}
		if err := ownDir(base); err != nil {
			failed = errors.Join(failed, err)
			continue
		}
		return base, nil
	}
	return "", errors.Join(errors.New("no directory for a socket"), failed)
}

// ownDir makes a directory, or accepts one that belongs to this user and that
// others can at most pass through.
func ownDir(path string) error {
	if err := os.Mkdir(path, 0o711); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !info.IsDir() || ownerOf(info) != os.Geteuid() {
		return fmt.Errorf("%s is not a directory of uid %d", path, os.Geteuid())
	}
	return os.Chmod(path, 0o711)
}

// sweep removes the directories whose owner is gone, ending its server first.
func sweep(base string) error {
	locks, err := filepath.Glob(filepath.Join(base, "*"+lockSuffix))
	if err != nil {
		return err
	}
	for _, path := range locks {
		lock, err := lockFile(path, syscall.LOCK_EX|syscall.LOCK_NB)
		if errors.Is(err, syscall.EWOULDBLOCK) {
			continue
		}
		if err != nil {
			return err
		}
		stale := &runDir{path: strings.TrimSuffix(path, lockSuffix), lock: lock}
		if err := endOrphan(stale.path); err != nil {
			lock.Close()
			return err
		}
		stale.remove()
	}
	return nil
}

// lockFile opens or makes a file and takes the flock(2) lock on it, which the
// kernel gives back when its holder ends in any way.
func lockFile(path string, how int) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	for {
		err = syscall.Flock(int(f.Fd()), how)
		if !errors.Is(err, syscall.EINTR) {
			break
		}
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("lock %s: %w", path, err)
	}
	return f, nil
}
