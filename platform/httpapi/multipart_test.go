package httpapi_test

import (
	"context"
	"io"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

// standard returns the contents of the files of body as the standard library reads them, and whether it does, and
// finds them to be as the endpoint wants them.
func standard(body string) (contents []string, ok bool) {
	r := multipart.NewReader(strings.NewReader(body), "b")
	for {
		part, err := r.NextRawPart()
		if err == io.EOF { //nolint:errorlint // wrapped it stands for a body without an end
			return contents, len(contents) >= 1 && len(contents) <= 3
		}
		if err != nil || part.FormName() != "file" {
			return nil, false
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, false
		}
		contents = append(contents, string(content))
	}
}

// FuzzFiles holds the reader of multipart bodies against the one of the standard library, and gives it the body in
// pieces of any size.
func FuzzFiles(f *testing.F) {
	f.Add(form(filePart("a", "x"), filePart("b", "\r\n--b")))
	f.Add(form(filePart("a", "\r\n--bb\r\n--b-\r\r\n--"), "\r\n"))
	f.Add("--b \r\n" + filePart("a", "") + "--b--")
	f.Add("\r\n--b\r\ncontent-disposition: form-data;\r\n\tname=file\r\n\r\n\r\n--b--\r\n--b")
	f.Add("--b\r\nContent-Disposition: form-data; name=file\r\n\r\n--b")
	c := newFilesClient(f)
	f.Fuzz(func(t *testing.T, body string) {
		res := c.With(t).DoRaw("POST", "/things/7/files", formB, strings.NewReader(body))
		if res.Status >= 500 {
			t.Fatalf("%q = %d", body, res.Status)
		}
		inPieces := c.With(t).DoRaw("POST", "/things/7/files", formB, iotest.OneByteReader(strings.NewReader(body)))
		if inPieces.Status != res.Status {
			t.Errorf("%q = %d, in pieces %d", body, res.Status, inPieces.Status)
		}
		var got, other fileOutput
		if res.Status == http.StatusOK {
			res.Decode(&got)
			inPieces.Decode(&other)
		}
		if diff := cmp.Diff(got, other); diff != "" {
			t.Errorf("%q in pieces (-whole +pieces):\n%s", body, diff)
		}
		if n := len(strings.Join(got.Contents, "")); n > 3*len(body) {
			t.Errorf("%d bytes were made of %d", n, len(body))
		}
		// The standard library takes lines without a carriage return, continues parameters (RFC 2231), and takes the
		// end of a body within a header for its last boundary.
		if !strings.Contains(body, "\r\n--b--") || strings.Count(body, "\n") != strings.Count(body, "\r\n") || strings.Contains(body, "*") {
			return
		}
		if want, ok := standard(body); ok && cmp.Diff(valid(want), got.Contents) != "" {
			t.Errorf("%q = %d %q, want %q", body, res.Status, got.Contents, want)
		}
	})
}

// valid returns contents as JSON shows them.
func valid(contents []string) []string {
	for i, s := range contents {
		contents[i] = strings.ToValidUTF8(s, "\uFFFD")
	}
	return contents
}

// A boundary is found wherever the buffer ends.
func TestBoundaryAtTheEndOfTheBuffer(t *testing.T) {
	t.Parallel()
	c := newFilesClient(t)
	for size := 32<<10 - 150; size <= 32<<10; size++ {
		want := []string{strings.Repeat("x", size), "y"}
		var got fileOutput
		c.DoRaw("POST", "/things/7/files", formB, strings.NewReader(form(filePart("a", want[0]), filePart("b", want[1])))).Want(200).Decode(&got)
		if !slices.Equal(got.Contents, want) {
			t.Errorf("%d bytes and one become %d files", size, len(got.Contents))
		}
	}
}

// What is almost a boundary must not cut the content into small pieces: each would be a write of its own.
func TestNearBoundariesAreReadInLargePieces(t *testing.T) {
	t.Parallel()
	const size = 512 << 10
	for _, near := range []string{"\r\n--ba", "\r\n--b-\r", "\r\n--", "\r", "\r\n--b\r\r\n"} {
		content := strings.Repeat(near, size/len(near))
		reads, bytes := 0, 0
		c := apitest.New(t, admit, func(api *httpapi.API) {
			rt := httpapi.Route{Pattern: "POST /files", ID: "addFiles", Tag: "Things", Summary: "Add", Access: httpapi.Public, MaxBody: maxUpload}
			httpapi.Handle(api, rt, func(_ context.Context, in *singleFile) (*httpapi.Empty, error) {
				for file, err := range in.Files.All() {
					if err != nil {
						return nil, err
					}
					for buffer := make([]byte, 32<<10); err == nil; reads++ {
						var n int
						n, err = file.Read(buffer)
						bytes += n
					}
				}
				return nil, nil
			})
		})
		c.DoRaw("POST", "/files", formB, strings.NewReader(form(filePart("a", content)))).Want(http.StatusNoContent)
		// The buffer is as large; a little of it is held back now and then.
		if most := 3 * size / (32 << 10); reads > most || bytes != len(content) {
			t.Errorf("%q: %d bytes in %d reads, want %d in %d at most", near, bytes, reads, len(content), most)
		}
	}
}

type singleFile struct {
	Files httpapi.Files `part:"file" maxItems:"1"`
}

func BenchmarkNearBoundaries(b *testing.B) {
	body := form(filePart("a", strings.Repeat("\r\n--ba", 1<<20)))
	c := apitest.New(b, admit, registerBigFiles)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		req := httptest.NewRequest("POST", "/things/7/files?mode=all", strings.NewReader(body))
		req.Header.Set("Content-Type", formB)
		req.Header.Set("Authorization", "Bearer good")
		if res := serve(c, req); res.Code != http.StatusNoContent {
			b.Fatal(res.Body)
		}
	}
}

func BenchmarkFiles(b *testing.B) {
	body := form(filePart("a", strings.Repeat("\xff\xd8\r\n-random", 1<<20)))
	c := apitest.New(b, admit, registerBigFiles)
	for name, read := range map[string]func(){
		"ours": func() {
			req := httptest.NewRequest("POST", "/things/7/files?mode=all", strings.NewReader(body))
			req.Header.Set("Content-Type", formB)
			req.Header.Set("Authorization", "Bearer good")
			if res := serve(c, req); res.Code != http.StatusNoContent {
				b.Fatal(res.Body)
			}
		},
		"standard library": func() {
			r := multipart.NewReader(strings.NewReader(body), "b")
			part, err := r.NextRawPart()
			if err != nil {
				b.Fatal(err)
			}
			if n, err := io.Copy(io.Discard, part); n < 1<<20 || err != nil {
				b.Fatal(n, err)
			}
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				read()
			}
		})
	}
}
