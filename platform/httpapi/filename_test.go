package httpapi_test

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
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
		`filename="` + long[:2*254] + ` x"`:           long[:2*254],
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

// nameOf sends a file with that parameter of its Content-Disposition and returns the name that it gets.
func nameOf(c *apitest.Client, parameter string) string {
	var got fileOutput
	body := form(`Content-Disposition: form-data; name="file"; ` + parameter + "\r\n\r\nx")
	c.DoRaw("POST", "/things/7/files", formB, strings.NewReader(body)).Want(http.StatusOK).Decode(&got)
	return got.Names[0]
}

// What is stored may be normalised by others, and must not become longer than the names that they take.
func TestFileNamesStayNormal(t *testing.T) {
	t.Parallel()
	c := newFilesClient(t)
	for _, name := range []string{
		strings.Repeat("\u0958", 255), strings.Repeat("\U0001D160", 255), strings.Repeat("\uFB2C", 200),
		"a" + strings.Repeat("\u0301", 254), "a\u202e\u0301.jpg", "a\x00\u0301", "\u1100\u200f\u1161", "a\u0301\xff\u0301",
	} {
		checkFileName(t, nameOf(c, "filename*=UTF-8''"+url.PathEscape(name)))
	}
	if got, want := nameOf(c, "filename=\"Zu\u0308rich.jpg\""), "Z\u00fcrich.jpg"; got != want {
		t.Errorf("the name is %+q, want %+q", got, want)
	}
}

// checkFileName fails the test if name is not as File.Name promises.
func checkFileName(t *testing.T, name string) {
	t.Helper()
	if n := utf8.RuneCountInString(norm.NFC.String(name)); n > 255 || !utf8.ValidString(name) || !norm.NFC.IsNormalString(name) {
		t.Errorf("the name %+q is not one in form NFC of at most 255 code points, but has %d", name, n)
	}
	if strings.ContainsAny(name, "/\\\x00\r\n\x7f\u2028\u202e") || name == "." || name == ".." || strings.TrimSpace(name) != name {
		t.Errorf("the name %+q holds what it must not", name)
	}
}

func FuzzFileName(f *testing.F) {
	for _, name := range []string{"", "a/../.", `C:\x.jpg`, "a\u202e\u0301", "a\xff\u0301", "\u0958\u1100\x00\u1161", " \u2000\u0344. "} {
		f.Add(name, 1)
		f.Add(name, 255)
	}
	c := newFilesClient(f)
	f.Fuzz(func(t *testing.T, name string, times int) {
		name = strings.Repeat(name, max(0, min(times, 300, 15000/max(1, len(name)))))
		if len(name) > 15000 {
			return // Escaped, it would not fit into what is read of a header.
		}
		got := nameOf(c.With(t), "filename*=UTF-8''"+url.PathEscape(name))
		checkFileName(t, got)
		if again := nameOf(c.With(t), "filename*=UTF-8''"+url.PathEscape(got)); again != got {
			t.Errorf("%+q becomes %+q and that becomes %+q", name, got, again)
		}
	})
}

// hostileNames are parameters of the length that is read at most, made to cost much.
func hostileNames() map[string]string {
	const length = 65000
	fill := func(s string) string { return strings.Repeat(s, length/len(s)) }
	return map[string]string{
		"blanks":                `filename="` + fill(" ") + `x"`,
		"blanks without an end": `filename="` + fill(" "),
		"quotes":                `filename="` + fill(`"`),
		"quotes with blanks":    `filename="` + fill(`" `),
		"backslashes":           `filename="` + fill(`\`),
		"backslashes, blanks":   `filename="` + strings.Repeat(`\`, length/2) + strings.Repeat(" ", length/2),
		"escaped quotes":        `filename="` + fill(`\"`),
		"escaped and blanks":    `filename="` + fill(`\"  `) + "x",
		"slashes":               `filename="` + fill("/"),
		"parameters":            fill("a=;"),
		"different parameters":  manyParameters(length),
		"blank parameters":      fill("  ;"),
		"equal signs":           fill("="),
		"percent signs":         `filename="` + fill("%2"),
		"extended":              "filename*=utf-8''" + fill("%20"),
		"apostrophes":           "filename*=" + fill("'"),
		"controls":              `filename="` + fill("\x01"),
		"invalid UTF-8":         `filename="` + fill("\xff\xc0"),
		"combining marks":       `filename="a` + fill("\u0301"),
		"marks out of order":    `filename="a` + fill("\u0301\u0316"),
	}
}

func manyParameters(length int) string {
	var b strings.Builder
	for i := 0; b.Len() < length; i++ {
		b.WriteString(strconv.Itoa(i) + ";")
	}
	return b.String()
}

// A name costs what its length does, whatever it is made of: hostile ones are measured against a plain one of the
// same length, by the best of a few tries. Where the work grows with the square of the length, blanks cost
// more than a thousand times as much.
func TestHostileFileNamesCostNoMore(t *testing.T) {
	t.Parallel()
	c := newFilesClient(t)
	const times = 100
	cost := func(parameter string) time.Duration {
		best := time.Hour
		for range 5 {
			start := time.Now()
			nameOf(c, parameter)
			best = min(best, time.Since(start))
		}
		return best
	}
	plain := cost(`filename="` + strings.Repeat("x", 65000) + `"`)
	for name, parameter := range hostileNames() {
		if got := cost(parameter); got > times*plain {
			t.Errorf("%s: %v, want less than %d times the %v of a plain name", name, got, times, plain)
		}
	}
}

func BenchmarkFileNames(b *testing.B) {
	c := newFilesClient(b)
	for name, parameter := range hostileNames() {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				nameOf(c, parameter)
			}
		})
	}
}
