package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path"
	"strings"
	"time"
)

// batch is how many names of a directory are in memory at a time.
const batch = 1024

// List implements Store. It goes only into the directories that can hold what is looked for.
func (d *Dir) List(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if err := checkPrefix(prefix); err != nil {
			yield(Entry{}, fmt.Errorf("list: %w", err))
			return
		}
		err := d.walk(ctx, path.Dir(prefix+"x"), func(e Entry) error {
			if strings.HasPrefix(e.Key, prefix) && CheckKey(e.Key) == nil && !yield(e, nil) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil && !errors.Is(err, fs.SkipAll) {
			yield(Entry{}, fmt.Errorf("list %q: %w", prefix, err))
		}
	}
}

// Tidy implements Store.
func (d *Dir) Tidy(ctx context.Context, before time.Time) (int, error) {
	removed := 0
	err := d.walk(ctx, partial, func(e Entry) error {
		if !e.Modified.Before(before) {
			return nil
		}
		if err := d.remove(e.Key); err != nil && !errors.Is(err, ErrNotFound) {
			return err
		}
		removed++
		return nil
	})
	if err != nil {
		return removed, fmt.Errorf("tidy storage: %w", err)
	}
	return removed, nil
}

// walk calls visit for the files below a directory, which need not exist, until it returns an error.
func (d *Dir) walk(ctx context.Context, name string, visit func(Entry) error) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	dir, err := d.openSub(name)
	if errors.Is(err, ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	defer dir.Close()
	names, err := dir.Open(".")
	if err != nil {
		return unavailable(err)
	}
	defer names.Close()
	for {
		entries, err := names.ReadDir(batch)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return unavailable(err)
		}
		for _, entry := range entries {
			if err := d.step(ctx, dir, path.Join(name, entry.Name()), visit); err != nil {
				return err
			}
		}
	}
}

// openSub opens a directory to look into, or returns ErrNotFound where there is none.
func (d *Dir) openSub(name string) (*os.Root, error) {
	info, err := d.root.Lstat(name)
	if err == nil && !info.IsDir() {
		err = fs.ErrNotExist
	}
	if err != nil {
		return nil, dirError(err)
	}
	dir, err := d.root.OpenRoot(name)
	return dir, dirError(err)
}

// step visits one name of an open directory, or what is below it.
func (d *Dir) step(ctx context.Context, dir *os.Root, name string, visit func(Entry) error) error {
	if err := context.Cause(ctx); err != nil {
		return err
	}
	info, err := dir.Lstat(path.Base(name))
	switch {
	case errors.Is(err, fs.ErrNotExist): // It was removed meanwhile.
		return nil
	case err != nil:
		return unavailable(err)
	case info.Mode().IsRegular():
		return visit(Entry{Key: name, Size: info.Size(), Modified: info.ModTime()})
	case info.IsDir() && CheckKey(name) == nil: // Not lost+found, say, which only root may enter.
		return d.walk(ctx, name, visit)
	default:
		return nil
	}
}
