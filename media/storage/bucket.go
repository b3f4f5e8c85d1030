package storage

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/minio/minio-go/v7"
	"github.com/minio/minio-go/v7/pkg/credentials"
)

const (
	dialTimeout = 5 * time.Second
	// headerTimeout is how long the server may think once it has the whole request. Some replicate a file first.
	headerTimeout = 30 * time.Second
	// maxAttempts is how often a request is sent when the server is away or overloaded.
	maxAttempts = 3
	retryPause  = 200 * time.Millisecond
	// idleConns is how many connections are kept for the next request.
	idleConns = 64
)

// BucketConfig says where a bucket is and who may use it.
type BucketConfig struct {
	// Endpoint is the URL of the server without a path, such as "https://s3.eu-central-1.amazonaws.com". Servers
	// other than Amazon's find the bucket in the path of requests.
	Endpoint string
	Region   string
	Bucket   string
	// Prefix, if it is set, is the directory of all keys, for a bucket with several owners. It is a key itself.
	Prefix          string
	AccessKeyID     string
	SecretAccessKey string
}

// A Bucket keeps files in a bucket of a server that speaks Amazon's S3. It needs the permissions GetObject,
// PutObject, DeleteObject and ListBucket; without the last the server does not tell which files are missing.
type Bucket struct {
	client    minio.Core
	transport *http.Transport
	name      string
	prefix    string
}

// OpenBucket returns the store in a bucket, which has to exist by the time it is used. It connects to nothing.
func OpenBucket(c BucketConfig) (*Bucket, error) {
	if c.Prefix != "" {
		if err := CheckKey(c.Prefix); err != nil {
			return nil, fmt.Errorf("open bucket: prefix: %w", err)
		}
		c.Prefix += "/"
	}
	endpoint, err := url.Parse(c.Endpoint)
	if err != nil {
		return nil, errors.New("open bucket: the endpoint is not a URL") // Which may have a password.
	}
	secure := endpoint.Scheme == "https"
	transport, err := newTransport(secure)
	if err != nil {
		return nil, fmt.Errorf("open bucket: %w", err)
	}
	client, err := minio.NewCore(endpoint.Host, &minio.Options{
		Creds:  credentials.NewStaticV4(c.AccessKeyID, c.SecretAccessKey, ""),
		Secure: secure, Region: c.Region, Transport: observed{impatient{transport}}, MaxRetries: maxAttempts,
	})
	if err != nil {
		return nil, fmt.Errorf("open bucket: %w", err)
	}
	return &Bucket{client: *client, transport: transport, name: c.Bucket, prefix: c.Prefix}, nil
}

// newTransport returns a transport that waits for nothing forever.
func newTransport(secure bool) (*http.Transport, error) {
	transport, err := minio.DefaultTransport(secure)
	if err != nil {
		return nil, err
	}
	transport.DialContext = (&net.Dialer{Timeout: dialTimeout}).DialContext
	transport.TLSHandshakeTimeout = dialTimeout
	transport.ResponseHeaderTimeout = headerTimeout
	transport.MaxIdleConnsPerHost = idleConns
	return transport, nil
}

// Close implements Store.
func (b *Bucket) Close() error {
	b.transport.CloseIdleConnections()
	return nil
}

// Put implements Store. The file is sent in one request, which leaves nothing behind when it is cut off.
func (b *Bucket) Put(ctx context.Context, key string, r io.Reader, size int64) error {
	rewind := rewinder(r)
	for attempt := 1; ; attempt++ {
		src, err := newSource(ctx, key, r, size)
		if err != nil {
			return err
		}
		err = b.send(ctx, key, src)
		if err == nil {
			return nil
		}
		if attempt == maxAttempts || !isPassing(err) || !rewind(ctx, retryPause<<(attempt-1)) {
			return fmt.Errorf("put %s: %w", key, err)
		}
	}
}

// send makes one attempt. The connection may not have stopped reading when its answer is there, so that
// the source is closed before anyone else reads.
func (b *Bucket) send(ctx context.Context, key string, src *source) error {
	err := src.begin()
	if err == nil {
		_, err = b.client.Client.PutObject(ctx, b.name, b.prefix+key, src, src.size, minio.PutObjectOptions{
			DisableMultipart: true,
			// The client would send nothing in chunks, without the length that servers want.
			DisableContentSha256: src.size == 0,
		})
	}
	if cause := src.close(); cause != nil {
		return cause
	}
	return bucketError(ctx, err)
}

// rewinder returns a function that waits and then sets r back to where it is now. The function returns false when
// that cannot be done.
func rewinder(r io.Reader) func(context.Context, time.Duration) bool {
	seeker, ok := r.(io.Seeker)
	if !ok {
		return func(context.Context, time.Duration) bool { return false }
	}
	start, err := seeker.Seek(0, io.SeekCurrent)
	return func(ctx context.Context, pause time.Duration) bool {
		if err != nil {
			return false
		}
		select {
		case <-ctx.Done():
			return false
		case <-time.After(pause):
		}
		_, failed := seeker.Seek(start, io.SeekStart)
		return failed == nil
	}
}

// Open implements Store. It asks for the whole file at once; what is not read is not transferred, but for what the
// network had taken up already.
func (b *Bucket) Open(ctx context.Context, key string) (*File, error) {
	if err := CheckKey(key); err != nil {
		return nil, fmt.Errorf("open: %w", err)
	}
	o := &object{ctx: ctx, bucket: b, name: b.prefix + key}
	info, err := o.request()
	if err != nil {
		return nil, fmt.Errorf("open %s: %w", key, err)
	}
	o.size, o.etag = info.Size, info.ETag
	return &File{ReadSeekCloser: o, Size: info.Size, Modified: info.LastModified}, nil
}

// Delete implements Store.
func (b *Bucket) Delete(ctx context.Context, key string) error {
	if err := CheckKey(key); err != nil {
		return fmt.Errorf("delete: %w", err)
	}
	err := bucketError(ctx, b.client.RemoveObject(ctx, b.name, b.prefix+key, minio.RemoveObjectOptions{}))
	if err != nil && !errors.Is(err, ErrNotFound) {
		return fmt.Errorf("delete %s: %w", key, err)
	}
	return nil
}

// List implements Store. What others keep in the bucket under names that are no keys is left out.
func (b *Bucket) List(ctx context.Context, prefix string) iter.Seq2[Entry, error] {
	return func(yield func(Entry, error) bool) {
		if err := checkPrefix(prefix); err != nil {
			yield(Entry{}, fmt.Errorf("list: %w", err))
			return
		}
		options := minio.ListObjectsOptions{Prefix: b.prefix + prefix, Recursive: true, FetchOwner: new(false)}
		for info := range b.client.ListObjectsIter(ctx, b.name, options) {
			if info.Err != nil {
				yield(Entry{}, fmt.Errorf("list %q: %w", prefix, bucketError(ctx, info.Err)))
				return
			}
			key, ours := strings.CutPrefix(info.Key, b.prefix)
			if !ours || CheckKey(key) != nil {
				continue
			}
			if !yield(Entry{Key: key, Size: info.Size, Modified: info.LastModified}, nil) {
				return
			}
		}
		// The client just stops there, which must not look like the end of the list.
		if err := context.Cause(ctx); err != nil {
			yield(Entry{}, fmt.Errorf("list %q: %w", prefix, err))
		}
	}
}

// Tidy implements Store. There is nothing to do: a request that was cut off leaves nothing behind.
func (b *Bucket) Tidy(ctx context.Context, _ time.Time) (int, error) {
	return 0, context.Cause(ctx)
}

// Check implements Store. It asks whether the bucket exists.
func (b *Bucket) Check(ctx context.Context) error {
	exists, err := b.client.BucketExists(ctx, b.name)
	if err == nil && !exists {
		err = fmt.Errorf("there is no bucket %s", b.name)
	}
	if err != nil {
		return fmt.Errorf("check storage: %w", bucketError(ctx, err))
	}
	return nil
}

// bucketError tells a file that is not there from a server that cannot be used.
func bucketError(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if response, ok := errors.AsType[minio.ErrorResponse](err); ok && response.Code == minio.NoSuchKey {
		return ErrNotFound
	}
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return unavailable(err)
}

// isPassing reports whether the same request may succeed a moment later.
func isPassing(err error) bool {
	if !errors.Is(err, ErrUnavailable) {
		return false
	}
	response, answered := errors.AsType[minio.ErrorResponse](err)
	return !answered || response.StatusCode >= http.StatusInternalServerError ||
		response.StatusCode == http.StatusTooManyRequests || response.StatusCode == http.StatusRequestTimeout
}
