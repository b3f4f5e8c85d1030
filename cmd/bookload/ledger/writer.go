package ledger

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"syscall"
)

// A Writer appends to a ledger. Its methods may be called by many clients at once, which share the syncs of the disk.
type Writer struct {
	file *os.File
	wake chan struct{}
	done chan struct{}

	mu     sync.Mutex
	next   *group
	closed bool
	err    error // of a write or sync, after which nothing is promised any more
}

// A group are the lines that one sync is for.
type group struct {
	lines  bytes.Buffer
	synced chan struct{}
	err    error // once synced is closed
}

func newGroup() *group { return &group{synced: make(chan struct{})} }

var errClosed = errors.New("the ledger is closed")

// Create makes a ledger, which must not exist yet, readable by its owner only: it has passwords.
func Create(path string, h Header) (*Writer, error) {
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, 0o600) //nolint:gosec // The user names it.
	if err != nil {
		return nil, fmt.Errorf("create ledger: %w", err)
	}
	if err := syncDir(filepath.Dir(path)); err != nil {
		return nil, errors.Join(fmt.Errorf("create ledger: %w", err), file.Close())
	}
	return write(file, h)
}

// syncDir has a directory keep the names in it.
func syncDir(path string) error {
	dir, err := os.Open(path) //nolint:gosec // The user names it.
	if err != nil {
		return err
	}
	defer dir.Close()
	// Some file systems cannot sync a directory, and keep it durable themselves.
	if err := dir.Sync(); err != nil && !errors.Is(err, syscall.EINVAL) {
		return err
	}
	return nil
}

// write begins a ledger in a file, which is the Writer's from then on.
func write(file *os.File, h Header) (*Writer, error) {
	h.Version = Version
	w := &Writer{file: file, next: newGroup(), wake: make(chan struct{}, 1), done: make(chan struct{})}
	go w.sync()
	if err := w.Append(Entry{Header: &h}); err != nil {
		return nil, errors.Join(err, w.Close())
	}
	return w, nil
}

// Append writes e and returns once it is on the disk. After an error the ledger takes nothing more.
func (w *Writer) Append(e Entry) error {
	line, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("append to ledger: %w", err)
	}
	g, err := w.enqueue(append(line, '\n'))
	if err != nil {
		return fmt.Errorf("append to ledger: %w", err)
	}
	<-g.synced
	if g.err != nil {
		return fmt.Errorf("append to ledger: %w", g.err)
	}
	return nil
}

func (w *Writer) enqueue(line []byte) (*group, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case w.err != nil:
		return nil, w.err
	case w.closed:
		return nil, errClosed
	}
	w.next.lines.Write(line)
	select {
	case w.wake <- struct{}{}:
	default: // It was woken for an earlier line of the group.
	}
	return w.next, nil
}

// sync writes group after group: what arrives during a sync is the next one.
func (w *Writer) sync() {
	defer close(w.done)
	for range w.wake {
		w.mu.Lock()
		g := w.next
		w.next = newGroup()
		g.err = w.err
		w.mu.Unlock()
		if g.err == nil {
			g.err = w.write(g.lines.Bytes())
		}
		close(g.synced)
	}
}

func (w *Writer) write(lines []byte) error {
	_, err := w.file.Write(lines)
	if err == nil {
		err = w.file.Sync()
	}
	if err != nil {
		w.mu.Lock()
		defer w.mu.Unlock()
		w.err = err
	}
	return err
}

// Close returns when all lines are on the disk.
func (w *Writer) Close() error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return nil
	}
	w.closed = true
	close(w.wake)
	w.mu.Unlock()
	<-w.done
	if err := errors.Join(w.err, w.file.Close()); err != nil {
		return fmt.Errorf("close ledger: %w", err)
	}
	return nil
}
