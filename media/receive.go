package media

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/shumbooking/shumbooking/media/imaging"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
)

// A photograph is an uploaded file that may be one. The file has no name any more: it goes with the process.
type photograph struct {
	name string
	file *os.File
	size int64
	hash []byte // SHA-256 of the content
	info imaging.Info
}

// receive reads all files of an upload and judges them. It returns what has to be closed, with an error as well:
// then some file is not a photograph, which the error tells of all of them, or the upload did not arrive.
func (s *Service) receive(ctx context.Context, files *httpapi.Files) ([]*photograph, error) {
	var received []*photograph
	var wrong []errs.Field
	for file, err := range files.All() {
		if err != nil {
			return received, err
		}
		p, err := s.spool(file)
		if err != nil {
			return received, err
		}
		received = append(received, p)
		p.info, err = s.inspect(ctx, p)
		if refused, ok := errors.AsType[*imaging.Refused](err); ok {
			wrong = append(wrong, errs.Field{
				Field: fmt.Sprintf("file.%d", len(received)-1), In: "body", Code: refused.Code, Message: refused.Detail,
			})
		} else if err != nil {
			return received, fmt.Errorf("inspect upload: %w", err)
		}
		if _, err := p.file.Seek(0, io.SeekStart); err != nil {
			return received, fmt.Errorf("inspect upload: %w", err)
		}
	}
	if len(wrong) > 0 {
		return received, errs.InvalidFields(wrong...)
	}
	return received, nil
}

// inspect judges one file on each core at a time.
func (s *Service) inspect(ctx context.Context, p *photograph) (imaging.Info, error) {
	if err := s.inspections.Acquire(ctx, 1); err != nil {
		return imaging.Info{}, err
	}
	defer s.inspections.Release(1)
	return imaging.Inspect(p.file)
}

// spool copies a file of an upload to the disk, so that it takes no memory however slowly it arrives.
func (s *Service) spool(from *httpapi.File) (_ *photograph, err error) {
	file, err := os.CreateTemp(s.tempDir, "shum-booking-upload-*")
	if err != nil {
		return nil, unavailable("There is no space for uploads right now.", err)
	}
	p := &photograph{name: from.Name, file: file}
	defer func() {
		if err != nil {
			err = errors.Join(err, file.Close())
		}
	}()
	if err := os.Remove(file.Name()); err != nil {
		return nil, fmt.Errorf("spool upload: %w", err)
	}
	hash := sha256.New()
	p.size, err = io.Copy(io.MultiWriter(file, hash), io.LimitReader(from, s.maxFile+1))
	if _, ok := errors.AsType[*fs.PathError](err); ok {
		return nil, unavailable("There is no space for uploads right now.", err)
	}
	if err != nil {
		return nil, err
	}
	if p.size > s.maxFile {
		return nil, errs.BodyTooLarge.Newf("A file may have at most %d MiB.", s.maxFile>>20)
	}
	p.hash = hash.Sum(nil)
	return p, nil
}

// closeAll gives the space of the files back.
func closeAll(received []*photograph) {
	for _, p := range received {
		// It was only read since it was written, and nobody can name it.
		_ = p.file.Close()
	}
}
