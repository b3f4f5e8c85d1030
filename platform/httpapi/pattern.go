package httpapi

import (
	"regexp"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// A pattern is a regular expression of the document.
type pattern struct {
	*regexp.Regexp

	source string // as the document has it
}

// String returns the expression as the document has it.
func (p pattern) String() string { return p.source }

// escape is a backslash with what it stands before: a character by its number, or any other.
var escape = regexp.MustCompile(`(?s)\\(?:u[0-9A-Fa-f]{4}|.)`)

// compilePattern compiles a regular expression of JSON Schema, which has the syntax of ECMA-262. Of what that writes in
// another way than Go, it knows \uHHHH.
func compilePattern(source string) (jsonschema.Regexp, error) {
	re, err := regexp.Compile(escape.ReplaceAllStringFunc(source, func(s string) string {
		if digits, ok := strings.CutPrefix(s, `\u`); ok {
			return `\x{` + digits + `}`
		}
		return s
	}))
	return pattern{Regexp: re, source: source}, err
}
