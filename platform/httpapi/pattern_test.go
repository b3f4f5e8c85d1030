package httpapi_test

import (
	"testing"

	"github.com/shumbooking/shumbooking/platform/httpapi"
)

// Patterns are those of ECMA-262, in which a character may be written by its number.
func TestPatternEscapes(t *testing.T) {
	t.Parallel()
	schemas, err := httpapi.NewSchemas([]byte(`{"number": {"pattern": "^[\\u0041-\\u0043\\ufeff]$"}, "backslash": {"pattern": "^\\\\u0041$"}}`))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name, text string
		want       bool
	}{
		{"number", "B", true},
		{"number", "\ufeff", true},
		{"number", "D", false},
		{"number", "u", false},
		{"backslash", `\u0041`, true},
		{"backslash", `\A`, false},
	} {
		schema, err := schemas.At(tt.name)
		if err != nil {
			t.Fatal(err)
		}
		if got := schema.Validate(tt.text) == nil; got != tt.want {
			t.Errorf("pattern with a %s takes %q: %t, want %t", tt.name, tt.text, got, tt.want)
		}
	}
}
