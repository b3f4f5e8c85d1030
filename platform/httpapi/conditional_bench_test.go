package httpapi_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
	"github.com/shumbooking/shumbooking/platform/page"
)

// A discard is a ResponseWriter that keeps the headers only.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(b []byte) (int, error) { return len(b), nil }
func (d *discard) WriteHeader(int)             {}

// BenchmarkValidators tells what tags cost: a page of twenty items of 800 bytes, which is one of hotels, without a tag,
// with one, and when the client has it already.
func BenchmarkValidators(b *testing.B) {
	list := &page.List[leaf]{Items: make([]leaf, 20)}
	for i := range list.Items {
		list.Items[i] = leaf{ID: int64(i), Text: strings.Repeat("A quiet house. ", 50), Photo: "/photos/1"}
	}
	register := func(api *httpapi.API) {
		route := httpapi.Route{Pattern: "GET /plain", ID: "plain", Tag: "Leaves", Summary: "Plain", Access: httpapi.Public}
		answer := func(context.Context, *struct{}) (*page.List[leaf], error) { return list, nil }
		httpapi.Handle(api, route, answer)
		route.Pattern, route.ID, route.Conditional = "GET /tagged", "tagged", true
		httpapi.Handle(api, route, answer)
	}
	c := apitest.New(b, nil, register)
	tag := c.Do("GET", "/tagged", nil).Want(200).Header.Get("ETag")
	for _, bench := range []struct{ name, path, tag string }{
		{"plain", "/plain", ""}, {"tagged", "/tagged", ""}, {"not modified", "/tagged", tag},
	} {
		b.Run(bench.name, func(b *testing.B) {
			req := httptest.NewRequestWithContext(b.Context(), "GET", bench.path, nil)
			if bench.tag != "" {
				req.Header.Set("If-None-Match", bench.tag)
			}
			b.ReportAllocs()
			for b.Loop() {
				c.Handler().ServeHTTP(&discard{header: make(http.Header)}, req)
			}
		})
	}
}
