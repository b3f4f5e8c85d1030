package httpapi_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// A client may close its side for writing and go on reading: it must not take silence for success.
func TestGivenUpIsNoSuccess(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	res := newClient(t).Send(httptest.NewRequestWithContext(ctx, http.MethodGet, "/things/499", nil))
	res.WantProblem(http.StatusServiceUnavailable, "service_unavailable")
	if got := res.Header.Get("Connection"); got != "close" {
		t.Errorf("Connection = %q, want close", got)
	}
}

// slowReader takes 11 seconds for its first byte.
type slowReader struct {
	io.Reader
	waited bool
}

func (r *slowReader) Read(p []byte) (int, error) {
	if !r.waited {
		r.waited = true
		<-time.After(11 * time.Second)
	}
	return r.Reader.Read(p)
}

func TestSlowUploadLeavesTimeForTheEndpoint(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := newClient(t)
		req := httptest.NewRequest(http.MethodPost, "/open", &slowReader{Reader: strings.NewReader(`{"title":"a"}`)})
		req.Header.Set("Content-Type", "application/json")
		c.Send(req).Want(http.StatusOK)
		req = httptest.NewRequest(http.MethodGet, "/things/499", nil)
		c.Send(req).WantProblem(http.StatusServiceUnavailable, "service_unavailable")
	})
}

// Without a validator a cache would have to guess for how long an answer is good, also one to somebody who signed in.
func TestWhatHasNoValidatorIsNotCached(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	for target, want := range map[string]string{
		"POST /open": "no-store", "DELETE /things/1": "no-store", "GET /things/1": "no-store", "GET /things": "no-store",
		"GET /openapi.json": "no-store", "GET /docs": "no-store", "GET /docs/swagger-ui-bundle.js": "public, no-cache",
	} {
		method, path, _ := strings.Cut(target, " ")
		for _, token := range []string{"", "good"} {
			if got := c.As(token).Do(method, path, `{"title":"a"}`).Header.Values("Cache-Control"); len(got) != 1 || got[0] != want {
				t.Errorf("%s by %q: Cache-Control = %q, want %q", target, token, got, want)
			}
		}
	}
	asset := "/docs/swagger-ui-bundle.js"
	tag := c.Do("GET", asset, nil).Header.Get("ETag")
	if got := send(t, c, "GET", asset, "", "If-None-Match", tag).Want(http.StatusNotModified); len(got.Body) > 0 || tag == "" {
		t.Errorf("%s with the tag %q it has: %d bytes, want none", asset, tag, len(got.Body))
	}
}

// unread fails the test when it is read.
type unread struct{ t *testing.T }

func (r unread) Read([]byte) (int, error) {
	r.t.Error("a body that is bound to be refused was read")
	return 0, io.EOF
}

func TestRefusedBodiesAreNotRead(t *testing.T) {
	t.Parallel()
	c := newClient(t)
	for _, tt := range []struct {
		length          int64
		media, encoding string
		status          int
	}{
		{1 << 40, "application/json", "", http.StatusRequestEntityTooLarge},
		{1 << 40, "text/plain", "", http.StatusRequestEntityTooLarge},
		{5, "text/plain", "", http.StatusUnsupportedMediaType},
		{5, "application/json", "gzip", http.StatusUnsupportedMediaType},
	} {
		req := httptest.NewRequest(http.MethodPost, "/open", unread{t})
		req.ContentLength = tt.length
		req.Header.Set("Content-Type", tt.media)
		req.Header.Set("Content-Encoding", tt.encoding)
		c.Send(req).Want(tt.status)
	}
}

func TestErrorsAreBounded(t *testing.T) {
	t.Parallel()
	var query strings.Builder
	for i := range 3000 {
		fmt.Fprintf(&query, "x%d=1&", i)
	}
	p := newClient(t).Do(http.MethodGet, "/things?"+query.String(), nil).WantProblem(http.StatusUnprocessableEntity, "validation_failed")
	if len(p.Errors) != 100 {
		t.Errorf("%d errors, want the first 100", len(p.Errors))
	}
}

func TestAsterisk(t *testing.T) {
	t.Parallel()
	req := httptest.NewRequest(http.MethodGet, "/", nil)
	req.URL.Path, req.RequestURI = "*", "*"
	c := newClient(t)
	c.Send(req).WantProblem(http.StatusNotFound, "not_found")
	req.Method = http.MethodOptions
	res := c.Send(req).Want(http.StatusNoContent)
	if got, want := res.Header.Get("Allow"), "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS"; got != want {
		t.Errorf("OPTIONS *: Allow = %q, want %q", got, want)
	}
}
