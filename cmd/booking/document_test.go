package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode"
)

// readDocument returns what "booking openapi" prints.
func readDocument(t *testing.T) map[string]any {
	t.Helper()
	var document map[string]any
	if err := json.Unmarshal([]byte(must(t, environmentOf(nil), "", "openapi")), &document); err != nil {
		t.Fatal(err)
	}
	return document
}

// walkDocument calls visit for every value of a document, with the names and indexes that lead to it.
func walkDocument(v any, at []any, visit func(at []any, v any)) {
	visit(at, v)
	switch v := v.(type) {
	case map[string]any:
		for name, child := range v {
			walkDocument(child, append(slices.Clip(at), name), visit)
		}
	case []any:
		for i, child := range v {
			walkDocument(child, append(slices.Clip(at), i), visit)
		}
	}
}

// TestOpenAPIIsPlainText: generators copy texts of the document into sources, which compilers refuse to read with a
// byte order mark in the middle.
func TestOpenAPIIsPlainText(t *testing.T) {
	t.Parallel()
	walkDocument(readDocument(t), nil, func(at []any, v any) {
		s, _ := v.(string)
		for _, r := range s {
			if unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) && r != '\n' {
				t.Errorf("%v holds the character %U", at, r)
			}
		}
	})
}

// at follows names through the objects of a document.
func at(v any, names ...string) any {
	for _, name := range names {
		object, _ := v.(map[string]any)
		v = object[name]
	}
	return v
}

// TestOpenAPIExamplesOfProblems: each answer that is a problem shows those that it can be, and no other.
func TestOpenAPIExamplesOfProblems(t *testing.T) {
	t.Parallel()
	document, shown := readDocument(t), 0
	walkDocument(document["paths"], nil, func(where []any, v any) {
		examples, ok := at(v, "content", "application/problem+json").(map[string]any)
		if !ok {
			return
		}
		status, codes := where[len(where)-1].(string), examples["examples"].(map[string]any)
		if len(codes) == 0 {
			t.Errorf("%v has no example", where)
		}
		for code := range codes {
			example := at(document, "components", "examples", code, "value")
			if got := fmt.Sprint(at(example, "status"), at(example, "code")); got != status+code {
				t.Errorf("%v: the example %s has status and code %s", where, code, got)
			}
			if title := at(example, "title"); title == nil || title == "" {
				t.Errorf("%v: the example %s has no title", where, code)
			}
			shown++
		}
	})
	if shown == 0 {
		t.Error("no problem has an example")
	}
}

// TestOpenAPIUsesItsSchemas: generators of clients would make types of those that nothing refers to.
func TestOpenAPIUsesItsSchemas(t *testing.T) {
	t.Parallel()
	document := must(t, environmentOf(nil), "", "openapi")
	schemas, _ := at(readDocument(t), "components", "schemas").(map[string]any)
	if len(schemas) == 0 {
		t.Error("the document has no schemas")
	}
	for name := range schemas {
		if !strings.Contains(document, `"#/components/schemas/`+name+`"`) {
			t.Errorf("nothing refers to the schema %s", name)
		}
	}
}

// TestOpenAPILetsClientsAsk: what a client may choose is a parameter, which the page for trying fills in only where it
// does no harm.
func TestOpenAPILetsClientsAsk(t *testing.T) {
	t.Parallel()
	document := readDocument(t)
	const language = "#/components/parameters/Language"
	for where, want := range map[string]bool{
		"post /bookings": true, "get /hotels/{hotel_id}": true, "post /hotels/{hotel_id}/images": true,
		"get /live": false, "get /docs": false, "get /openapi.json": false,
	} {
		method, path, _ := strings.Cut(where, " ")
		list, _ := at(document, "paths", path, method, "parameters").([]any)
		got := slices.ContainsFunc(list, func(p any) bool { return at(p, "$ref") == language })
		if got != want {
			t.Errorf("%s takes a language: %t, want %t", where, got, want)
		}
		for _, p := range list {
			if at(p, "name") == "Idempotency-Key" && at(p, "example") != nil {
				t.Errorf("%s has an example of an idempotency key: two tries would be one request", where)
			}
		}
	}
	login := at(document, "paths", "/auth/login", "post", "requestBody", "content", "application/json", "example")
	if at(login, "email") == nil || at(login, "otp") != nil {
		t.Errorf("example of a sign-in = %v, want an e-mail and no one-time code", login)
	}
}

// TestOpenAPIDescribesAll: nobody has to guess what a parameter, an answer or a member of a problem is, or who may
// call an operation.
func TestOpenAPIDescribesAll(t *testing.T) {
	t.Parallel()
	document := readDocument(t)
	walkDocument(document, nil, func(where []any, v any) {
		if in := at(v, "in"); (in == "path" || in == "query" || in == "header") && at(v, "name") != nil && at(v, "description") == nil {
			t.Errorf("%v: the parameter %v has no description", where, at(v, "name"))
		}
		properties, _ := at(v, "properties").(map[string]any)
		for name, property := range properties {
			if at(property, "type") == nil && at(property, "$ref") == nil {
				t.Errorf("%v: the property %s has no type", where, name)
			}
		}
	})
	for where, want := range map[string]string{
		"get /hotels": "Anyone may call it.", "get /bookings/me": "Sign in first.", "get /bookings": "For managers and admins.",
		"get /users": "For admins.", "post /bookings": "at most 30 nights",
	} {
		method, path, _ := strings.Cut(where, " ")
		if got := fmt.Sprint(at(document, "paths", path, method, "description")); !strings.Contains(got, want) {
			t.Errorf("description of %s = %q, want %q", where, got, want)
		}
	}
	members := at(document, "components", "schemas", "Problem", "properties")
	if got := fmt.Sprint(at(members, "nights", "items", "format"), " ", at(members, "field", "type")); got != "date string" {
		t.Errorf("items of nights and field of a problem are %q, want a date and a string", got)
	}
}
