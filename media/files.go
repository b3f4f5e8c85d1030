package media

import (
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/media/storage"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
)

const (
	variantType = "image/jpeg"
	// forever is as long as caches are ever told.
	forever = "public, max-age=31536000, immutable"
	// fileTimeout is enough for the largest variant over the slowest line.
	fileTimeout = time.Minute
)

// servedName matches the names that fileName makes. The second part is the SHA-256 of the content.
var servedName = regexp.MustCompile(`^[1-9][0-9]{0,18}-([0-9a-f]{64})\.jpg$`)

func (s *Service) registerFiles(api *httpapi.API) {
	httpapi.HandleRaw(api, httpapi.Route{
		Pattern: "GET " + catalog.ImagePath + "{name}", ID: "getImageFile", Tag: tagImages, Summary: "Get the file of an image",
		Description: "The variants of an image say where theirs is. What is behind a name never changes. " +
			"Conditional requests and requests for a range are answered as RFC 9110 says.",
		Access: httpapi.Public, OtherStatuses: []int{http.StatusPartialContent, http.StatusNotModified},
		Errors:  []errs.Kind{errs.NotFound, errs.PreconditionFailed, errs.RangeNotSatisfiable},
		Timeout: fileTimeout,
		// One page shows hundreds of them, they ask no database, and caches keep them for ever.
		Budget: httpapi.Unlimited,
		// Pages put one behind the address of an image to get past a cache.
		AnyQuery: true,
	}, variantType, s.serveFile)
}

// FileParams name a file.
type FileParams struct {
	Name string `path:"name" maxLength:"100" example:"12-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.jpg" description:"As the url of a variant of an image has it."`
}

// serveFile writes a file of an image. It asks no database.
func (s *Service) serveFile(w http.ResponseWriter, r *http.Request, p *FileParams) error {
	name := servedName.FindStringSubmatch(p.Name)
	if name == nil {
		return errs.NotFound.New("")
	}
	file, err := s.store.Open(r.Context(), variants+p.Name)
	if errors.Is(err, storage.ErrNotFound) {
		return errs.NotFound.New("").Because(err)
	}
	if err != nil {
		return unavailable("The images cannot be read right now.", err)
	}
	// It was only read.
	defer func() { _ = file.Close() }()
	header := w.Header()
	header.Set("Content-Type", variantType)
	header.Set("Cache-Control", forever)
	header.Set("ETag", `"`+name[1]+`"`)
	if strings.Contains(r.Header.Get("Range"), ",") {
		// Several ranges may be ignored (RFC 9110, section 14.2). Nobody needs them of an image, and each would be a
		// request of its own to a bucket.
		r.Header.Del("Range")
	}
	content := &watchedFile{File: file}
	http.ServeContent(w, r, "", file.Modified, content)
	return content.failed
}

// A watchedFile remembers why it could not be read, which http.ServeContent keeps to itself.
type watchedFile struct {
	*storage.File

	failed error
}

func (f *watchedFile) Read(p []byte) (int, error) {
	n, err := f.File.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		f.failed = err
	}
	return n, err
}
