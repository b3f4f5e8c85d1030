package httpapi

import (
	"net/http"
	"strings"

	"github.com/shumbooking/shumbooking/platform/errs"
)

// A Refusal is a request that was turned away because of who made it.
type Refusal struct {
	Operation string
	// Path has the ids of the request, and nothing else that its sender wrote.
	Path string
	Kind errs.Kind
}

// reportRefusal tells Config.Refused of a caller who asked for what is not theirs. Absent objects are reported as
// those of others are, so that neither takes longer.
func (a *API) reportRefusal(r *http.Request, e *endpoint, err error) {
	if a.cfg.Refused == nil || e.Access == Public || exchangeOf(r.Context()).caller == "" {
		return
	}
	if kind := a.problem(err).Kind; kind.Code == errs.Forbidden.Code || kind.Code == errs.NotFound.Code {
		a.cfg.Refused(r.Context(), Refusal{Operation: e.ID, Path: e.plainPath(r.URL.Path), Kind: kind})
	}
}

// plainPath returns path with what stands for the wildcards of e where that is a number, and with the wildcards
// themselves where it is not: nobody knows what people put there.
func (e *endpoint) plainPath(path string) string {
	segments := strings.Split(path, "/")
	for i, wildcard := range strings.Split(e.path, "/") {
		if i < len(segments) && strings.HasPrefix(wildcard, "{") && !isNumber(segments[i]) {
			segments[i] = wildcard
		}
	}
	return strings.Join(segments, "/")
}

// isNumber reports whether s has the form of an id.
func isNumber(s string) bool {
	return s != "" && len(s) <= 19 && strings.Trim(s, "0123456789") == ""
}
