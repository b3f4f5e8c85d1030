package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
)

// A source gives exactly the bytes that a Put announced. The last of them are given only once it is known that
// nothing follows, so that whoever waits for all of them never has a file of the wrong size. It ends with its
// context, and stays still for good once it is closed.
type source struct {
	ctx context.Context

	mu    sync.Mutex // an HTTP client may still be reading while its answer is looked at
	r     io.Reader
	size  int64
	left  int64
	ended bool
	err   error
}

// newSource returns the source of a Put, whose key and size it checks.
func newSource(ctx context.Context, key string, r io.Reader, size int64) (*source, error) {
	if err := CheckKey(key); err != nil {
		return nil, fmt.Errorf("put: %w", err)
	}
	if size < 0 {
		return nil, fmt.Errorf("put %s: %w: %d", key, ErrSize, size)
	}
	return &source{ctx: ctx, r: r, size: size, left: size}, nil
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(p) == 0 {
		return 0, s.err
	}
	n := s.read(p)
	if s.err != nil {
		return 0, s.err
	}
	if n == 0 && s.ended {
		return 0, io.EOF
	}
	return n, nil
}

// begin makes sure that an empty source is empty, for those who do not read one.
func (s *source) begin() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.left == 0 && !s.ended {
		s.err = s.end()
	}
	return s.err
}

// read returns how many bytes it read, or sets s.err.
func (s *source) read(p []byte) int {
	if s.err == nil {
		s.err = context.Cause(s.ctx)
	}
	if s.err != nil || s.ended {
		return 0
	}
	var n int
	var err error
	if s.left > 0 { // Some readers never return when there is no room.
		n, err = s.r.Read(p[:min(int64(len(p)), s.left)])
		s.left -= int64(n)
	}
	switch {
	case s.left == 0 && (err == nil || errors.Is(err, io.EOF)):
		s.err = s.end()
	case errors.Is(err, io.EOF):
		s.err = fmt.Errorf("%w: got %d bytes, want %d", ErrSize, s.size-s.left, s.size)
	default:
		s.err = err
	}
	return n
}

// end makes sure that nothing follows.
func (s *source) end() error {
	var more [1]byte
	_, err := io.ReadFull(s.r, more[:])
	if err == nil {
		return fmt.Errorf("%w: got more than %d bytes", ErrSize, s.size)
	}
	if errors.Is(err, io.EOF) {
		s.ended = true
		return nil
	}
	return err
}

// close waits for a Read that is under way and keeps any other from reaching the reader. It returns why the bytes
// could not be had, or nil when that was not the trouble.
func (s *source) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	err := s.err
	s.err = io.ErrClosedPipe
	return err
}
