package workflows_test

import (
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A site answers as the service does from outside.
type site struct {
	url, plain string
	roots      string // file of the certificate to trust
}

// newSite serves a release of commit; damage may break one of its answers before it is served.
func newSite(t *testing.T, commit func() string, damage map[string]int) *site {
	t.Helper()
	answer := func(path string, status int, body string) http.HandlerFunc {
		if broken, ok := damage[path]; ok {
			status = broken
		}
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /app/health", func(w http.ResponseWriter, r *http.Request) {
		answer("/health", http.StatusOK, fmt.Sprintf(`{"status":"ok","version":"1.2.3","commit":%q}`, commit()))(w, r)
	})
	routes.HandleFunc("GET /app/countries", answer("/countries", http.StatusOK, "{}"))
	routes.HandleFunc("GET /app/metrics", answer("/metrics", http.StatusNotFound, ""))
	secure := httptest.NewUnstartedServer(routes)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	plain := httptest.NewServer(answer("plain", http.StatusPermanentRedirect, ""))
	t.Cleanup(plain.Close)
	roots := filepath.Join(t.TempDir(), "ca.pem")
	writeFile(t, roots, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})))
	return &site{url: secure.URL + "/app", plain: plain.URL + "/app", roots: roots}
}

func (s *site) environment() []string {
	return append(os.Environ(), "CURL_CA_BUNDLE="+s.roots, "SMOKE_PLAIN_URL="+s.plain, "SMOKE_ATTEMPTS=7", "SMOKE_PAUSE=0")
}

func script(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, ".github/scripts", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSmoke(t *testing.T) {
	t.Parallel()
	const commit = "c0ffee"
	tests := []struct {
		name   string
		commit string
		damage map[string]int
		want   string // in the output; where it is not "1.2.3, ok" the test must fail
	}{
		{"what was deployed", commit, nil, "1.2.3, ok"},
		{"another commit", "decaf", nil, "commit c0ffee does not answer"},
		{"down", commit, map[string]int{"/health": 503}, "commit c0ffee does not answer"},
		{"no database", commit, map[string]int{"/countries": 503}, "/countries says 503"},
		{"public metrics", commit, map[string]int{"/metrics": 200}, "must not be public"},
		{"no way to https", commit, map[string]int{"plain": 200}, "must lead to https"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, func() string { return test.commit }, test.damage)
			smoke := exec.CommandContext(t.Context(), script(t, "smoke"), s.url, commit)
			smoke.Env = s.environment()
			output, err := smoke.CombinedOutput()
			if (err == nil) != (test.want == "1.2.3, ok") || !strings.Contains(string(output), test.want) {
				t.Errorf("smoke = %v, %q; want %q", err, output, test.want)
			}
		})
	}
}

func TestSmokeTakesNoOtherCertificate(t *testing.T) {
	t.Parallel()
	s := newSite(t, func() string { return "c0ffee" }, nil)
	smoke := exec.CommandContext(t.Context(), script(t, "smoke"), s.url, "c0ffee")
	smoke.Env = slices.DeleteFunc(s.environment(), func(v string) bool { return strings.HasPrefix(v, "CURL_CA_BUNDLE=") })
	if output, err := smoke.CombinedOutput(); err == nil || !strings.Contains(string(output), "certificate") {
		t.Errorf("smoke = %v, %q; want it to refuse the certificate", err, output)
	}
}
