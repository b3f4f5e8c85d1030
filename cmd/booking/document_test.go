package main

import (
	"encoding/json"
	"slices"
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
