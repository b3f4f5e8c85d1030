package nginx_test

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

func imageRules() map[string]rule {
	return map[string]rule{
		"images come from the volume":        {check: checkImages},
		"what is no image of the API is not": {check: checkNoImages},
		"links are not followed":             {check: checkLinks},
		"requests for more are the API's":    {check: checkImageConditions},
	}
}

const jpeg = "\xff\xd8\xff some bytes of a photograph"

// imageName names a file as the API does.
func imageName(content string) string {
	sum := sha256.Sum256([]byte(content))
	return "12-" + hex.EncodeToString(sum[:]) + ".jpg"
}

// put puts a photograph where the API does, and returns its name.
func (s *site) put() string {
	s.t.Helper()
	dir := filepath.Join(s.Images, "images")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		s.t.Fatal(err)
	}
	name := filepath.Join(dir, imageName(jpeg))
	if err := os.WriteFile(name, []byte(jpeg), 0o600); err != nil {
		s.t.Fatal(err)
	}
	modified := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	if err := os.Chtimes(name, modified, modified); err != nil {
		s.t.Fatal(err)
	}
	return imageName(jpeg)
}

func checkImages(f *findings, s *site) {
	path := root + "/static/images/" + s.put()
	tag := `"` + strings.TrimSuffix(strings.TrimPrefix(imageName(jpeg), "12-"), ".jpg") + `"`
	for _, ask := range []struct {
		method, path, header, body string
	}{
		{"GET", path, "", jpeg},
		{"GET", path + "?v=1&x", "", jpeg},
		{"HEAD", path, "", ""},
		{"GET", path, "Accept-Encoding: gzip", jpeg},
	} {
		res := s.ask(ask.method, ask.path, append([]string{"X-Request-Id: mine"}, strings.Split(ask.header+"\r\nX: y", "\r\n")...)...)
		what := fmt.Sprintf("%s with %q: ", ask.method, ask.header)
		want(f, what+"status", res.StatusCode, http.StatusOK)
		want(f, what+"body", res.body, ask.body)
		for name, value := range map[string]string{
			"Cache-Control": "public, max-age=31536000, immutable", "ETag": tag, "X-Content-Type-Options": "nosniff",
			"Cross-Origin-Resource-Policy": "cross-origin", "X-Request-Id": "mine", "X-Frame-Options": "DENY",
			"Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'", "Referrer-Policy": "no-referrer",
			"Last-Modified": "Fri, 02 Jan 2026 03:04:05 GMT", "Content-Encoding": "",
		} {
			want(f, what+name, strings.Join(res.Header.Values(name), "|"), value)
		}
		want(f, what+"type", res.Header.Get("Content-Type"), "image/jpeg")
	}
	want(f, "requests that came through", len(s.reached()), 0)
	s.ask("GET", root+"/static/images/"+imageName("another"))
	want(f, "a file that is not on the volume", s.last(f, "absent").RequestURI, root+"/static/images/"+imageName("another"))
}

func checkNoImages(f *findings, s *site) {
	name := s.put()
	secret := filepath.Join(s.Images, "secret.jpg")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	if err := os.Mkdir(filepath.Join(s.Images, "images", imageName("dir")), 0o700); err != nil {
		s.t.Fatal(err)
	}
	for _, path := range []string{
		"", "images/" + name, "../secret.jpg", "..%2fsecret.jpg", "%2e%2e/secret.jpg", "x/../" + name, "./" + name, "/" + name, name + "/",
		strings.Replace(name, "1", "%31", 1), strings.ToUpper(name), name + ".", "0" + name, name + "%00", imageName("dir"),
		"..%5csecret.jpg", "secret.jpg", name + "#x", ".partial/x",
	} {
		res := s.ask("GET", root+"/static/images/"+path)
		if strings.Contains(res.body, "secret") || res.body == jpeg {
			f.add("%q is served from the volume", path)
		}
	}
	// The API decides, with the path as it was sent.
	s.reached()
	s.ask("GET", root+"/static/images//"+name)
	want(f, "an unclean path", s.last(f, "an unclean path").RequestURI, root+"/static/images//"+name)
}

func checkLinks(f *findings, s *site) {
	s.put()
	outside := filepath.Join(s.t.TempDir(), "outside")
	if err := os.WriteFile(outside, []byte("outside"), 0o600); err != nil {
		s.t.Fatal(err)
	}
	link := imageName("link")
	if err := os.Symlink(outside, filepath.Join(s.Images, "images", link)); err != nil {
		s.t.Fatal(err)
	}
	res := s.ask("GET", root+"/static/images/"+link)
	want(f, "the body behind a link", res.body, "{}")
	want(f, "requests that came through", len(s.reached()), 1)
}

func checkImageConditions(f *findings, s *site) {
	path := root + "/static/images/" + s.put()
	for _, header := range []string{
		`If-None-Match: "x"`, "If-None-Match: *", `If-Match: "x"`, "Origin: https://app.example", "Range: bytes=0-1",
		"Range: bytes=99999-", "If-Modified-Since: Fri, 02 Jan 2026 03:04:05 GMT", "If-Unmodified-Since: Fri, 02 Jan 2026 03:04:05 GMT",
	} {
		s.ask("GET", path, header)
		want(f, header, s.last(f, header).RequestURI, path)
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "OPTIONS", "PATCH"} {
		s.ask(method, path)
		want(f, "the method", s.last(f, method).Method, method)
	}
}
