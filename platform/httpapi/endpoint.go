package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/shumbooking/shumbooking/platform/errs"
)

// defaultTimeout leaves a client that waits for ten seconds the time to get the answer that this time was not enough.
const defaultTimeout = 8 * time.Second

// An API collects routes and becomes a handler with Build.
type API struct {
	cfg       Config
	endpoints []*endpoint
	mounts    []mount
	metrics   *metrics
	encode    json.Options // of responses
	document  []byte
}

// New returns an API without routes.
func New(cfg Config) *API {
	if cfg.Timeout == 0 {
		cfg.Timeout = defaultTimeout
	}
	a := &API{cfg: cfg, metrics: newMetrics(cfg.Metrics)}
	a.encode = a.encoding()
	return a
}

// An endpoint is a declared route with what was read from its types.
type endpoint struct {
	Route
	method, path string
	in, out      reflect.Type
	params       []*param
	body         *bodyPlan
	files        *filesPlan
	// contentType of a response that is not made from out; empty for others.
	contentType string
	// serve decodes the request, calls the function and writes the response.
	serve func(w http.ResponseWriter, r *http.Request) error
}

// Handle declares rt, answered by fn. It panics if the route or its types are not as the package requires:
// that is a bug, found when the program starts.
func Handle[In, Out any](api *API, rt Route, fn func(context.Context, *In) (*Out, error)) {
	e := newEndpoint(rt, reflect.TypeFor[In](), reflect.TypeFor[Out]())
	e.serve = func(w http.ResponseWriter, r *http.Request) error {
		attempt, err := api.attemptOf(r, e)
		if err != nil {
			return err
		}
		in := new(In)
		if err := e.read(r, in); err != nil {
			return err
		}
		if r, err = e.begin(r, attempt, in); err != nil {
			return err
		}
		out, err := fn(r.Context(), in)
		if replay(w, r, err) {
			return nil
		}
		if err != nil {
			return uploadOf(r.Context()).blame(err)
		}
		return api.respond(w, r, e, out)
	}
	api.endpoints = append(api.endpoints, e)
}

func newEndpoint(rt Route, in, out reflect.Type) *endpoint {
	method, path, ok := strings.Cut(rt.Pattern, " ")
	if !ok || !strings.HasPrefix(path, "/") {
		panic(fmt.Sprintf("httpapi: pattern %q is not a method and a path", rt.Pattern))
	}
	if rt.Access == "" {
		panic(fmt.Sprintf("httpapi: %s does not say who may call it", rt.Pattern))
	}
	if rt.ID == "" || rt.Summary == "" || rt.Tag == "" {
		panic(fmt.Sprintf("httpapi: %s lacks an ID, a Summary or a Tag", rt.Pattern))
	}
	e := &endpoint{Route: rt, method: method, path: path, in: in, out: out}
	e.Budget = rt.budget(method)
	if !e.Budget.isKnown() {
		panic(fmt.Sprintf("httpapi: %s counts against an unknown budget %q", rt.Pattern, e.Budget))
	}
	if e.Idempotent && (e.Access == Public || method != http.MethodPost || out == reflect.TypeFor[Empty]()) {
		panic(fmt.Sprintf("httpapi: %s takes idempotency keys and is no POST by somebody with an answer to repeat", rt.Pattern))
	}
	if e.Status == 0 {
		e.Status = http.StatusOK
		if out == reflect.TypeFor[Empty]() {
			e.Status = http.StatusNoContent
		}
	}
	if err := e.plan(); err != nil {
		panic(fmt.Sprintf("httpapi: %s: %v", rt.Pattern, err))
	}
	return e
}

func (e *endpoint) takesBody() bool { return e.body != nil || e.files != nil }

// kinds are all problems that e can cause, its own and those that any endpoint of its shape has.
func (e *endpoint) kinds() []errs.Kind {
	all := []errs.Kind{errs.MalformedRequest, errs.Internal, errs.Unavailable}
	if len(e.params) > 0 || e.takesBody() {
		all = append(all, errs.Invalid)
	}
	if e.takesBody() {
		all = append(all, errs.BodyTooLarge, errs.UnsupportedMediaType)
	}
	if e.files != nil {
		all = append(all, errs.RequestTimeout)
	}
	if e.Access != Public {
		all = append(all, errs.Unauthenticated, errs.Forbidden)
	}
	if e.Budget != Unlimited {
		all = append(all, errs.RateLimited)
	}
	if e.Idempotent {
		all = append(all, errs.IdempotencyKeyInvalid, errs.IdempotencyKeyReused, errs.RequestInProgress)
	}
	if e.changes() {
		all = append(all, errs.PreconditionFailed)
	}
	if strings.Contains(e.path, "{") {
		all = append(all, errs.NotFound)
	}
	seen := make(map[string]bool)
	var unique []errs.Kind
	for _, k := range append(all, e.Errors...) {
		if !seen[k.Code] {
			seen[k.Code] = true
			unique = append(unique, k)
		}
	}
	return unique
}
