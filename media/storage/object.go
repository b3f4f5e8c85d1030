package storage

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/minio/minio-go/v7"
)

// An object reads a file of a bucket. Seeking costs nothing until the next Read, which asks for the rest from there.
type object struct {
	ctx    context.Context
	bucket *Bucket
	name   string
	size   int64
	// etag makes all parts come from the same file.
	etag string

	// offset is where the next Read begins.
	offset int64
	// body, if any, goes on at position.
	body     io.ReadCloser
	position int64
}

// request asks for the file from offset on.
func (o *object) request() (minio.ObjectInfo, error) {
	var options minio.GetObjectOptions
	if err := o.condition(&options); err != nil {
		return minio.ObjectInfo{}, err
	}
	body, info, _, err := o.bucket.client.GetObject(o.ctx, o.bucket.name, o.name, options)
	if err != nil {
		return minio.ObjectInfo{}, bucketError(o.ctx, err)
	}
	if want := o.size - o.offset; info.Size < 0 || (o.etag != "" && info.Size != want) {
		body.Close()
		return minio.ObjectInfo{}, unavailable(fmt.Errorf("the server sends %d bytes, want %d", info.Size, want))
	}
	o.body, o.position = body, o.offset
	return info, nil
}

// condition asks for what is left of the file that was opened.
func (o *object) condition(options *minio.GetObjectOptions) error {
	if o.etag != "" {
		if err := options.SetMatchETag(o.etag); err != nil {
			return err
		}
	}
	if o.offset > 0 {
		return options.SetRange(o.offset, 0)
	}
	return nil
}

// Read implements io.Reader.
func (o *object) Read(p []byte) (int, error) {
	if o.offset >= o.size {
		return 0, io.EOF
	}
	if len(p) == 0 {
		return 0, nil
	}
	if o.body != nil && o.position != o.offset {
		o.body.Close()
		o.body = nil
	}
	if o.body == nil {
		if _, err := o.request(); err != nil {
			return 0, fmt.Errorf("read %s: %w", o.name, err)
		}
	}
	n, err := o.body.Read(p)
	o.offset += int64(n)
	o.position = o.offset
	if err == nil || errors.Is(err, io.EOF) { // Not before the length that the server announced.
		return n, err
	}
	return n, fmt.Errorf("read %s: %w", o.name, bucketError(o.ctx, err))
}

// Seek implements io.Seeker.
func (o *object) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekStart:
	case io.SeekCurrent:
		offset += o.offset
	case io.SeekEnd:
		offset += o.size
	default:
		return 0, fmt.Errorf("seek %s: whence is %d", o.name, whence)
	}
	if offset < 0 {
		return 0, fmt.Errorf("seek %s: to %d", o.name, offset)
	}
	o.offset = offset
	return offset, nil
}

// Close implements io.Closer.
func (o *object) Close() error {
	if o.body == nil {
		return nil
	}
	err := o.body.Close()
	o.body = nil
	return err
}
