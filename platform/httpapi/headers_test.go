package httpapi_test

import (
	"context"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

// admitCounted is admit that counts requests; there are none left for the token "spent".
func admitCounted(r *http.Request, d httpapi.Demand) (httpapi.Admission, error) {
	admission, err := admit(r, d)
	if d.Budget == httpapi.Unlimited {
		return admission, err
	}
	admission.Quota = &httpapi.Quota{Budget: d.Budget, Limit: 10, Window: time.Minute, Remaining: 3, Reset: time.Second}
	if r.Header.Get("Authorization") == "Bearer spent" {
		spent := errs.RateLimited.New("Slow down.")
		spent.RetryAfter = time.Second
		return admission, spent
	}
	return admission, err
}

// registerParcels declares a route that is still at work on the first request with each key.
func registerParcels(api *httpapi.API) {
	httpapi.Handle(api, httpapi.Route{
		Pattern: "POST /parcels", ID: "sendParcel", Tag: "Things", Summary: "Send", Access: member, Idempotent: true,
	}, func(context.Context, *thingInput) (*thing, error) {
		busy := errs.RequestInProgress.New("Wait.")
		busy.RetryAfter = time.Second
		return nil, busy
	})
}

// TestHeadersAreDocumented: what clients go by stands in the document, for the statuses that have it and no others.
func TestHeadersAreDocumented(t *testing.T) {
	t.Parallel()
	var doc struct {
		Paths map[string]map[string]struct {
			Responses map[string]struct{ Headers map[string]any }
		}
	}
	c := apitest.New(t, admitCounted, register, registerParcels, new(album).register)
	c.Do("GET", "/openapi.json", nil).Want(200).Decode(&doc)
	good := c.As("good")
	tag := good.Do("POST", "/leaves", `{"text":"a"}`).Want(201).Header.Get("ETag")
	for _, tt := range []struct {
		path, method string
		res          *apitest.Response
		status       int
	}{
		{"/leaves/{id}", "get", c.Do("GET", "/leaves/1", nil), 200},
		{"/leaves/{id}", "get", send(t, c, "GET", "/leaves/1", "", "If-None-Match", tag), 304},
		{"/leaves/{id}", "put", good.Do("PUT", "/leaves/1", `{"text":"b"}`), 200},
		{"/leaves/{id}", "delete", good.Do("DELETE", "/leaves/1", nil), 204},
		{"/leaves", "post", good.Do("POST", "/leaves", `{"text":"c"}`), 201},
		{"/leaves", "post", c.Do("POST", "/leaves", `{"text":"d"}`), 401},
		{"/leaves", "post", c.As("spent").Do("POST", "/leaves", `{"text":"d"}`), 429},
		{"/things/{id}", "get", c.Do("GET", "/things/5031", nil), 503},
		{"/parcels", "post", send(t, good, "POST", "/parcels", `{"title":"a"}`, "Idempotency-Key", "k"), 409},
		{"/things/{id}", "get", c.Do("GET", "/things/404", nil), 404},
		{"/things/{id}", "patch", good.DoRaw("PATCH", "/things/1", "text/plain", strings.NewReader("x")), 415},
		{"/things", "post", good.DoRaw("POST", "/things", "text/plain", strings.NewReader("x")), 415},
		{"/ping", "get", c.Do("GET", "/ping", nil), 200},
		{"/docs", "get", c.Do("GET", "/docs", nil), 200},
	} {
		documented := doc.Paths[tt.path][tt.method].Responses[strconv.Itoa(tt.res.Want(tt.status).Status)].Headers
		names := []string{
			"ETag", "Location", "Retry-After", "WWW-Authenticate", "Accept-Patch", "X-Request-Id", "Content-Language",
			"RateLimit", "RateLimit-Policy",
		}
		// No problem may be kept: the document leaves that out.
		if tt.status < 400 {
			names = append(names, "Cache-Control")
		}
		for _, name := range names {
			got, there := tt.res.Header.Get(name), documented[name] != nil
			if there != (got != "") {
				t.Errorf("%s %s, %d: %s = %q, documented: %t", tt.method, tt.path, tt.status, name, got, there)
			}
		}
	}
}
