package httpapi

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strconv"
	"time"
)

// A Budget names how many requests a caller may make of one kind of route.
type Budget string

// The budgets of routes. Route.Budget is, when it is not set, Reads for GET and Writes for every other method.
const (
	Reads  Budget = "read"
	Writes Budget = "write"
	// SignIn is for signing up and in, and for a user's own password and second factor.
	SignIn Budget = "auth"
	// Unlimited is for what costs next to nothing or must always answer, such as probes.
	Unlimited Budget = "none"
)

// A Demand is what a route asks of a request before anything of it is read.
type Demand struct {
	Access Access
	Budget Budget
	// Operation is Route.ID.
	Operation string
}

// An Admission is what is known of a request that was let in, and of one that was not.
type Admission struct {
	// Context is for the endpoint; nil leaves that of the request.
	Context context.Context
	// Caller is a short name of who makes the request, for the log; empty for strangers.
	Caller string
	// Quota is what is left of the budget; nil where nothing is counted.
	Quota *Quota
}

// A Quota is what is left of a budget, as the answer tells it (draft-ietf-httpapi-ratelimit-headers-10).
type Quota struct {
	// Budget has Limit requests in Window.
	Budget Budget
	Limit  int
	Window time.Duration
	// Remaining requests may be made within Reset.
	Remaining int
	Reset     time.Duration
}

// SetQuota tells the client what is left of its budget.
func SetQuota(h http.Header, q *Quota) {
	if q == nil {
		return
	}
	h.Set("RateLimit-Policy", fmt.Sprintf("%q;q=%d;w=%d", string(q.Budget), q.Limit, int(q.Window.Seconds())))
	h.Set("RateLimit", fmt.Sprintf("%q;r=%d;t=%d", string(q.Budget), q.Remaining, wholeSeconds(q.Reset)))
}

// wholeSeconds rounds up: who waits that long has waited long enough.
func wholeSeconds(d time.Duration) int { return int(math.Ceil(d.Seconds())) }

// admit asks Config.Admit whether r may call e. Without it there are only routes that anyone may call.
func (a *API) admit(w http.ResponseWriter, r *http.Request, e *endpoint) (*http.Request, error) {
	if a.cfg.Admit == nil {
		return r, nil
	}
	admission, err := a.cfg.Admit(r, Demand{Access: e.Access, Budget: e.Budget, Operation: e.ID})
	x := exchangeOf(r.Context())
	x.caller = admission.Caller
	SetQuota(w.Header(), admission.Quota)
	if admission.Context != nil {
		r = r.WithContext(admission.Context)
	}
	return r, err
}

// isKnown reports whether b is one of the budgets of routes.
func (b Budget) isKnown() bool {
	switch b {
	case Reads, Writes, SignIn, Unlimited:
		return true
	}
	return false
}

// budget returns what the requests of a route are counted against.
func (rt *Route) budget(method string) Budget {
	switch {
	case rt.Budget != "":
		return rt.Budget
	case rt.Probe:
		return Unlimited
	case method == http.MethodGet:
		return Reads
	}
	return Writes
}

// retryAfter is the value of the header of that name.
func retryAfter(d time.Duration) string { return strconv.Itoa(wholeSeconds(d)) }
