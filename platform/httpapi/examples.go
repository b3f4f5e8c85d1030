package httpapi

import (
	"fmt"
	"strings"

	"github.com/shumbooking/shumbooking/platform/date"
)

// exampleOffset begins an example that is a date so many days ahead.
const exampleOffset = "today+"

// finishExamples makes the examples of doc such that each request can be tried as it stands.
func (a *API) finishExamples(doc map[string]any, today date.Date) {
	resolveExamples(doc, today)
	for _, e := range a.endpoints {
		if e.body == nil {
			continue
		}
		content := member(doc, "paths", e.path, strings.ToLower(e.method), "requestBody", "content")
		for _, media := range content {
			media := media.(map[string]any)
			schema := member(media, "schema")
			if ref, ok := schema["$ref"].(string); ok {
				schema = member(doc, "components", "schemas", strings.TrimPrefix(ref, schemaPrefix))
			}
			media["example"] = exampleOf(schema)
		}
	}
}

// checkExamples demands that the examples of e's operation are what its schemas take, and that nothing required is
// without one.
func (e *endpoint) checkExamples(op map[string]any) error {
	examples := make(map[string]any)
	parameters, _ := op["parameters"].([]any)
	for _, v := range parameters {
		p, _ := v.(map[string]any)
		examples[parameterKey(p)] = p["example"]
	}
	for _, p := range e.params {
		example := examples[p.in+" "+p.name]
		if example == nil && p.required {
			return fmt.Errorf("parameter %s is required and has no example", p.name)
		}
		if example == nil {
			continue
		}
		if err := p.schema.Validate(example); err != nil {
			return fmt.Errorf("example of parameter %s: %w", p.name, err)
		}
	}
	if e.body != nil {
		if err := e.body.schema.Validate(member(op, "requestBody", "content", jsonType)["example"]); err != nil {
			return fmt.Errorf("example of the body: %w", err)
		}
	}
	return nil
}

// exampleOf returns an object of those properties of schema that have an example. Tools that make one up fill in
// every property, those too that exclude each other or that few callers may set.
func exampleOf(schema map[string]any) map[string]any {
	object := make(map[string]any)
	for name, property := range member(schema, "properties") {
		if examples, ok := property.(map[string]any)["examples"].([]any); ok {
			object[name] = examples[0]
		}
	}
	return object
}

// resolveExamples replaces examples of the form "today+30" by that date.
func resolveExamples(v any, today date.Date) {
	switch v := v.(type) {
	case map[string]any:
		for name, child := range v {
			if s, ok := child.(string); ok && name == "example" {
				v[name] = resolveExample(s, today)
			}
			resolveExamples(child, today)
		}
		if list, ok := v["examples"].([]any); ok {
			for i, child := range list {
				if s, ok := child.(string); ok {
					list[i] = resolveExample(s, today)
				}
			}
		}
	case []any:
		for _, child := range v {
			resolveExamples(child, today)
		}
	}
}

func resolveExample(s string, today date.Date) string {
	var days int
	if n, _ := fmt.Sscanf(s, exampleOffset+"%d", &days); n == 1 {
		return today.AddDays(days).String()
	}
	return s
}
