package httpapi_test

import (
	"context"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

// A document is what the tests here read of /openapi.json.
type document struct {
	Paths map[string]map[string]struct {
		Parameters []struct {
			Name    string         `json:"name"`
			Example any            `json:"example"`
			Schema  map[string]any `json:"schema"`
		} `json:"parameters"`
		RequestBody struct {
			Content map[string]struct {
				Example map[string]any `json:"example"`
			} `json:"content"`
		} `json:"requestBody"`
	} `json:"paths"`
	Components struct {
		Schemas map[string]struct {
			Properties map[string]map[string]any `json:"properties"`
		} `json:"schemas"`
	} `json:"components"`
}

func TestDocumentedExamples(t *testing.T) {
	t.Parallel()
	var doc document
	newClient(t).Do("GET", "/openapi.json", nil).Decode(&doc)
	today := date.Of(time.Now().UTC())
	// The document may have been made just before midnight.
	soon := func(v any) bool { return v == today.AddDays(30).String() || v == today.AddDays(29).String() }
	examples := make(map[string]any)
	for _, p := range doc.Paths["/things"]["get"].Parameters {
		examples[p.Name] = p.Example
	}
	if !soon(examples["from"]) || examples["city"] != nil {
		t.Errorf("examples of parameters = %v, want only from, 30 days ahead", examples)
	}
	for _, where := range []string{"post /things application/json", "put /things/{id} application/json", "patch /things/{id} application/merge-patch+json"} {
		at := strings.Fields(where)
		got := doc.Paths[at[1]][at[0]].RequestBody.Content[at[2]].Example
		if !soon(got["since"]) {
			t.Errorf("%s: example = %v, want since 30 days ahead", where, got)
		}
		delete(got, "since")
		if diff := cmp.Diff(map[string]any{"title": "Anchor"}, got); diff != "" {
			t.Errorf("%s: example is not made of the examples of its fields (-want +got):\n%s", where, diff)
		}
	}
}

// Generators of clients stumble over a type that begins with null, a schema called Date and extensions.
func TestDocumentSuitsGenerators(t *testing.T) {
	t.Parallel()
	var doc document
	res := newClient(t).Do("GET", "/openapi.json", nil)
	res.Decode(&doc)
	thing := doc.Components.Schemas["thing"].Properties
	if diff := cmp.Diff([]any{"string", "null"}, thing["note"]["type"]); diff != "" {
		t.Errorf("type of a field that may be null (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(map[string]any{"type": "string", "format": "date"}, thing["since"]); diff != "" {
		t.Errorf("schema of a date (-want +got):\n%s", diff)
	}
	if strings.Contains(string(res.Body), `"x-`) {
		t.Error("the document has extensions")
	}
	for _, p := range doc.Paths["/things"]["get"].Parameters {
		if p.Schema["type"] == nil || p.Schema["description"] != nil {
			t.Errorf("schema of parameter %s = %v, want a type and no description", p.Name, p.Schema)
		}
	}
}

func TestBuildRefusesUselessExamples(t *testing.T) {
	t.Parallel()
	type noExample struct {
		ID int64 `path:"id" minimum:"1"`
	}
	type wrongExample struct {
		ID int64 `path:"id" minimum:"1" example:"0"`
	}
	type fieldWithout struct {
		Title string `json:"title" required:"true"`
	}
	for want, register := range map[string]func(*httpapi.API){
		"parameter id is required and has no example": handle[noExample]("GET /things/{id}"),
		"example of parameter id":                     handle[wrongExample]("GET /things/{id}"),
		"example of the body":                         handle[fieldWithout]("POST /things"),
	} {
		api := httpapi.New(httpapi.Config{Title: "Test", Version: "0", Log: slog.New(slog.DiscardHandler), Metrics: prometheus.NewRegistry()})
		register(api)
		if _, err := api.Build(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Build = %v, want an error with %q", err, want)
		}
	}
}

func handle[In any](pattern string) func(*httpapi.API) {
	return func(api *httpapi.API) {
		rt := httpapi.Route{Pattern: pattern, ID: "call", Tag: "Things", Summary: "Call", Access: httpapi.Public}
		httpapi.Handle(api, rt, func(context.Context, *In) (*httpapi.Empty, error) { return nil, nil })
	}
}

// What is documented of files is what Swagger UI and generators of clients make a choice of files of.
func TestDocumentOfFiles(t *testing.T) {
	t.Parallel()
	c := apitest.New(t, admit, registerFiles, registerPictures, httpapi.HandleDocs)
	var doc struct {
		Paths map[string]map[string]struct {
			RequestBody any `json:"requestBody"`
			Responses   map[string]struct {
				Content map[string]struct {
					Schema map[string]any `json:"schema"`
				} `json:"content"`
			} `json:"responses"`
		} `json:"paths"`
	}
	c.Do("GET", "/openapi.json", nil).Decode(&doc)
	binary := map[string]any{"type": "string", "format": "binary"}
	want := map[string]any{"required": true, "content": map[string]any{"multipart/form-data": map[string]any{
		"schema": map[string]any{
			"type": "object", "required": []any{"file"}, "additionalProperties": false,
			"properties": map[string]any{"file": map[string]any{
				"type": "array", "items": binary, "minItems": 1.0, "maxItems": 3.0, "description": "Drawings.",
			}},
		},
	}}}
	if diff := cmp.Diff(want, doc.Paths["/things/{id}/files"]["post"].RequestBody); diff != "" {
		t.Errorf("body of files (-want +got):\n%s", diff)
	}
	for status, types := range map[string][]string{
		"200": {"image/jpeg"}, "206": {"image/jpeg", "multipart/byteranges"}, "304": {}, "416": {"application/problem+json"},
	} {
		content := doc.Paths["/pictures/{name}"]["get"].Responses[status].Content
		if diff := cmp.Diff(types, slices.Sorted(maps.Keys(content)), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("types of status %s (-want +got):\n%s", status, diff)
		}
		if diff := cmp.Diff(binary, content["image/jpeg"].Schema); diff != "" && status == "200" {
			t.Errorf("schema of a file (-want +got):\n%s", diff)
		}
	}
}

func TestFilesNeedTags(t *testing.T) {
	t.Parallel()
	type noName struct {
		Files httpapi.Files `maxItems:"1"`
	}
	type noLimit struct {
		Files httpapi.Files `part:"file"`
	}
	type twoBodies struct {
		Files httpapi.Files `part:"file" maxItems:"1"`
		Body  thingInput
	}
	type right struct {
		Files httpapi.Files `part:"file" maxItems:"1"`
	}
	for want, declare := range map[string]func(*httpapi.API, httpapi.Route){
		"no name":    declare[noName],
		"no limit":   declare[noLimit],
		"two bodies": declare[twoBodies],
		"no size":    func(api *httpapi.API, rt httpapi.Route) { rt.MaxBody = 0; declare[right](api, rt) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("a route with %s is taken", want)
				}
			}()
			api := httpapi.New(httpapi.Config{Metrics: prometheus.NewRegistry()})
			declare(api, httpapi.Route{Pattern: "POST /files", ID: "add", Tag: "Things", Summary: "Add", Access: httpapi.Public, MaxBody: 1})
		}()
	}
}

func declare[In any](api *httpapi.API, rt httpapi.Route) {
	httpapi.Handle(api, rt, func(context.Context, *In) (*httpapi.Empty, error) { return nil, nil })
}
