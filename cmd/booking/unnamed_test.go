package main

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

// TestNoWriteTakesUnnamedFields adds to the body of every operation each field that clients may wish to set and that
// the schema of the operation does not name: all of them are refused, and nothing is written.
func TestNoWriteTakesUnnamedFields(t *testing.T) {
	t.Parallel()
	f := makeWorld(t)
	probes := f.probes(t)
	pool := newWorlds(t, f)
	schemas := readSchemas(pool.client)
	for id, o := range readOperations(pool.client) {
		known := schemas.fields(o)
		if known == nil {
			continue
		}
		t.Run(id, func(t *testing.T) {
			t.Parallel()
			if len(probes[id]) == 0 {
				t.Fatalf("no probes for %s", id)
			}
			w := pool.take(t)
			before := w.digest(t)
			for name, value := range intrudersInto(known) {
				w.wantUnknown(t, o, probes[id][0].with(name, value), name)
			}
			if after := w.digest(t); after != before {
				t.Errorf("%s has changed the database:\n%s\nwant\n%s", id, after, before)
			}
		})
	}
}

// wantUnknown sends p as an admin and expects that exactly the field is refused.
func (w *world) wantUnknown(t *testing.T, o *operation, p probe, field string) {
	t.Helper()
	res := p.send(t, w.as("admin"), o)
	if res.Status != http.StatusUnprocessableEntity {
		t.Errorf("%s with the field %q = %d, want 422: %s", o.ID, field, res.Status, res.Body)
		return
	}
	errors := res.Problem().Errors
	if len(errors) != 1 || errors[0].Field != field || errors[0].Code != "unknown" {
		t.Errorf("%s with the field %q is refused for %+v, want that it is unknown", o.ID, field, errors)
	}
}

// intrudersInto are the fields that an operation which knows some does not know, the known ones in other letters among
// them.
func intrudersInto(known []string) map[string]any {
	fields := intruders()
	for _, name := range known {
		delete(fields, name)
		fields[strings.ToUpper(name)] = 1
	}
	return fields
}

// with is p with another value for a field of its JSON body.
func (p probe) with(field string, value any) probe {
	body, _ := p.body.(map[string]any)
	body = maps.Clone(body)
	body[field] = value
	p.body = body
	return p
}

// schemas are those of the document, by reference.
type schemas map[string]struct {
	Properties map[string]struct {
		Type any `json:"type"`
	} `json:"properties"`
}

func readSchemas(c *apitest.Client) schemas {
	var document struct {
		Components struct {
			Schemas schemas `json:"schemas"`
		} `json:"components"`
	}
	c.Do("GET", "/openapi.json", nil).Want(http.StatusOK).Decode(&document)
	byReference := make(schemas)
	for name, schema := range document.Components.Schemas {
		byReference["#/components/schemas/"+name] = schema
	}
	return byReference
}

// fields are those that the JSON body of o may have, in order; none if it has no such body.
func (s schemas) fields(o *operation) []string {
	media := o.RequestBody.Content["application/json"]
	return slices.Sorted(maps.Keys(s[media.Schema.Ref].Properties))
}

// strings are the fields of the JSON body of o that may be strings.
func (s schemas) strings(o *operation) []string {
	properties := s[o.RequestBody.Content["application/json"].Schema.Ref].Properties
	return slices.DeleteFunc(s.fields(o), func(name string) bool {
		return !strings.Contains(fmt.Sprint(properties[name].Type), "string")
	})
}
