// Package storage keeps files whole and durable under keys: in a directory ([Dir]) or in an S3-compatible bucket
// ([Bucket]).
//
// A key is a path of lower-case segments such as "images/0f3a.jpg". It is checked before anything is read or
// written, so that no key reaches outside of a store. A file is there whole or not at all: a reader never sees a
// part of one, whatever happens to the process that writes it.
//
// Errors are of four sorts. [ErrNotFound] is about the key, [ErrBadKey] and [ErrSize] about the caller,
// [ErrUnavailable] about the store, which may do the same later. What is neither is the error of the context or
// of the reader that was given.
package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"
)

var (
	// ErrNotFound is in the error about a key that has no file.
	ErrNotFound = errors.New("no such file")
	// ErrBadKey is in the error about a key that no file can have.
	ErrBadKey = errors.New("not a key of a file")
	// ErrSize is in the error of a Put whose reader gave more or fewer bytes than were announced.
	ErrSize = errors.New("not the size that was announced")
	// ErrUnavailable is in the error of a store that cannot be used now: it is away, full, read-only or refuses
	// its credentials.
	ErrUnavailable = errors.New("storage is not available")
)

// A Store keeps files under keys. It is safe for concurrent use, by several processes too.
type Store interface {
	// Put keeps the size bytes of r under a key, whole or not at all, in place of what was there. They are durable
	// when it returns. r is not read any more then, and never closed. A store that can lose a file on its way
	// sends it again if r is an io.Seeker.
	Put(ctx context.Context, key string, r io.Reader, size int64) error
	// Open returns the file of a key, or ErrNotFound. The context holds for all of the reading.
	Open(ctx context.Context, key string) (*File, error)
	// Delete removes the file of a key. A key without a file is no error.
	Delete(ctx context.Context, key string) error
	// List goes through the files whose keys begin with a prefix, in no particular order and reading as it goes.
	// A file that comes or goes meanwhile may be among them or not. An error is the last that it gives.
	List(ctx context.Context, prefix string) iter.Seq2[Entry, error]
	// Tidy removes what Puts that were cut off before a time have left behind, which no List shows, and returns
	// how many pieces that were. Puts that are still running have to be younger than that.
	Tidy(ctx context.Context, before time.Time) (int, error)
	// Check returns ErrUnavailable with its reason when files can be neither kept nor read now. It is cheap.
	Check(ctx context.Context) error
	// Close lets go of what the store holds open. Files that were opened stay usable.
	Close() error
}

// A File is a file being read. It is for one goroutine at a time.
type File struct {
	io.ReadSeekCloser

	// Size is in bytes.
	Size int64
	// Modified is when the file was put.
	Modified time.Time
}

// An Entry tells about a file without opening it.
type Entry struct {
	Key string
	// Size is in bytes.
	Size int64
	// Modified is when the file was put.
	Modified time.Time
}

const (
	maxKeySize = 200
	// startCharacters may begin a segment of a key, keyCharacters may follow. Upper case is missing because there
	// are file systems that do not tell it from lower case; a dot in front is for the store's own files.
	startCharacters = "abcdefghijklmnopqrstuvwxyz0123456789"
	keyCharacters   = startCharacters + "._-"
)

// CheckKey returns ErrBadKey with its reason unless a file can have the key: segments of [a-z0-9][a-z0-9._-]* with
// slashes between them, at most 200 bytes in all. No key may be the directory of another one.
func CheckKey(key string) error {
	if len(key) > maxKeySize {
		return fmt.Errorf("%w: it has %d bytes, want at most %d", ErrBadKey, len(key), maxKeySize)
	}
	for segment := range strings.SplitSeq(key, "/") {
		if segment == "" || !strings.Contains(startCharacters, segment[:1]) || strings.Trim(segment, keyCharacters) != "" {
			return fmt.Errorf("%w: %q", ErrBadKey, key)
		}
	}
	return nil
}

// checkPrefix returns ErrBadKey unless a key can begin with the prefix.
func checkPrefix(prefix string) error { return CheckKey(prefix + "x") }

// unavailable says that the store is why something failed.
func unavailable(err error) error { return fmt.Errorf("%w: %w", ErrUnavailable, err) }
