package catalog_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
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
			const clients, updates = 5, 1000
			var wg sync.WaitGroup
			var refused atomic.Int64
			for range clients {
				wg.Go(func() {
					v := visitor{server.Client(), server.URL + "/hotels/1"}
					for range updates / clients {
						conflicts, err := v.increment(t.Context())
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

// A visitor sends requests for one hotel over the network.
type visitor struct {
	client *http.Client
	url    string
}

// An answer is what a visitor reads of a response.
type answer struct {
	status int
	tag    string
	body   []byte
}

// increment reads the hotel and writes the next number into its description, until nobody was faster.
func (v visitor) increment(ctx context.Context) (conflicts int, err error) {
	for ; ; conflicts++ {
		read, err := v.send(ctx, http.MethodGet, "", nil)
		if err != nil || read.status != http.StatusOK {
			return conflicts, fmt.Errorf("GET = %d, %w", read.status, err)
		}
		var hotel struct {
			Description int `json:",string"`
		}
		if err := json.Unmarshal(read.body, &hotel); err != nil {
			return conflicts, err
		}
		patch := fmt.Sprintf(`{"description":"%d"}`, hotel.Description+1)
		written, err := v.send(ctx, http.MethodPatch, patch, http.Header{"If-Match": {read.tag}})
		if err != nil || written.status == http.StatusOK {
			return conflicts, err
		}
		if written.status != http.StatusPreconditionFailed {
			return conflicts, fmt.Errorf("PATCH = %d %s", written.status, written.body)
		}
	}
}

func (v visitor) send(ctx context.Context, method, body string, header http.Header) (answer, error) {
	req, err := http.NewRequestWithContext(ctx, method, v.url, strings.NewReader(body))
	if err != nil {
		return answer{}, err
	}
	maps.Copy(req.Header, header)
	req.Header.Set("Authorization", "Bearer "+authtest.Token(auth.Admin, adminID))
	req.Header.Set("Content-Type", "application/merge-patch+json")
	res, err := v.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer func() { _ = res.Body.Close() }()
	content, err := io.ReadAll(res.Body)
	return answer{res.StatusCode, res.Header.Get("ETag"), content}, err
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
	v := visitor{server.Client(), server.URL + "/hotels/1"}
	first, err := v.send(t.Context(), http.MethodGet, "", nil)
	if err != nil || !strings.HasPrefix(first.tag, `W/"`) {
		t.Fatalf("GET = %+v, %v, want a weak ETag", first, err)
	}
	for _, step := range []struct {
		method, body, header string
		status               int
	}{
		{"GET", "", "If-None-Match", 304},
		{"PATCH", `{"stars":1}`, "If-Match", 200},
		{"PATCH", `{"stars":2}`, "If-Match", 412},
		{"GET", "", "If-None-Match", 200},
	} {
		got, err := v.send(t.Context(), step.method, step.body, http.Header{step.header: {first.tag}})
		if err != nil || got.status != step.status {
			t.Errorf("%s with %s of the first read = %d, %v, want %d", step.method, step.header, got.status, err, step.status)
		}
	}
}
