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

// A route that does not say who may call it keeps the program from starting.
func TestRouteWithoutAccess(t *testing.T) {
	t.Parallel()
	defer func() {
		if got := fmt.Sprint(recover()); !strings.Contains(got, "GET /things does not say who may call it") {
			t.Errorf("declaring it panics with %q, want what is missing", got)
		}
	}()
	api := httpapi.New(httpapi.Config{
		Title: "Test", Version: "0", Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry(),
	})
	httpapi.Handle(api, httpapi.Route{Pattern: "GET /things", ID: "listThings", Tag: "Things", Summary: "List things"},
		func(context.Context, *httpapi.Empty) (*httpapi.Empty, error) { return &httpapi.Empty{}, nil })
}
