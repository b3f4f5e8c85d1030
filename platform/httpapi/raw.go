package httpapi

import (
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/shumbooking/shumbooking/platform/errs"
)

// HandleRaw declares a route of which fn writes the response, of the given content type, with Route.Status or one
// of Route.OtherStatuses. It is for what is not JSON, and is documented all the same. What fn returns as an error
// is answered as that of any endpoint. An error status that fn writes itself, such as the 404, 412 and 416 of
// http.ServeContent, is answered with the problem of that status, if the route documents one. An error after the
// response has begun breaks the connection off, lest a part be taken for the whole.
func HandleRaw[In any](api *API, rt Route, contentType string, fn func(w http.ResponseWriter, r *http.Request, in *In) error) {
	e := newEndpoint(rt, reflect.TypeFor[In](), reflect.TypeFor[string]())
	e.contentType = contentType
	e.serve = func(w http.ResponseWriter, r *http.Request) error {
		in := new(In)
		if err := e.read(r, in); err != nil {
			return err
		}
		if strings.HasPrefix(contentType, "image/") {
			// Pages of other sites show them.
			w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
		}
		writer := &problemWriter{ResponseWriter: w, fail: func(kind errs.Kind) { api.fail(w, r, kind.New("")) }, kinds: e.kinds()}
		err := fn(writer, r, in)
		if x := exchangeOf(r.Context()); err != nil && x.status != 0 {
			x.err = err
			panic(http.ErrAbortHandler)
		}
		if err != nil {
			dropContentHeaders(w.Header())
		}
		return uploadOf(r.Context()).blame(err)
	}
	api.endpoints = append(api.endpoints, e)
}

// A problemWriter answers with a problem where the handler behind it writes an error in its own words.
type problemWriter struct {
	http.ResponseWriter
	fail   func(errs.Kind)
	kinds  []errs.Kind
	failed bool
}

func (w *problemWriter) WriteHeader(status int) {
	i := slices.IndexFunc(w.kinds, func(k errs.Kind) bool { return k.Status == status })
	if i < 0 || w.failed {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.failed = true
	dropContentHeaders(w.Header())
	w.fail(w.kinds[i])
}

func (w *problemWriter) Write(b []byte) (int, error) {
	if w.failed {
		return len(b), nil
	}
	return w.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (w *problemWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// dropContentHeaders removes what was said of a content that is not sent after all.
func dropContentHeaders(h http.Header) {
	for _, name := range []string{"Content-Length", "Content-Encoding", "Content-Disposition", "Etag", "Last-Modified"} {
		h.Del(name)
	}
}
