package catalog_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/auth/authtest"
)

// TestRacingPatches: clients that send the tag of what they read, and read again when it is refused, lose no update
// to each other, be it directly or through a proxy that compresses and weakens the tags as nginx does.
func TestRacingPatches(t *testing.T) {
	t.Parallel()
	for name, wrap := range map[string]func(*testing.T, http.Handler) http.Handler{
		"directly":            func(_ *testing.T, h http.Handler) http.Handler { return h },
		"behind a compressor": newCompressor,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := setup(t)
			f.hotel(f.moscow(), "A")
			f.admin.Do("PATCH", "/hotels/1", object{"description": "0"}).Want(200)
			server := httptest.NewServer(wrap(t, f.anyone.Handler()))
			t.Cleanup(server.Close)
			const clients, updates = 8, 1000
			var wg sync.WaitGroup
			var refused atomic.Int64
			for range clients {
				wg.Go(func() {
					c := counter{client: server.Client(), url: server.URL + "/hotels/1"}
					for range updates / clients {
						conflicts, err := c.increment()
						if err != nil {
							t.Error(err)
							return
						}
						refused.Add(int64(conflicts))
					}
				})
			}
			wg.Wait()
			var hotel struct{ Description string }
			f.anyone.Do("GET", "/hotels/1", nil).Want(200).Decode(&hotel)
			if hotel.Description != strconv.Itoa(updates) {
				t.Errorf("%s updates are left of %d, after %d refusals", hotel.Description, updates, refused.Load())
			}
			t.Logf("%d updates, %d refusals", updates, refused.Load())
		})
	}
}

// A counter counts in the description of a hotel.
type counter struct {
	client *http.Client
	url    string
}

// increment reads the hotel and writes the next number, until nobody was faster.
func (c counter) increment() (conflicts int, err error) {
	for ; ; conflicts++ {
		var hotel struct{ Description string }
		read, err := c.send(http.MethodGet, nil, "", &hotel)
		if err != nil || read.StatusCode != http.StatusOK {
			return conflicts, fmt.Errorf("GET: %v, %w", read, err)
		}
		n, err := strconv.Atoi(hotel.Description)
		if err != nil {
			return conflicts, err
		}
		written, err := c.send(http.MethodPatch, object{"description": strconv.Itoa(n + 1)}, read.Header.Get("ETag"), nil)
		switch {
		case err != nil:
			return conflicts, err
		case written.StatusCode == http.StatusOK:
			return conflicts, nil
		case written.StatusCode != http.StatusPreconditionFailed:
			return conflicts, fmt.Errorf("PATCH: %s", written.Status)
		}
	}
}

func (c counter) send(method string, body object, tag string, into any) (*http.Response, error) {
	raw, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequest(method, c.url, bytes.NewReader(raw)) //nolint:noctx // the server ends with the test
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+authtest.Token(auth.Admin, adminID))
	if tag != "" {
		req.Header.Set("Content-Type", "application/merge-patch+json")
		req.Header.Set("If-Match", tag)
	}
	res, err := c.client.Do(req)
	if err != nil {
		return nil, err
	}
	defer func() { _ = res.Body.Close() }()
	answer, err := io.ReadAll(res.Body)
	if err != nil || into == nil {
		return res, err
	}
	return res, json.Unmarshal(answer, into)
}

// newCompressor returns a proxy before h that compresses what it passes on. Like nginx, it then turns strong tags into
// weak ones, as its bytes are not those that the tag was made of.
func newCompressor(t *testing.T, h http.Handler) http.Handler {
	t.Helper()
	origin := httptest.NewServer(h)
	t.Cleanup(origin.Close)
	target, err := url.Parse(origin.URL)
	if err != nil {
		t.Fatal(err)
	}
	proxy := &httputil.ReverseProxy{
		Transport: origin.Client().Transport,
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		ModifyResponse: func(res *http.Response) error {
			if res.StatusCode != http.StatusOK || !strings.Contains(res.Request.Header.Get("Accept-Encoding"), "gzip") {
				return nil
			}
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			if _, err := io.Copy(z, res.Body); err != nil {
				return err
			}
			if err := z.Close(); err != nil {
				return err
			}
			res.Body = io.NopCloser(&b)
			res.Header.Set("Content-Encoding", "gzip")
			res.Header.Set("Content-Length", strconv.Itoa(b.Len()))
			res.Header.Set("ETag", "W/"+res.Header.Get("ETag"))
			return nil
		},
	}
	return proxy
}

// TestTagsThroughACompressor: what a proxy has weakened still saves an answer and guards a change.
func TestTagsThroughACompressor(t *testing.T) {
	t.Parallel()
	f := setup(t)
	f.hotel(f.moscow(), "A")
	server := httptest.NewServer(newCompressor(t, f.anyone.Handler()))
	t.Cleanup(server.Close)
	send := func(method, body string, headers map[string]string) *http.Response {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), method, server.URL+"/hotels/1", strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+authtest.Token(auth.Admin, adminID))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("Accept-Encoding", "gzip")
		for name, value := range headers {
			req.Header.Set(name, value)
		}
		res, err := server.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = res.Body.Close() })
		return res
	}
	old := send("GET", "", nil).Header.Get("ETag")
	if !strings.HasPrefix(old, `W/"`) {
		t.Fatalf("ETag = %q, want a weak one", old)
	}
	for _, step := range []struct {
		method, body, header, tag string
		status                    int
	}{
		{"GET", "", "If-None-Match", old, 304},
		{"PATCH", `{"stars":1}`, "If-Match", old, 200},
		{"PATCH", `{"stars":2}`, "If-Match", old, 412},
		{"GET", "", "If-None-Match", old, 200},
	} {
		if got := send(step.method, step.body, map[string]string{step.header: step.tag}).StatusCode; got != step.status {
			t.Errorf("%s with %s of the first read = %d, want %d", step.method, step.header, got, step.status)
		}
	}
}
