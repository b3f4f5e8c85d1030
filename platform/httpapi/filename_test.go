package httpapi_test

import (
	"net/http"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestFileNames(t *testing.T) {
	t.Parallel()
	c := newFilesClient(t)
	long := strings.Repeat("ж", 10000)
	for header, want := range map[string]string{
		`filename="../../etc/passwd"`:                 "passwd",
		`filename="C:\fakepath\x.jpg"`:                "x.jpg",
		`filename=".."`:                               "",
		`filename="a/"`:                               "",
		"filename=\"a\x00b\x1b\x7f.jpg\"":             "ab.jpg",
		`filename="a%0D%0Ab.jpg"`:                     "ab.jpg",
		`filename="a%22b.jpg"`:                        `a"b.jpg`,
		`filename="a\"b.jpg"`:                         `a"b.jpg`,
		`filename="a"b.jpg"`:                          `a"b.jpg`,
		`filename="a;b=c.jpg"`:                        "a;b=c.jpg",
		`filename="a\"`:                               "",
		`filename="a`:                                 "a",
		`filename=a b.jpg`:                            "a b.jpg",
		"filename=\"\u202egpj.exe\"":                  "gpj.exe",
		"filename=\"a\u2028\u2029\u2066b\u200f.jpg\"": "ab.jpg",
		`filename=" a.jpg "`:                          "a.jpg",
		"filename=\"a\xff\xfeb.jpg\"":                 "a\uFFFDb.jpg",
		`filename="Zürich 雪 🏔.jpg"`:                   "Zürich 雪 🏔.jpg",
		`filename="` + long + `"`:                     long[:2*255],
		`filename="fallback.jpg"; filename*=UTF-8''na%C3%AFve%20%E9%9B%AA.jpg`: "naïve 雪.jpg",
		`filename*=utf-8'en'..%2F..%2Fx.jpg`:                                   "x.jpg",
		`filename*=ISO-8859-1''na%EFve.jpg`:                                    "naïve.jpg",
		`filename="a.jpg"; filename*=UTF-8''%zz`:                               "a.jpg",
		`filename="a.jpg"; filename*=koi8-r''%c6`:                              "a.jpg",
		`filename*=nonsense`:                                                   "",
		`filename`:                                                             "",
		`filename=`:                                                            "",
		`;;=;`:                                                                 "",
	} {
		body := form(`Content-Disposition: form-data; name="file"; ` + header + "\r\n\r\nx")
		var got fileOutput
		c.DoRaw("POST", "/things/7/files", formB, strings.NewReader(body)).Want(http.StatusOK).Decode(&got)
		if got.Names[0] != want || got.Contents[0] != "x" {
			t.Errorf("%.100s: name %q, want %q", header, got.Names[0], want)
		}
	}
}

// The name of the part may stand behind a file name of any length that people have.
func TestNameBehindFileName(t *testing.T) {
	t.Parallel()
	body := form(`Content-Disposition: form-data; filename="` + strings.Repeat("🏔", 10000) + `"; name="file"` + "\r\n\r\nx")
	res := newFilesClient(t).DoRaw("POST", "/things/7/files", formB, strings.NewReader(body)).Want(http.StatusOK)
	var got fileOutput
	res.Decode(&got)
	if n := utf8.RuneCountInString(got.Names[0]); n != 255 {
		t.Errorf("the name has %d code points, want 255", n)
	}
}
