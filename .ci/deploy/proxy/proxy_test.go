package proxy_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"deploy/proxy"
)

// TestStart: the files of this repository make an nginx that hands requests on.
func TestStart(t *testing.T) {
	t.Parallel()
	api := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.URL.Path)
	}))
	t.Cleanup(api.Close)
	s := proxy.Start(t, proxy.Settings{"NGINX_API_SERVERS": api.Listener.Addr().String()})
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/hotels", nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || string(body) != "/hotels" {
		t.Errorf("GET /hotels = %q, %v, want it from behind the proxy", body, err)
	}
	s.Quit(t)
	if log := s.Log(t); !strings.Contains(log, `"path":"/hotels"`) {
		t.Errorf("the log lacks the request:\n%s", log)
	}
}
