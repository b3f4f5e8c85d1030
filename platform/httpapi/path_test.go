package httpapi_test

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

type gallery struct {
	Cover    httpapi.Path            `json:"cover" description:"The first." example:"/static/a.jpg"`
	None     httpapi.Path            `json:"none"`
	Optional *httpapi.Path           `json:"optional"`
	Missing  *httpapi.Path           `json:"missing"`
	Pages    []httpapi.Path          `json:"pages"`
	ByName   map[string]httpapi.Path `json:"by_name" nullable:"false"`
	Text     string                  `json:"text"`
}

func registerGallery(api *httpapi.API) {
	rt := httpapi.Route{Pattern: "GET /gallery", ID: "getGallery", Tag: "Things", Summary: "Gallery", Access: httpapi.Public}
	httpapi.Handle(api, rt, func(context.Context, *struct{}) (*gallery, error) {
		return &gallery{
			Cover: "/static/a.jpg", Optional: new(httpapi.Path("/b")), Pages: []httpapi.Path{"/c", "/d?x=<&>"},
			ByName: map[string]httpapi.Path{"e": "/e"}, Text: "/f",
		}, nil
	})
	httpapi.HandleDocs(api)
}

func TestPath(t *testing.T) {
	t.Parallel()
	for root, want := range map[string]string{
		"":      `{"cover":"/static/a.jpg","none":"","optional":"/b","missing":null,"pages":["/c","/d?x=<&>"],"by_name":{"e":"/e"},"text":"/f"}`,
		"/base": `{"cover":"/base/static/a.jpg","none":"","optional":"/base/b","missing":null,"pages":["/base/c","/base/d?x=<&>"],"by_name":{"e":"/base/e"},"text":"/f"}`,
	} {
		c := apitest.Build(t, httpapi.Config{RootPath: root}, registerGallery)
		if diff := cmp.Diff(want+"\n", string(c.Do("GET", "/gallery", nil).Want(200).Body)); diff != "" {
			t.Errorf("below %q (-want +got):\n%s", root, diff)
		}
		var doc document
		c.Do("GET", "/openapi.json", nil).Decode(&doc)
		properties := doc.Components.Schemas["gallery"].Properties
		schema := map[string]any{
			"description": "The first.", "type": "string", "format": "uri-reference", "examples": []any{root + "/static/a.jpg"},
		}
		if diff := cmp.Diff(schema, properties["cover"]); diff != "" {
			t.Errorf("schema below %q (-want +got):\n%s", root, diff)
		}
		optional, err := json.Marshal(properties["optional"])
		if want := `{"format":"uri-reference","type":["string","null"]}`; string(optional) != want {
			t.Errorf("schema of an optional path = %s, %v, want %s", optional, err, want)
		}
	}
}

// BenchmarkResponse tells what the look-out for paths costs.
func BenchmarkResponse(b *testing.B) {
	page := make([]gallery, 100)
	for i := range page {
		page[i] = gallery{Cover: "/static/a.jpg", Pages: []httpapi.Path{"/b", "/c"}, Text: "some text"}
	}
	things := make([]thing, 300)
	for i := range things {
		things[i] = thing{ID: int64(i), Title: "Anchor", Tags: []string{"a", "b"}}
	}
	rt := httpapi.Route{Pattern: "GET /things", ID: "getThings", Tag: "Things", Summary: "Things", Access: httpapi.Public}
	pages := httpapi.Route{Pattern: "GET /pages", ID: "getPages", Tag: "Things", Summary: "Pages", Access: httpapi.Public}
	for _, root := range []string{"", "/base"} {
		c := apitest.Build(b, httpapi.Config{RootPath: root}, func(api *httpapi.API) {
			httpapi.Handle(api, rt, func(context.Context, *struct{}) (*[]thing, error) { return &things, nil })
			httpapi.Handle(api, pages, func(context.Context, *struct{}) (*[]gallery, error) { return &page, nil })
		})
		for _, target := range []string{"/things", "/pages"} {
			b.Run("root="+root+target, func(b *testing.B) {
				req := httptest.NewRequest("GET", target, nil)
				b.ReportAllocs()
				for b.Loop() {
					b.SetBytes(int64(serve(c, req).Body.Len()))
				}
			})
		}
	}
}
