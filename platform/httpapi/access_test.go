package httpapi_test

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/shumbooking/shumbooking/platform/httpapi"
)

// newUnguarded returns an API in which nobody decides who may call what.
func newUnguarded() *httpapi.API {
	return httpapi.New(httpapi.Config{
		Title: "Test", Version: "0", Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
	})
}

func doNothing(context.Context, *httpapi.Empty) (*httpapi.Empty, error) { return &httpapi.Empty{}, nil }

// A route that does not say who may call it keeps the program from starting, and so does one whose requests would be
// counted nowhere.
func TestRouteWithoutAccess(t *testing.T) {
	t.Parallel()
	things := httpapi.Route{Pattern: "GET /things", ID: "listThings", Tag: "Things", Summary: "List things"}
	uncounted := things
	uncounted.Access, uncounted.Budget = httpapi.Public, "reads"
	for want, route := range map[string]httpapi.Route{
		"GET /things does not say who may call it":             things,
		`GET /things counts against an unknown budget "reads"`: uncounted,
	} {
		func() {
			defer func() {
				if got := fmt.Sprint(recover()); !strings.Contains(got, want) {
					t.Errorf("declaring it panics with %q, want %q", got, want)
				}
			}()
			httpapi.Handle(newUnguarded(), route, doNothing)
		}()
	}
}

// Without someone who decides who may call a route, there is none that not everybody may.
func TestRouteWithoutAdmission(t *testing.T) {
	t.Parallel()
	api := newUnguarded()
	open := httpapi.Route{Pattern: "GET /live", ID: "getLive", Tag: "Things", Summary: "Live", Access: httpapi.Public}
	httpapi.Handle(api, open, doNothing)
	if _, err := api.Build(); err != nil {
		t.Errorf("Build of public routes = %v, want none", err)
	}
	closed := httpapi.Route{Pattern: "GET /things", ID: "listThings", Tag: "Things", Summary: "List things", Access: member}
	httpapi.Handle(api, closed, doNothing)
	handler, err := api.Build()
	if want := "GET /things is not public"; handler != nil || err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Build of a route for members = %v, %v, want an error with %q", handler, err, want)
	}
}
