package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/swaggest/jsonschema-go"
	"github.com/swaggest/openapi-go/openapi31"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/texts"
)

// exampleRequestID is a request id as the document shows it.
const exampleRequestID = "0199f3a2-6c1e-7d43-9a5b-3f0d8e2c71b6"

// languageParameter is the name of the parameter that the operations share.
const languageParameter = "Language"

// shared refers to what several operations have in common: a component of that kind and name.
func shared(kind, name string) map[string]any {
	return map[string]any{"$ref": "#/components/" + kind + "/" + name}
}

// finishComponents adds what the operations share beside schemas: headers, examples of problems, the language.
func (a *API) finishComponents(doc map[string]any) error {
	examples, err := a.problemExamples()
	if err != nil {
		return err
	}
	components := member(doc, "components")
	components["headers"] = sharedHeaders()
	components["examples"] = examples
	if a.cfg.Texts != nil {
		components["parameters"] = map[string]any{languageParameter: language()}
	}
	return nil
}

// sharedHeaders are the headers that mean the same in every answer.
func sharedHeaders() map[string]any {
	header := func(typ, description string) map[string]any {
		return map[string]any{"description": description, "schema": map[string]any{"type": typ}}
	}
	return map[string]any{
		requestIDHeader:    header("string", "Stands in every log line of the request: the id that the client sent, or a new one."),
		"Content-Language": header("string", "The language of the problem: `en` or `ru`."),
		"RateLimit-Policy": header("string", "The budget: its name, requests (q) and seconds (w)."),
		"RateLimit":        header("string", "What is left of the budget: requests (r) in the next seconds (t)."),
		"Retry-After":      header("integer", "Seconds to wait before trying again."),
		"WWW-Authenticate": header("string", "How to sign in: `Bearer`."),
		"Accept-Patch":     header("string", "The media types that a patch may have."),
	}
}

// language describes the header that chooses the language of problems. It has no enumeration, because whatever a
// browser sends there is taken.
func language() map[string]any {
	return map[string]any{
		"name": "Accept-Language", "in": "header",
		"description": "The language of problems: English, or Russian for `ru`.",
		"schema":      map[string]any{"type": "string"},
		"examples": map[string]any{
			"en": map[string]any{"summary": "English", "value": "en"},
			"ru": map[string]any{"summary": "Russian", "value": "ru"},
		},
	}
}

// describeMembers adds the extension members that routes tell of to the schema of problems.
func (a *API) describeMembers(r *openapi31.Reflector, doc map[string]any) error {
	properties := member(doc, "components", "schemas", "Problem", "properties")
	for _, e := range a.endpoints {
		if e.Members == nil {
			continue
		}
		schema, err := r.JSONSchemaReflector().Reflect(e.Members, jsonschema.InlineRefs)
		if err != nil {
			return fmt.Errorf("members of problems of %s: %w", e.Pattern, err)
		}
		raw, err := json.Marshal(schema.Properties)
		if err != nil {
			return fmt.Errorf("members of problems of %s: %w", e.Pattern, err)
		}
		if err := json.Unmarshal(raw, &properties); err != nil {
			return fmt.Errorf("members of problems of %s: %w", e.Pattern, err)
		}
	}
	return nil
}

// finishLanguage lets the sender of e's operation choose the language. Probes and files have nothing to say.
func (a *API) finishLanguage(e *endpoint, op map[string]any) {
	if a.cfg.Texts == nil || e.Probe || e.contentType != "" {
		return
	}
	parameters, _ := op["parameters"].([]any)
	op["parameters"] = append(parameters, shared("parameters", languageParameter))
}

// problemExamples shows a problem of each kind.
func (a *API) problemExamples() (map[string]any, error) {
	examples := make(map[string]any)
	for _, e := range a.endpoints {
		for _, k := range e.kinds() {
			if examples[k.Code] != nil {
				continue
			}
			value, err := a.problemExample(k)
			if err != nil {
				return nil, err
			}
			examples[k.Code] = map[string]any{"summary": k.Title, "value": value}
		}
	}
	return examples, nil
}

func (a *API) problemExample(k errs.Kind) (map[string]any, error) {
	body := a.problemBody(k.New(""), texts.English)
	body.Instance, body.RequestID = "urn:uuid:"+exampleRequestID, exampleRequestID
	if k == errs.Invalid {
		body.Errors = []FieldError{{Field: "date_to", In: "body", Code: "required", Message: "is required"}}
	}
	var b bytes.Buffer
	if err := encode(&b, body, a.encode); err != nil {
		return nil, err
	}
	var value map[string]any
	return value, json.Unmarshal(b.Bytes(), &value)
}
