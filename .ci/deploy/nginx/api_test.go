package nginx_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
	"github.com/shumbooking/shumbooking/platform/proctest"

	"deploy/program"
	"deploy/proxy"
)

func TestMain(m *testing.M) { os.Exit(program.Main(m)) }

// guidedAPI is what the program prints of where it is, and then how to end it.
var guidedAPI = regexp.MustCompile(`(?s)API +http://(\S+?)(?:/\S*)?\s.*Ctrl-C`)

const (
	adminEmail    = "admin@demo.example"
	adminPassword = "try-the-admin-role"
)

// newAPI starts the real service with demo data on a database of this test, and returns its address and the
// directory of its images.
func newAPI(t *testing.T, prefix string) (address, images string) {
	t.Helper()
	images = filepath.Join(t.TempDir(), "images")
	env := append(program.Database(pgtest.Empty(t)), "PATH="+os.Getenv("PATH"), "HOME="+t.TempDir(), "ROOT_PATH="+prefix,
		"IMAGES_DIR="+images, "TRUSTED_PROXIES=127.0.0.1", "RATE_LIMIT_ENABLED=false")
	service := proctest.Start(t, env, program.Path(t), "dev", "--addr", "127.0.0.1:0", "--hotels", "1")
	t.Cleanup(func() {
		service.Signal(syscall.SIGINT)
		service.WantSuccess()
	})
	return service.Await(guidedAPI), images
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
