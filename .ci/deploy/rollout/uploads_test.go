package rollout_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"

	"github.com/shumbooking/shumbooking/platform/proctest"
)

// uploader sends photographs to one gallery after the other, none of which gets full.
func (l *load) uploader() func() {
	next := 0
	return func() {
		gallery := fmt.Sprintf("/hotels/%d/rooms/%d/images", l.hotels[0], l.roomIDs[next%rooms])
		next++
		contentType, body := form(l.photograph)
		_, err := ask(l.kept, http.StatusAccepted, l.upload(gallery, contentType, bytes.NewReader(body)))
		l.note("upload", err)
	}
}

func (l *load) upload(gallery, contentType string, body io.Reader) *http.Request {
	r := l.request(http.MethodPost, gallery, l.admin, nil)
	r.Header.Set("Content-Type", contentType)
	r.Body = io.NopCloser(body)
	return r
}

// form is the body of an upload.
func form(photograph []byte) (contentType string, body []byte) {
	var b bytes.Buffer
	w := multipart.NewWriter(&b)
	part, err := w.CreateFormFile("file", "photograph")
	if err == nil {
		_, err = part.Write(photograph)
	}
	if err = errors.Join(err, w.Close()); err != nil {
		panic(err) // Memory does not fail.
	}
	return w.FormDataContentType(), b.Bytes()
}

// A slowUpload is one whose sender pauses in the middle.
type slowUpload struct {
	rest   []byte
	body   *io.PipeWriter
	result chan error
}

// sendHalf begins an upload that an API with the given number receives, and returns when it has half of it.
func (l *load) sendHalf(s *site, i int) *slowUpload {
	l.t.Helper()
	for {
		l.rush()
		contentType, content := form(l.large)
		source, body := io.Pipe()
		half := len(content) / 2
		u := &slowUpload{rest: content[half:], body: body, result: make(chan error, 1)}
		r := l.upload(fmt.Sprintf("/hotels/%d/images", l.hotels[1]), contentType, source)
		go func() {
			_, err := ask(l.fresh, http.StatusAccepted, r)
			source.CloseWithError(errors.New("the upload is answered"))
			u.result <- err
		}()
		if _, err := body.Write(content[:half]); err != nil {
			l.t.Fatalf("half of an upload: %v", <-u.result)
		}
		receiver := -1
		proctest.Eventually(l.t, "an API has half of an upload", func() bool {
			for n := range s.apis {
				if s.receives(n) {
					receiver = n
				}
			}
			return receiver >= 0
		})
		if receiver == i {
			return u
		}
		l.note("slow upload", u.finish())
	}
}

// finish sends the rest and returns what came of the upload.
func (u *slowUpload) finish() error {
	_, err := u.body.Write(u.rest)
	_ = u.body.Close() // It returns no error.
	if answer := <-u.result; answer != nil {
		return answer
	}
	return err
}
