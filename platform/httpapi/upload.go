package httpapi

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"

	"github.com/shumbooking/shumbooking/platform/errs"
)

const formType = "multipart/form-data"

// An upload is a multipart body that arrives while its endpoint runs.
type upload struct {
	body     io.Reader
	boundary string
	limit    int64
	declared int64 // size by the header, -1 if that does not say
	read     int64
	awaited  bool // the client sends nothing until the server asks for it
	err      error
}

type uploadKey struct{}

// uploadOf returns the upload of the request that ctx belongs to, nil for others.
func uploadOf(ctx context.Context) *upload {
	u, _ := ctx.Value(uploadKey{}).(*upload)
	return u
}

func newUpload(r *http.Request, limit int64) *upload {
	return &upload{
		body: r.Body, limit: limit, declared: r.ContentLength,
		awaited: strings.EqualFold(r.Header.Get("Expect"), "100-continue"),
	}
}

// check refuses what can be refused without reading: a size beyond the limit and another media type.
func (u *upload) check(r *http.Request) error {
	if u.declared > u.limit {
		return u.tooLarge()
	}
	if err := refuseCoding(r); err != nil {
		return err
	}
	contentType := r.Header.Get("Content-Type")
	// Not that of ParseMediaType, which has none when parameters are malformed.
	media, _, _ := strings.Cut(contentType, ";")
	_, params, err := mime.ParseMediaType(contentType)
	boundary, found := params["boundary"]
	if !strings.EqualFold(strings.TrimSpace(media), formType) || err == nil && !found {
		return errs.UnsupportedMediaType.Newf("The body must be %s, with a boundary.", formType)
	}
	if err != nil || !isBoundary(boundary) {
		return errs.MalformedRequest.New("The boundary of the body is not well-formed.").Because(err)
	}
	u.boundary = boundary
	return nil
}

// isBoundary reports whether s may separate the parts of a body (RFC 2046, section 5.1.1).
func isBoundary(s string) bool {
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && !strings.ContainsRune("'()+_,-./:=? ", rune(c)) {
			return false
		}
	}
	return len(s) >= 1 && len(s) <= 70 && s[len(s)-1] != ' '
}

func (u *upload) tooLarge() error {
	return errs.BodyTooLarge.Newf(textBodyLimit, u.limit)
}

// Read reads the body up to its limit. Every error but io.EOF is one that the client may see, and stays.
func (u *upload) Read(p []byte) (int, error) {
	if u.err != nil {
		return 0, u.err
	}
	// One byte more than the limit, to tell a body that ends there from one that goes on.
	p = p[:min(int64(len(p)), u.limit+1-u.read)]
	n, err := u.body.Read(p)
	u.read += int64(n)
	switch {
	case u.read > u.limit:
		n, u.err = n-1, u.tooLarge()
	case err == nil || errors.Is(err, io.EOF):
		u.err = err
	case errors.Is(err, os.ErrDeadlineExceeded):
		u.err = errs.RequestTimeout.New("The body did not arrive in time.").Because(err)
	default:
		u.err = errs.MalformedRequest.New("The body did not arrive whole.").Because(err)
	}
	return n, u.err
}

// blame returns err, the error of the endpoint, together with that of the body, if there is one: an endpoint
// that failed for want of the body may not say so.
func (u *upload) blame(err error) error {
	if u == nil || u.err == nil || errors.Is(u.err, io.EOF) {
		return err
	}
	return errors.Join(err, u.err)
}

// drain sends the answer, and reads the rest of the body for those clients that read only when they have written
// all. Of no body it reads more than twice the limit, nor begins where that would not reach the end.
func (u *upload) drain(w http.ResponseWriter) {
	if u == nil || errors.Is(u.err, io.EOF) || u.awaited && u.read == 0 || u.declared > 2*u.limit {
		return
	}
	if paced, ok := u.body.(*pacedBody); ok {
		// The server itself reads the rest of a small body before it answers.
		paced.await()
	}
	_ = http.NewResponseController(w).Flush()
	_, _ = io.CopyN(io.Discard, u.body, 2*u.limit-u.read)
}
