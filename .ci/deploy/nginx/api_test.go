package nginx_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"deploy/proxy"

	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

// program builds the service once for all tests of this package.
var program = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "booking-")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "booking")
	cmd := exec.CommandContext(context.Background(), "go", "build", "-o", path, "./cmd/booking")
	cmd.Dir = "../../.."
	if output, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build: %w: %s", err, output)
	}
	return path, nil
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := program(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// guidedAPI is what the program prints of where it is.
var guidedAPI = regexp.MustCompile(`API +http://(\S+?)(?:/\S*)?\s`)

const (
	adminEmail    = "admin@demo.example"
	adminPassword = "try-the-admin-role"
)

// newAPI starts the real service with demo data on a database of this test, and returns its address and the
// directory of its images.
func newAPI(t *testing.T, prefix string) (address, images string) {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	c := pgtest.Empty(t)
	images = filepath.Join(t.TempDir(), "images")
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), path, "dev", "--addr", "127.0.0.1:0", "--hotels", "1")
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "DB_HOST=" + c.Host, fmt.Sprintf("DB_PORT=%d", c.Port), "DB_NAME=" + c.Name,
		"DB_USERNAME=" + c.Username, "DB_PASSWORD=" + c.Password, "DB_SSLMODE=disable", "ROOT_PATH=" + prefix, "IMAGES_DIR=" + images,
		"TRUSTED_PROXIES=127.0.0.1", "RATE_LIMIT_ENABLED=false",
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	var log strings.Builder
	cmd.Stderr = &log
	stdout, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	})
	var guide strings.Builder
	for scanner := bufio.NewScanner(stdout); scanner.Scan(); {
		guide.WriteString(scanner.Text() + "\n")
		if strings.Contains(scanner.Text(), "Ctrl-C") {
			go func() { _, _ = io.Copy(io.Discard, stdout) }()
			if m := guidedAPI.FindStringSubmatch(guide.String()); m != nil {
				return m[1], images
			}
			break
		}
	}
	t.Fatalf("the service does not tell where it is: %s", guide.String())
	return "", ""
}

// newPair returns the real service by itself and behind the proxy.
func newPair(t *testing.T) (direct, proxied *site) {
	t.Helper()
	address, images := newAPI(t, root)
	behind := proxy.Start(t, proxy.Settings{
		"ROOT_PATH": root, "NGINX_API_SERVERS": address, "NGINX_IMAGES_DIR": images, "NGINX_RATE_PER_MINUTE": "1000000",
		"NGINX_AUTH_RATE_PER_MINUTE": "1000000",
	})
	return &site{t: t, Server: &proxy.Server{URL: "http://" + address, Images: images}}, &site{t: t, Server: behind}
}

// hopHeaders are those that differ between any two answers, or are each server's own.
var hopHeaders = []string{"Date", "Server", "Connection", "X-Request-Id", "Content-Length", "Transfer-Encoding"}

// differences tells where two answers differ but for what belongs to one connection.
func differences(got, wanted response) (found findings) {
	want(&found, "the status", got.StatusCode, wanted.StatusCode)
	strip := func(r response) string {
		h := r.Header.Clone()
		for _, name := range hopHeaders {
			h.Del(name)
		}
		// Because of compression, which is left to nginx.
		if vary := strings.ReplaceAll(strings.Join(h.Values("Vary"), ", "), "Accept-Encoding", ""); strings.Trim(vary, ", ") == "" {
			h.Del("Vary")
		}
		return fmt.Sprint(h) // by their names in order
	}
	want(&found, "the headers", strip(got), strip(wanted))
	id := regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`)
	want(&found, "the body", id.ReplaceAllString(got.body, "ID"), id.ReplaceAllString(wanted.body, "ID"))
	return found
}

// TestAnswersAreThoseOfTheAPI: what nginx answers by itself is what the API would answer.
func TestAnswersAreThoseOfTheAPI(t *testing.T) {
	t.Parallel()
	direct, proxied := newPair(t)
	name := direct.put()
	image := root + "/static/images/" + name
	for _, ask := range [][]string{
		{"GET", root + "/nothing"}, {"GET", root + "/nothing", "Accept-Language: ru"}, {"HEAD", root + "/nothing"},
		{"GET", image}, {"HEAD", image}, {"GET", image + "?v=2"}, {"GET", image, "Range: bytes=3-9"}, {"GET", image, "Range: bytes=-3"},
		{"GET", image, "Range: bytes=900-"}, {"GET", image, "Range: bytes=900-", "Accept-Language: ru"}, {"GET", image, "Range: rubbish"},
		{"GET", image, "Range: bytes=0-1,3-4"}, {"GET", image, "If-None-Match: *"}, {"GET", image, `If-Match: "x"`},
		{"GET", image, "If-Modified-Since: Fri, 02 Jan 2026 03:04:05 GMT"}, {"GET", image, "If-Unmodified-Since: Thu, 01 Jan 2026 03:04:05 GMT"},
		{"GET", image + "x"}, {"GET", root + "/static/images/" + imageName("absent")}, {"DELETE", image}, {"OPTIONS", image}, {"GET", image + "/"},
		{"GET", root + "/docs"}, {"GET", root + "/docs/swagger-ui.css"}, {"GET", root + "/docs/problems"}, {"GET", root + "/openapi.json"},
		{"GET", root + "/hotels/1"}, {"GET", root + "//hotels"}, {"GET", root + "/hotels%2F1"}, {"GET", root + "/live"}, {"GET", root + "/riverui"},
		{"GET", root + "/riverui/", "Accept: text/html"}, {"GET", root + "/riverui/sign-in"}, {"PUT", root + "/hotels"},
		{"OPTIONS", root + "/hotels"}, {"GET", root + "/auth/me"},
	} {
		for _, finding := range differences(proxied.ask(ask[0], ask[1], ask[2:]...), direct.ask(ask[0], ask[1], ask[2:]...)) {
			t.Errorf("%q: %s", ask, finding)
		}
	}
	// The API shows its metrics to whom reaches it, and nginx says what the API says of a path that is not there.
	if res := direct.ask("GET", root+"/metrics"); res.StatusCode != http.StatusOK {
		t.Errorf("the API itself answers %d to /metrics", res.StatusCode)
	}
	for _, finding := range differences(proxied.ask("GET", root+"/metrics"), direct.ask("GET", root+"/nothing")) {
		t.Errorf("metrics: %s", finding)
	}
}
