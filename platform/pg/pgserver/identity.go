//go:build unix

package pgserver

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// unusedID is a uid and gid for the server of a root that has neither a
// postgres nor a nobody account, beyond what systems hand out.
const unusedID = 64999

// identity is the user that the server runs as.
type identity struct {
	uid, gid int
	other    otherUser
}

// otherUser says whether the server's user is another than this process's.
type otherUser bool

// serverIdentity is the user of this process, and someone without rights for
// root, as whom PostgreSQL refuses to run.
func serverIdentity() identity {
	if os.Geteuid() != 0 {
		return identity{uid: os.Geteuid(), gid: os.Getegid()}
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(u.Uid)
		gid, gidErr := strconv.Atoi(u.Gid)
		if uidErr == nil && gidErr == nil && uid > 0 {
			return identity{uid: uid, gid: gid, other: true}
		}
	}
	return identity{uid: unusedID, gid: unusedID, other: true}
}

// credential is nil when the server runs as the user of this process.
func (i identity) credential() *syscall.Credential {
	if !i.other {
		return nil
	}
	return &syscall.Credential{Uid: uint32(i.uid), Gid: uint32(i.gid)}
}

// mkdir makes a directory that only the server's user may enter, or takes over
// the one that is there, and checks that this user can get to it.
func (i identity) mkdir(path string) error {
	if err := os.MkdirAll(path, 0o755); err != nil {
		return err
	}
	if err := i.reach(filepath.Dir(path)); err != nil {
		return err
	}
	if err := i.chown(path); err != nil {
		return err
	}
	return os.Chmod(path, 0o700)
}

func (i identity) chown(path string) error {
	if !i.other {
		return nil
	}
	return os.Chown(path, i.uid, i.gid)
}

// owns returns an error when path exists and belongs to another user: data made
// by root's server is not for a user's, and the other way round.
func (i identity) owns(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if owner := ownerOf(info); owner != i.uid {
		return fmt.Errorf("%s belongs to uid %d and the server runs as uid %d", path, owner, i.uid)
	}
	return nil
}

// ownerOf returns the uid that a file belongs to, -1 when the system has none.
func ownerOf(info fs.FileInfo) int {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return -1
	}
	return int(stat.Uid)
}

// reach returns an error when the server's user cannot pass through dir or a
// directory above it, as under root's home.
func (i identity) reach(dir string) error {
	if !i.other {
		return nil
	}
	for ; ; dir = filepath.Dir(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		owned := ownerOf(info) == i.uid && info.Mode()&0o100 != 0
		if info.Mode()&0o001 == 0 && !owned {
			return fmt.Errorf("the server runs as uid %d, which cannot enter %s: choose another directory", i.uid, dir)
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}
