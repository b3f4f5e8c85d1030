//go:build unix

package pgserver

import (
	"fmt"
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
		stat, ok := info.Sys().(*syscall.Stat_t)
		owned := ok && int(stat.Uid) == i.uid && info.Mode()&0o100 != 0
		if info.Mode()&0o001 == 0 && !owned {
			return fmt.Errorf("the server runs as uid %d, which cannot enter %s: choose another directory", i.uid, dir)
		}
		if dir == filepath.Dir(dir) {
			return nil
		}
	}
}
