package storage

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"syscall"
)

const (
	// partial is the directory of files that are being written. No key begins with a dot.
	partial = ".partial"
	// Everybody may read: a web server that runs as another user can serve the files from the same volume.
	fileMode = 0o644
	dirMode  = 0o755
)

// A Dir keeps each file at the path that is its key, below one directory that nothing leaves, symbolic links
// included. Names are not spread over sub-directories: ext4 and XFS find one among millions by a tree, and a web
// server can serve "images/x.jpg" right where it lies.
type Dir struct {
	root *os.Root
}

// OpenDir returns the store in a directory, which it makes when there is none.
func OpenDir(name string) (*Dir, error) {
	if err := os.MkdirAll(name, dirMode); err != nil {
		return nil, fmt.Errorf("open storage: %w", err)
	}
	root, err := os.OpenRoot(name)
	if err != nil {
		return nil, fmt.Errorf("open storage: %w", err)
	}
	if err := root.Mkdir(partial, dirMode); err != nil && !errors.Is(err, fs.ErrExist) {
		root.Close()
		return nil, fmt.Errorf("open storage: %w", err)
	}
	return &Dir{root: root}, nil
}

// Close implements Store.
func (d *Dir) Close() error { return d.root.Close() }

// Put implements Store. The bytes are written under another name and synced before the key names them, and so is
// the directory after that. Where a key had a file its readers go on reading that one.
func (d *Dir) Put(ctx context.Context, key string, r io.Reader, size int64) error {
	src, err := newSource(ctx, key, r, size)
	if err != nil {
		return err
	}
	temporary := path.Join(partial, rand.Text())
	err = d.write(temporary, src)
	if err == nil {
		err = d.publish(temporary, key)
	}
	if err == nil {
		return nil
	}
	// Nothing can be done where it stays: Tidy will find it.
	_ = d.root.Remove(temporary)
	if cause := src.close(); cause != nil {
		return fmt.Errorf("put %s: %w", key, cause)
	}
	return fmt.Errorf("put %s: %w", key, unavailable(err))
}

// write makes a file of what a source gives, and makes it durable.
func (d *Dir) write(name string, src *source) error {
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, fileMode)
	if err != nil {
		return err
	}
	defer f.Close()
	if _, err := io.Copy(f, src); err != nil {
		return err
	}
	// The umask may have taken some of it away.
	if err := f.Chmod(fileMode); err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		return err
	}
	return f.Close()
}

// publish gives a written file its key, and makes that durable.
func (d *Dir) publish(temporary, key string) error {
	parent := path.Dir(key)
	err := d.root.Rename(temporary, key)
	if errors.Is(err, fs.ErrNotExist) {
		if err := d.makeDirs(parent); err != nil {
			return err
		}
		err = d.root.Rename(temporary, key)
	}
	if err != nil {
		return err
	}
	// Up to the root, since another process may have made the directories a moment ago and not synced them yet.
	for {
		if err := d.syncDir(parent); err != nil {
			return err
		}
		if parent == "." {
			return nil
		}
		parent = path.Dir(parent)
	}
}

func (d *Dir) makeDirs(name string) error {
	if name == "." {
		return nil
	}
	if err := d.makeDirs(path.Dir(name)); err != nil {
		return err
	}
	err := d.root.Mkdir(name, dirMode)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return d.root.Chmod(name, dirMode)
}

func (d *Dir) syncDir(name string) error {
	f, err := d.root.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	// Some network file systems cannot sync a directory, and keep it durable themselves.
	if err := f.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) {
		return err
	}
	return nil
}

// Open implements Store.
func (d *Dir) Open(ctx context.Context, key string) (*File, error) {
	if err := CheckKey(key); err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	if err := context.Cause(ctx); err != nil {
		return nil, fmt.Errorf("open %s: %w", key, err)
	}
	f, err := d.root.Open(key)
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", key, dirError(err))
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fs.ErrNotExist
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("open %s: %w", key, dirError(err))
	}
	return &File{ReadSeekCloser: f, Size: info.Size(), Modified: info.ModTime()}, nil
}

// Delete implements Store. It does not wait for the disk: a file that comes back after a power cut is one without
// an owner, which sweeps look for anyway.
func (d *Dir) Delete(ctx context.Context, key string) error {
	if err := CheckKey(key); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("delete %s: %w", key, err)
	}
	err := d.remove(key)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("delete %s: %w", key, err)
	}
	return nil
}

// remove removes a file, and no directory.
func (d *Dir) remove(name string) error {
	info, err := d.root.Lstat(name)
	if err == nil && info.IsDir() {
		err = fs.ErrNotExist
	}
	if err == nil {
		err = d.root.Remove(name)
	}
	return dirError(err)
}

// Check implements Store. It writes a byte and removes it.
func (d *Dir) Check(ctx context.Context) error {
	if err := context.Cause(ctx); err != nil {
		return fmt.Errorf("check storage: %w", err)
	}
	name := path.Join(partial, rand.Text())
	err := d.root.WriteFile(name, []byte{0}, fileMode)
	if removed := d.root.Remove(name); err == nil {
		err = removed
	}
	if err != nil {
		return fmt.Errorf("check storage: %w", unavailable(err))
	}
	return nil
}

// dirError tells a file that is not there from a directory that cannot be used.
func dirError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return ErrNotFound
	default:
		return unavailable(err)
	}
}
