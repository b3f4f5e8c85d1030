package httpapi_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

type fileInput struct {
	thingPath
	Mode  string        `query:"mode" enum:"read,quota,hide,first" default:"read"`
	Files httpapi.Files `part:"file" maxItems:"3" description:"Drawings."`
}

type fileOutput struct {
	Names    []string `json:"names"`
	Contents []string `json:"contents"`
}

const maxUpload = 1 << 20

var kindQuota = errs.Kind{Code: "quota", Status: http.StatusConflict, Title: "There is no room for more"}

// registerFiles declares an endpoint that takes files, for members and for anyone.
func registerFiles(api *httpapi.API) {
	rt := httpapi.Route{
		Pattern: "POST /things/{id}/files", ID: "addFiles", Tag: "Things", Summary: "Add files", Access: member,
		MaxBody: maxUpload, Errors: []errs.Kind{kindQuota},
	}
	httpapi.Handle(api, rt, addFiles)
	rt.Pattern, rt.ID, rt.Access = "POST /open/{id}/files", "addOpenFiles", httpapi.Public
	httpapi.Handle(api, rt, addFiles)
}

func addFiles(_ context.Context, in *fileInput) (*fileOutput, error) {
	out := &fileOutput{}
	if in.Mode == "quota" {
		return nil, kindQuota.New("")
	}
	for file, err := range in.Files.All() {
		if err != nil {
			return nil, fmt.Errorf("add files: %w", err)
		}
		content, err := io.ReadAll(file)
		if err != nil && in.Mode == "hide" {
			return nil, errors.New("the store says nothing of why")
		}
		if err != nil {
			return nil, fmt.Errorf("add files: %w", err)
		}
		out.Names, out.Contents = append(out.Names, file.Name), append(out.Contents, strings.ToValidUTF8(string(content), "\uFFFD"))
		if in.Mode == "first" {
			break
		}
	}
	return out, nil
}

func newFilesClient(tb testing.TB) *apitest.Client {
	tb.Helper()
	return apitest.New(tb, admit, registerFiles).As("good")
}

// form returns a body with the boundary "b" of parts that are written as they go over the wire.
func form(parts ...string) string {
	var s strings.Builder
	for _, p := range parts {
		s.WriteString("--b\r\n" + p + "\r\n")
	}
	return s.String() + "--b--\r\n"
}

func filePart(fileName, content string) string {
	return `Content-Disposition: form-data; name="file"; filename="` + fileName + "\"\r\nContent-Type: image/jpeg\r\n\r\n" + content
}

const formB = "multipart/form-data; boundary=b"

func TestFiles(t *testing.T) {
	t.Parallel()
	res := newFilesClient(t).Upload("POST", "/things/7/files",
		apitest.Part{Field: "file", FileName: "a.jpg", Content: []byte("first\r\n--not the boundary\r\n")},
		apitest.Part{Field: "file", FileName: "b.jpg"},
		apitest.Part{Field: "file", Content: bytes.Repeat([]byte("\r\n--"), 100000)},
	).Want(http.StatusOK)
	var got fileOutput
	res.Decode(&got)
	want := fileOutput{
		Names:    []string{"a.jpg", "b.jpg", ""},
		Contents: []string{"first\r\n--not the boundary\r\n", "", strings.Repeat("\r\n--", 100000)},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("files (-want +got):\n%.2000s", diff)
	}
}

func TestFilesRefused(t *testing.T) {
	t.Parallel()
	c := newFilesClient(t)
	file := filePart("a", "x")
	tests := []struct {
		name, body string
		status     int
		field      string // and code, of the error about a field
	}{
		{"none", form(), 422, "file required"},
		{"too many", form(file, file, file, file), 422, "file max_items"},
		{"another name", form(file, `Content-Disposition: form-data; name="note"`+"\r\n\r\nx"), 422, "note unknown"},
		{"another name in other letters", form(`Content-Disposition: form-data; name="File"` + "\r\n\r\nx"), 422, "File unknown"},
		{"no name", form("\r\nx"), 422, " unknown"},
		{"a hostile name", form("Content-Disposition: form-data; name=\"\x00\u202e\xff<\"\r\n\r\nx"), 422, "\uFFFD< unknown"},
		{"an attachment", form("Content-Disposition: attachment; name=\"file\"\r\n\r\nx"), 422, " unknown"},
		{"empty body", "", 400, ""},
		{"no boundary", "x", 400, ""},
		{"another boundary", "--c\r\n" + file + "\r\n--c--\r\n", 400, ""},
		{"no end", strings.TrimSuffix(form(file), "--\r\n"), 400, ""},
		{"no end of a header", "--b\r\nContent-Disposition: form-data; name=\"file\"\r\n--b--\r\n", 400, ""},
		{"cut in a header", "--b\r\nContent-Disp", 400, ""},
		{"cut in a file", "--b\r\n" + file, 400, ""},
		{"cut in a boundary", "--b\r\n" + file + "\r\n--", 400, ""},
		{"text behind a boundary", "--b x\r\n" + file + "\r\n--b--", 400, ""},
		{"a boundary in a header", "--b\r\nContent-Disposition: form-data; name=file\r\n" + form(file), 400, ""},
		{"a name behind too much", form("Content-Disposition: form-data; x=" + strings.Repeat("x", 100000) + "; name=file\r\n\r\nx"), 422, " unknown"},
		{"a name folded behind too much", form("Content-Disposition: form-data" + strings.Repeat(";\r\n x="+strings.Repeat("x", 20000), 5) + ";\r\n name=file\r\n\r\nx"), 422, " unknown"},
	}
	for _, tt := range tests {
		p := c.DoRaw("POST", "/things/7/files", formB, strings.NewReader(tt.body)).Want(tt.status).Problem()
		got := ""
		if len(p.Errors) > 0 {
			got = p.Errors[0].Field + " " + p.Errors[0].Code
		}
		if got != tt.field {
			t.Errorf("%s: %+v, want %q", tt.name, p, tt.field)
		}
	}
}

func TestFilesAreLenient(t *testing.T) {
	t.Parallel()
	c := newFilesClient(t)
	for name, body := range map[string]string{
		"preamble and epilogue":    "To be ignored.\r\n" + form(filePart("a", "x")) + "and this",
		"padding":                  "--b \t\r\n" + filePart("a", "x") + "\r\n--b--",
		"header in other letters":  form("content-DISPOSITION : Form-Data;NAME=file\r\n\r\nx"),
		"folded header":            form("Content-Disposition: form-data;\r\n name=\"file\";\r\n\tfilename=\"a\"\r\n\r\nx"),
		"two dispositions":         form("Content-Disposition: form-data; name=file\r\nContent-Disposition: form-data; name=note\r\n\r\nx"),
		"names that come twice":    form("Content-Disposition: form-data; name=file; name=note\r\n\r\nx"),
		"a header without a colon": form("nonsense\r\nContent-Disposition: form-data; name=file\r\n\r\nx"),
		"a header of a megabyte":   form("X: " + strings.Repeat("x", maxUpload-1000) + "\r\n" + filePart("a", "x")),
		"no line break at the end": strings.TrimSuffix(form(filePart("a", "x")), "\r\n"),
	} {
		res := c.DoRaw("POST", "/things/7/files", formB, strings.NewReader(body))
		if res.Status != http.StatusOK || !strings.Contains(string(res.Body), `"contents":["x"]`) {
			t.Errorf("%s: %d %s, want the file", name, res.Status, res.Body)
		}
	}
}

// What is almost a boundary is content.
func TestFileContents(t *testing.T) {
	t.Parallel()
	c := newFilesClient(t)
	for _, want := range []string{
		"", "\r\n", "\r", "--", "x--b\r\n", "\r\n--", "\r\n--bb", "\r\n--b-", "\r\n--b-\r\n--b\r", "\r\n--b\n", "\r\r\n--B\r\n",
		"\n--b\r\n", "--bb", "--b-", "--b\r",
	} {
		var got fileOutput
		c.DoRaw("POST", "/things/7/files", formB, strings.NewReader(form(filePart("a", want), filePart("b", "x")))).Want(200).Decode(&got)
		if diff := cmp.Diff([]string{want, "x"}, got.Contents); diff != "" {
			t.Errorf("contents (-want +got):\n%s", diff)
		}
	}
}

func TestFilesMediaTypes(t *testing.T) {
	t.Parallel()
	c := newFilesClient(t)
	long := strings.Repeat("b", 71)
	for contentType, want := range map[string]int{
		formB:                                     200,
		`Multipart/Form-Data; Boundary="b"`:       200,
		"multipart/form-data":                     415,
		"multipart/mixed; boundary=b":             415,
		"application/json":                        415,
		"":                                        415,
		"multipart/form-data; boundary=":          400,
		`multipart/form-data; boundary=""`:        400,
		`multipart/form-data; boundary="b `:       400,
		`multipart/form-data; boundary="b "`:      400,
		`multipart/form-data; boundary="b\\"`:     400,
		"multipart/form-data; boundary=" + long:   400,
		"multipart/form-data; boundary=b; x=\xff": 400,
		formB + "; boundary=c":                    400,
	} {
		// Without a role, so that what is not the sign-in's is found before it.
		client := c
		if want != http.StatusOK {
			client = c.As("")
		}
		client.DoRaw("POST", "/things/7/files", contentType, strings.NewReader(form(filePart("a", "x")))).Want(want)
	}
	req := httptest.NewRequest("POST", "/things/7/files", strings.NewReader(form(filePart("a", "x"))))
	req.Header.Set("Content-Type", formB)
	req.Header.Set("Content-Encoding", "gzip")
	c.Send(req).Want(415)
}

func TestOrderOfChecksOfFiles(t *testing.T) {
	t.Parallel()
	c := newFilesClient(t)
	large := func() io.Reader { return bytes.NewReader(make([]byte, maxUpload+1)) }
	c.As("").DoRaw("POST", "/things/7/files", "text/plain", large()).WantProblem(413, "body_too_large")
	c.As("").DoRaw("POST", "/things/7/files", "text/plain", strings.NewReader("x")).WantProblem(415, "unsupported_media_type")
	c.As("").DoRaw("POST", "/things/7/files?x=1", formB, strings.NewReader("x")).WantProblem(401, "unauthenticated")
	c.As("weak").DoRaw("POST", "/things/0/files", formB, strings.NewReader("x")).WantProblem(403, "forbidden")
	c.DoRaw("POST", "/things/0/files", formB, strings.NewReader("x")).WantProblem(404, "not_found")
	c.DoRaw("POST", "/things/7/files?x=1", formB, strings.NewReader("x")).WantProblem(422, "validation_failed")
	c.DoRaw("POST", "/things/7/files?mode=quota", formB, strings.NewReader("x")).WantProblem(409, "quota")
	c.DoRaw("POST", "/things/7/files", formB, strings.NewReader("x")).WantProblem(400, "malformed_request")
}

func TestLimitOfFiles(t *testing.T) {
	t.Parallel()
	c := newFilesClient(t)
	frame := len(form(filePart("a", "")))
	for excess, want := range map[int]int{0: 200, 1: 413} {
		body := form(filePart("a", strings.Repeat("x", maxUpload-frame+excess)))
		c.DoRaw("POST", "/things/7/files", formB, strings.NewReader(body)).Want(want)
		// Of unknown size, so that only reading finds out.
		c.DoRaw("POST", "/things/7/files", formB, io.MultiReader(strings.NewReader(body))).Want(want)
	}
	body := form(filePart("a", strings.Repeat("x", maxUpload)))
	c.DoRaw("POST", "/things/7/files?mode=hide", formB, io.MultiReader(strings.NewReader(body))).WantProblem(413, "body_too_large")
}

func TestFileIsLeftBehind(t *testing.T) {
	t.Parallel()
	c := apitest.New(t, admit, func(api *httpapi.API) {
		rt := httpapi.Route{Pattern: "POST /files", ID: "addFiles", Tag: "Things", Summary: "Add", Access: httpapi.Public, MaxBody: maxUpload}
		httpapi.Handle(api, rt, func(_ context.Context, in *struct {
			Files httpapi.Files `part:"file" maxItems:"2"`
		},
		) (*httpapi.Empty, error) {
			var files []*httpapi.File
			for file, err := range in.Files.All() {
				if err != nil {
					return nil, err
				}
				files = append(files, file)
			}
			if _, err := io.ReadAll(files[0]); err == nil {
				t.Error("the first file can be read after the second one was asked for")
			}
			return nil, nil
		})
	})
	body := form(filePart("a", "x"), filePart("b", "y"))
	c.DoRaw("POST", "/files", formB, strings.NewReader(body)).Want(http.StatusNoContent)
	c.DoRaw("POST", "/files?x=1", formB, strings.NewReader(body)).WantProblem(http.StatusUnprocessableEntity, "validation_failed")
}
