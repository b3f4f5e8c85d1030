package storage_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/iotest"
)

func TestServeContent(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("0123456789", 50_000)
	for name, open := range stores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			put(t, s, "images/a.jpg", text)
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				f, err := s.Open(r.Context(), "images/a.jpg")
				if err != nil {
					t.Errorf("Open: %v", err)
					return
				}
				defer f.Close()
				w.Header().Set("ETag", `"a"`)
				http.ServeContent(w, r, "a.jpg", f.Modified, f)
			}))
			t.Cleanup(server.Close)
			for _, tt := range []struct {
				name, header, value string
				status              int
				want                string
			}{
				{"whole", "", "", 200, text},
				{"first bytes", "Range", "bytes=0-9", 206, text[:10]},
				{"middle", "Range", "bytes=100005-300004", 206, text[100005:300005]},
				{"from", "Range", "bytes=499995-", 206, "56789"},
				{"last", "Range", "bytes=-3", 206, "789"},
				{"beyond", "Range", "bytes=500000-", 416, ""},
				{"not modified", "If-None-Match", `"a"`, 304, ""},
			} {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL, http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				if tt.header != "" {
					request.Header.Set(tt.header, tt.value)
				}
				response, err := server.Client().Do(request)
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(response.Body)
				response.Body.Close()
				if err != nil || response.StatusCode != tt.status || (tt.status < 300 && string(body) != tt.want) {
					t.Errorf("%s: %d with %d bytes, %v; want %d with %d", tt.name, response.StatusCode, len(body), err, tt.status, len(tt.want))
				}
			}
		})
	}
}

func TestSeek(t *testing.T) {
	t.Parallel()
	const text = "0123456789"
	for name, open := range stores() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := open(t)
			put(t, s, "images/a", text)
			f, err := s.Open(t.Context(), "images/a")
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if err := iotest.TestReader(f, []byte(text)); err != nil {
				t.Error(err)
			}
			for _, tt := range []struct {
				offset int64
				whence int
				want   string
			}{
				{4, io.SeekStart, "456789"}, {-2, io.SeekEnd, "89"}, {-3, io.SeekCurrent, "789"}, {5, io.SeekEnd, ""},
				{0, io.SeekStart, text},
			} {
				if _, err := f.Seek(tt.offset, tt.whence); err != nil {
					t.Fatal(err)
				}
				if got, err := io.ReadAll(f); string(got) != tt.want || err != nil {
					t.Errorf("after Seek(%d, %d): %q, %v; want %q", tt.offset, tt.whence, got, err, tt.want)
				}
			}
			for _, whence := range []int{io.SeekStart, 7} {
				if _, err := f.Seek(-1, whence); err == nil {
					t.Errorf("Seek(-1, %d) = nil error", whence)
				}
			}
		})
	}
}
