package media

import (
	"errors"
	"net/http"
	"regexp"
	"strings"

	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/media/storage"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
)

const (
	variantType = "image/jpeg"
	// forever is as long as caches are ever told.
	forever = "public, max-age=31536000, immutable"
)

// servedName matches the names that fileName makes. The second part is the SHA-256 of the content.
var servedName = regexp.MustCompile(`^[1-9][0-9]{0,18}-([0-9a-f]{64})\.jpg$`)

func (s *Service) registerFiles(api *httpapi.API) {
	httpapi.HandleRaw(api, httpapi.Route{
		Pattern: "GET " + catalog.ImagePath + "{name}", ID: "getImageFile", Tag: tagImages, Summary: "Get the file of an image",
		Description: "The variants of an image say where theirs is. What is behind a name never changes. " +
			"Conditional requests and requests for a range are answered as RFC 9110 says.",
		Access: httpapi.Public, OtherStatuses: []int{http.StatusPartialContent, http.StatusNotModified},
		Errors: []errs.Kind{errs.NotFound, errs.PreconditionFailed, errs.RangeNotSatisfiable},
	}, variantType, s.serveFile)
}

// FileParams name a file.
type FileParams struct {
	Name string `path:"name" maxLength:"100" example:"12-9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08.jpg"`
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
	header.Set("ETag", `"`+strings.ToLower(name[1])+`"`)
	http.ServeContent(w, r, "", file.Modified, file)
	return nil
}
