package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"path"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"

	"github.com/shumbooking/shumbooking/platform/errs"
)

// Build makes the handler of all routes declared so far, and the document that describes them. The order of
// what a request passes stands in this function.
func (a *API) Build() (http.Handler, error) {
	if err := a.checkAccess(); err != nil {
		return nil, fmt.Errorf("build API: %w", err)
	}
	if err := a.compile(); err != nil {
		return nil, fmt.Errorf("build API: %w", err)
	}
	h := a.routes()
	h = a.cleanPath(h)
	h = a.rootPath(h)
	h = a.cors(h)
	h = securityHeaders(h)
	h = a.recover(h)
	// Outermost, so that the answers of all others are counted and logged.
	return a.observe(h), nil
}

// checkAccess returns an error if nobody keeps strangers from a route that is not for everybody.
func (a *API) checkAccess() error {
	for _, e := range a.endpoints {
		if e.Access != Public && a.cfg.Admit == nil {
			return fmt.Errorf("%s is not public, and nobody decides who may call it", e.Pattern)
		}
	}
	return nil
}

// Document returns the OpenAPI document made by Build.
func (a *API) Document() []byte { return a.document }

// compile makes the document and from it the schemas that judge requests.
func (a *API) compile() error {
	doc, err := a.describe()
	if err != nil {
		return err
	}
	if a.document, err = json.MarshalIndent(doc, "", " "); err != nil {
		return err
	}
	schemas, err := schemasOf(doc)
	if err != nil {
		return err
	}
	for _, e := range a.endpoints {
		if err := e.compile(schemas); err != nil {
			return fmt.Errorf("%s: %w", e.Pattern, err)
		}
	}
	return nil
}

func (e *endpoint) compile(schemas *Schemas) error {
	at := []string{"paths", e.path, strings.ToLower(e.method)}
	parameters, err := schemas.parameters(at)
	if err != nil {
		return err
	}
	for _, p := range e.params {
		i := slices.Index(parameters, p.in+" "+p.name)
		if i < 0 {
			return fmt.Errorf("parameter %s is not in the document", p.name)
		}
		if p.schema, err = schemas.At(append(at, "parameters", strconv.Itoa(i), "schema")...); err != nil {
			return err
		}
	}
	if e.body != nil {
		e.body.schema, err = schemas.At(append(at, "requestBody", "content", jsonType, "schema")...)
	}
	if err != nil {
		return err
	}
	return e.checkExamples(member(schemas.document, at...))
}

// routes dispatches by path first and by method second, so that a path answers 405 with its own methods even
// where a wider pattern has more.
func (a *API) routes() http.Handler {
	byPath := make(map[string]map[string]*endpoint)
	for _, e := range a.endpoints {
		if byPath[e.path] == nil {
			byPath[e.path] = make(map[string]*endpoint)
		}
		byPath[e.path][e.method] = e
	}
	mux := http.NewServeMux()
	for p, methods := range byPath {
		mux.Handle(p, a.methods(methods))
	}
	for _, m := range a.mounts {
		a.mount(mux, m)
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		a.fail(w, r, errs.NotFound.New(""))
	})
	return mux
}

func (a *API) methods(methods map[string]*endpoint) http.Handler {
	allow := slices.Collect(maps.Keys(methods))
	if methods[http.MethodGet] != nil {
		allow = append(allow, http.MethodHead)
	}
	allow = append(allow, http.MethodOptions)
	slices.Sort(allow)
	allowed := strings.Join(allow, ", ")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		method := r.Method
		if method == http.MethodHead {
			method = http.MethodGet
		}
		e := methods[method]
		switch {
		case e != nil:
			a.call(w, r, e)
		case r.Method == http.MethodOptions:
			tellMethods(w, r, allowed)
		default:
			a.refuseMethod(w, r, allowed)
		}
	})
}

// rootPath lets every route answer with and without the prefix that a proxy publishes it under.
func (a *API) rootPath(next http.Handler) http.Handler {
	if a.cfg.RootPath == "" {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path, found := strings.CutPrefix(r.URL.Path, a.cfg.RootPath+"/")
		if found {
			// An encoded path that writes the prefix in another way is not encoded in what follows from here on.
			raw, _ := strings.CutPrefix(r.URL.RawPath, a.cfg.RootPath)
			stripped := *r.URL
			stripped.Path, stripped.RawPath = "/"+path, raw
			r = r.WithContext(r.Context())
			r.URL = &stripped
		}
		next.ServeHTTP(w, r)
	})
}

// cleanPath refuses the paths that ServeMux would redirect: a redirected POST loses its body. The asterisk is no path:
// OPTIONS asks with it what the server can do at all (RFC 9110, section 9.3.7).
func (a *API) cleanPath(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodOptions && r.URL.Path == "*" {
			tellMethods(w, r, strings.Join(mountMethods, ", "))
			return
		}
		for _, p := range []string{r.URL.Path, r.URL.EscapedPath()} {
			clean := path.Clean(p)
			if p == "*" || p != clean && (clean == "/" || p != clean+"/") {
				a.fail(w, r, errs.NotFound.New(""))
				return
			}
		}
		next.ServeHTTP(w, r)
	})
}

// recover turns a panic into an internal error. What was written already cannot be taken back: then the connection is
// broken off.
func (a *API) recover(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer func() {
			v := recover()
			if v == nil {
				return
			}
			if err, ok := v.(error); ok && errors.Is(err, http.ErrAbortHandler) {
				panic(v)
			}
			a.metrics.panics.Inc()
			err := fmt.Errorf("panic: %v\n%s", v, debug.Stack())
			if x := exchangeOf(r.Context()); x.status != 0 {
				x.err = err
				// Lest a part be taken for the whole.
				panic(http.ErrAbortHandler)
			}
			dropContentHeaders(w.Header())
			a.fail(w, r, err)
		}()
		next.ServeHTTP(w, r)
	})
}

// securityHeaders keeps answers from being taken for something else, shown in frames or read by pages of other origins.
// Permissions-Policy is not among them, as the policy of content lets no script run that could ask for anything.
func securityHeaders(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		next.ServeHTTP(w, r)
	})
}
