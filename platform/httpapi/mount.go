package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/shumbooking/shumbooking/platform/errs"
)

// A mount is a foreign handler below a prefix.
type mount struct {
	prefix  string
	handler http.Handler
}

// mountMethods are those that a foreign handler may get: a method becomes a label of metrics, which must be one
// of few.
var mountMethods = []string{
	http.MethodGet, http.MethodHead, http.MethodPost, http.MethodPut, http.MethodPatch, http.MethodDelete, http.MethodOptions,
}

// Mount lets h answer everything below prefix, which begins and ends with a slash, such as "/riverui/". h stands
// behind the log, the metrics, the recovery from panics and the security headers, which it may overwrite, and in
// the time of Config.Timeout. Who may call it is up to h. It sees each path with the root path before it, whether
// the request came with that or without, and links as if it were mounted at the root path and prefix. A GET of the
// prefix without its last slash is redirected. The document does not tell of it.
func Mount(api *API, prefix string, h http.Handler) {
	if len(prefix) < 3 || prefix[0] != '/' || !strings.HasSuffix(prefix, "/") || strings.Contains(prefix, "{") {
		panic(fmt.Sprintf("httpapi: a handler cannot be mounted at %q", prefix))
	}
	api.mounts = append(api.mounts, mount{prefix: prefix, handler: h})
}

// Mounts returns the prefixes below which Mount put handlers.
func (a *API) Mounts() []string {
	prefixes := make([]string, len(a.mounts))
	for i, m := range a.mounts {
		prefixes[i] = m.prefix
	}
	return prefixes
}

// Fail answers with the problem that err is, as for the error of an endpoint. It is for handlers given to Mount.
func (a *API) Fail(w http.ResponseWriter, r *http.Request, err error) { a.fail(w, r, err) }

// NameCaller notes who makes the request of ctx, for its line in the log. It is for handlers given to Mount, which
// judge themselves who may call them.
func NameCaller(ctx context.Context, caller string) { exchangeOf(ctx).caller = caller }

func (a *API) mount(mux *http.ServeMux, m mount) {
	mux.HandleFunc(m.prefix, func(w http.ResponseWriter, r *http.Request) {
		if !slices.Contains(mountMethods, r.Method) {
			a.refuseMethod(w, r, strings.Join(mountMethods, ", "))
			return
		}
		x := exchangeOf(r.Context())
		x.pattern = m.prefix
		r = a.beginSpan(r, x)
		ctx, cancel := context.WithTimeout(r.Context(), a.cfg.Timeout)
		defer cancel()
		r = r.WithContext(ctx)
		r.URL = a.published(r.URL)
		m.handler.ServeHTTP(w, r)
	})
	mux.HandleFunc(strings.TrimSuffix(m.prefix, "/"), func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			a.refuseMethod(w, r, "GET, HEAD")
			return
		}
		exchangeOf(r.Context()).pattern = m.prefix
		to := url.URL{Path: a.cfg.RootPath + m.prefix, RawQuery: r.URL.RawQuery}
		http.Redirect(w, r, to.String(), http.StatusPermanentRedirect)
	})
}

// published returns u, which rootPath has cut, as clients see it.
func (a *API) published(u *url.URL) *url.URL {
	full := *u
	full.Path = a.cfg.RootPath + u.Path
	if u.RawPath != "" {
		full.RawPath = a.cfg.RootPath + u.RawPath
	}
	return &full
}

func (a *API) refuseMethod(w http.ResponseWriter, r *http.Request, allowed string) {
	w.Header().Set("Allow", allowed)
	a.fail(w, r, errs.MethodNotAllowed.Newf("This path allows %s.", allowed))
}
