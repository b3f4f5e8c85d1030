package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/santhosh-tekuri/jsonschema/v6/kind"

	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/errs"
)

// A Schemas compiles the JSON Schemas inside an OpenAPI document. It may be used by several goroutines.
type Schemas struct {
	mu       sync.Mutex // the compiler remembers what it compiled, and expects one caller at a time
	compiler *jsonschema.Compiler
	document map[string]any
}

const documentURL = "openapi.json"

// NewSchemas reads an OpenAPI 3.1 document.
func NewSchemas(document []byte) (*Schemas, error) {
	doc, err := readDocument(document)
	if err != nil {
		return nil, fmt.Errorf("read OpenAPI document: %w", err)
	}
	return schemasOf(doc)
}

// readDocument decodes a document. Its numbers are [json.Number], as the compiler of schemas expects them.
func readDocument(document []byte) (map[string]any, error) {
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(document))
	if err != nil {
		return nil, err
	}
	object, ok := doc.(map[string]any)
	if !ok {
		return nil, errors.New("not an object")
	}
	return object, nil
}

// schemasOf compiles the schemas of what readDocument returned.
func schemasOf(doc map[string]any) (*Schemas, error) {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	c.AssertFormat()
	c.RegisterFormat(&jsonschema.Format{Name: "date", Validate: func(v any) error {
		s, ok := v.(string)
		if !ok {
			return nil
		}
		_, err := date.Parse(s)
		return err
	}})
	c.RegisterFormat(&jsonschema.Format{Name: "int64", Validate: integerOf(64)})
	c.RegisterFormat(&jsonschema.Format{Name: "int32", Validate: integerOf(32)})
	c.UseRegexpEngine(compilePattern)
	if err := c.AddResource(documentURL, doc); err != nil {
		return nil, fmt.Errorf("read OpenAPI document: %w", err)
	}
	return &Schemas{compiler: c, document: doc}, nil
}

// parameters lists the parameters of the operation at path, each as "query limit".
func (s *Schemas) parameters(path []string) ([]string, error) {
	operation := member(s.document, path...)
	if operation == nil {
		return nil, fmt.Errorf("no operation at %v", path)
	}
	list, _ := operation["parameters"].([]any)
	names := make([]string, len(list))
	for i, v := range list {
		p, _ := v.(map[string]any)
		names[i] = parameterKey(p)
	}
	return names, nil
}

// parameterKey tells a parameter of the document from the others of its operation, as "query limit".
func parameterKey(p map[string]any) string { return fmt.Sprintf("%v %v", p["in"], p["name"]) }

// integerOf refuses the integers that a signed type of that many bits does not hold, and those that are not written as
// integers, which [number] has as a float64.
func integerOf(bits int) func(any) error {
	return func(v any) error {
		if _, ok := v.(float64); ok {
			return errors.New("is written with a fraction or an exponent")
		}
		n, ok := v.(json.Number)
		if !ok {
			return nil
		}
		i, err := n.Int64()
		if err != nil || i != i<<(64-bits)>>(64-bits) {
			return fmt.Errorf("is out of the range of %d-bit integers", bits)
		}
		return nil
	}
}

// At returns the schema found in the document by following the path's member names.
func (s *Schemas) At(path ...string) (*jsonschema.Schema, error) {
	var pointer strings.Builder
	for _, name := range path {
		name = strings.NewReplacer("~", "~0", "/", "~1").Replace(name)
		pointer.WriteString("/" + url.PathEscape(name))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.compiler.Compile(documentURL + "#" + pointer.String())
}

// violations lists what err, the result of a validation, found wrong. In is the part of the request, field
// the name of the part that was validated, empty for a whole body.
func violations(err error, in, field string) []errs.Field {
	invalid, ok := errors.AsType[*jsonschema.ValidationError](err)
	if !ok {
		return nil
	}
	if len(invalid.Causes) > 0 {
		var all []errs.Field
		for _, cause := range invalid.Causes {
			all = append(all, violations(cause, in, field)...)
		}
		return all
	}
	path := invalid.InstanceLocation
	if field != "" {
		path = append([]string{field}, path...)
	}
	_, foreign := invalid.ErrorKind.(*kind.AdditionalProperties)
	var fields []errs.Field
	for _, name := range affected(invalid.ErrorKind) {
		at := path
		if name != "" {
			at = slices.Concat(path, []string{name})
		}
		code, message := describe(invalid.ErrorKind)
		fields = append(fields, errs.Field{Field: strings.Join(at, "."), In: in, Code: code, Message: message, Foreign: foreign})
	}
	return fields
}

// affected names the members that a violation of an object is about, or "" for the instance itself.
func affected(k jsonschema.ErrorKind) []string {
	switch k := k.(type) {
	case *kind.Required:
		return k.Missing
	case *kind.AdditionalProperties:
		return k.Properties
	}
	return []string{""}
}

// describe returns the code and the message of a broken rule.
func describe(k jsonschema.ErrorKind) (code string, message errs.Message) {
	switch k := k.(type) {
	case *kind.Required:
		return "required", errs.Say("is required")
	case *kind.AdditionalProperties:
		return "unknown", errs.Say("is not a known field")
	case *kind.Type:
		return "type", errs.Say("must be %s", describeTypes(k.Want))
	case *kind.Enum:
		return "enum", errs.Say("must be one of: %s", listed(k.Want))
	case *kind.Format:
		return describeFormat(k)
	case *kind.Pattern:
		return describePattern(k.Want)
	case *kind.MinLength:
		return "min_length", errs.Say("must have %d or more characters", k.Want)
	case *kind.MaxLength:
		return "max_length", errs.Say("must have at most %d characters", k.Want)
	case *kind.Minimum:
		return "minimum", errs.Say("must be %s or more", k.Want.RatString())
	case *kind.Maximum:
		return "maximum", errs.Say("must be %s or less", k.Want.RatString())
	case *kind.MinItems:
		return "min_items", errs.Say("must have %d or more items", k.Want)
	case *kind.MaxItems:
		return "max_items", errs.Say(textMaxItems, k.Want)
	case *kind.UniqueItems:
		return "unique_items", errs.Say("must not repeat an item")
	}
	return "invalid", errs.Say("is not valid")
}

// listed writes the values of an enumeration one after the other.
func listed(values []any) string {
	var names []string
	for _, v := range values {
		if v != nil {
			names = append(names, fmt.Sprint(v))
		}
	}
	return strings.Join(names, ", ")
}

// typeNames are what people call the types of JSON Schema.
var typeNames = map[string]errs.Text{
	"array": "a list", "boolean": "true or false", "integer": "an integer", "null": "null",
	"number": "a number", "object": "an object", "string": "a string",
}

func describeTypes(types []string) errs.Message {
	all := errs.Say(typeNames[types[0]])
	for _, t := range types[1:] {
		all = errs.Say("%s or %s", all, errs.Say(typeNames[t]))
	}
	return all
}

// formatTexts say what a string is not that lacks a format.
var formatTexts = map[string]errs.Text{
	"date":      "is not a date such as 2026-08-30",
	"date-time": "is not a time such as 2026-08-30T12:00:00Z",
	"email":     "is not an e-mail address",
	"uri":       "is not a URL",
}

func describeFormat(k *kind.Format) (code string, message errs.Message) {
	if bits, ok := strings.CutPrefix(k.Want, "int"); ok {
		if _, ok := k.Got.(float64); ok {
			return "type", errs.Say("must be an integer, written without fraction or exponent")
		}
		return "range", errs.Say("is out of the range of %s-bit integers", bits)
	}
	if text, ok := formatTexts[k.Want]; ok {
		return "format", errs.Say(text)
	}
	return "format", errs.Say("is not in the format %s", k.Want)
}

func describePattern(pattern string) (code string, message errs.Message) {
	if pattern == notBlank {
		return "blank", errs.Say("must not be blank")
	}
	return "pattern", errs.Say("must match the pattern %s", pattern)
}
