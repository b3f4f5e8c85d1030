package imaging

import (
	"errors"
	"io"
)

// source reads for a decoder and remembers an error of the reader, so that it is not taken for damage of the file.
type source struct {
	r     io.Reader
	check func() error // Asked before every read; an error ends the reading, and so the decoding.
	err   error
}

// Read implements io.Reader.
func (s *source) Read(p []byte) (int, error) {
	if s.err == nil && s.check != nil {
		s.err = s.check()
	}
	if s.err != nil {
		return 0, s.err
	}
	n, err := s.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		s.err = err
	}
	return n, err
}

// seekSource is a source that can seek.
type seekSource struct {
	source
	io.Seeker
}
