package httpapi

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/errs"
)

const (
	schemaPrefix = "#/components/schemas/"
	patchSuffix  = "Patch"
	// unknownPrefix begins the extensions by which the reflector remembers that it closed the parameters.
	unknownPrefix = "x-forbid-unknown-"
)

// finish adds what reflection cannot know: descriptions of responses, schemas of patches, headers, examples.
func (a *API) finish(doc map[string]any) error {
	contents := make(map[reflect.Type]map[string]any)
	for _, e := range a.endpoints {
		op := member(doc, "paths", e.path, strings.ToLower(e.method))
		e.repeatContent(op, contents)
		e.finishResponses(op)
		finishParameters(op)
		e.finishHeaders(op)
		a.finishLanguage(e, op)
		maps.DeleteFunc(op, func(name string, _ any) bool { return strings.HasPrefix(name, unknownPrefix) })
		if e.Access == Public {
			op["security"] = []any{}
		}
		if e.body != nil {
			member(op, "requestBody")["required"] = true
		}
		if e.body != nil && e.body.patch {
			a.finishPatch(doc, op)
		}
		if e.files != nil {
			op["requestBody"] = e.files.describe()
		}
	}
	dropUnused(doc)
	putNullLast(doc)
	doc["tags"] = a.tags()
	a.finishExamples(doc, date.Of(time.Now().UTC()))
	return a.finishComponents(doc)
}

// repeatContent gives e's answers the content that the first answer of their type has, which is kept in contents.
func (e *endpoint) repeatContent(op map[string]any, contents map[reflect.Type]map[string]any) {
	if e.contentType != "" {
		return
	}
	for _, status := range e.statuses() {
		response := member(op, "responses", strconv.Itoa(status))
		if content := member(response, "content"); content != nil {
			contents[e.out] = maps.Clone(content)
		} else if known := contents[e.out]; known != nil {
			response["content"] = maps.Clone(known)
		}
	}
}

func (e *endpoint) finishResponses(op map[string]any) {
	responses, problems := member(op, "responses"), e.problems()
	for code := range problems {
		if status := strconv.Itoa(code); responses[status] == nil {
			responses[status] = make(map[string]any)
		}
	}
	for status, response := range responses {
		response := response.(map[string]any)
		code, _ := strconv.Atoi(status)
		response["description"] = meaning(code, problems[code])
		e.finishContent(response, status)
		if kinds := problems[code]; len(kinds) > 0 {
			describeProblems(response, kinds)
		}
		if status == "201" && reflect.PointerTo(e.out).Implements(reflect.TypeFor[locator]()) {
			response["headers"] = map[string]any{"Location": map[string]any{
				"description": "Where the new resource is.", "schema": map[string]any{"type": "string"}}}
		}
	}
}

// describeProblems says that response may be a problem of one of kinds.
func describeProblems(response map[string]any, kinds []errs.Kind) {
	content := member(response, "content")
	if content == nil {
		content = make(map[string]any)
		response["content"] = content
	}
	examples := make(map[string]any)
	for _, k := range kinds {
		examples[k.Code] = shared("examples", k.Code)
	}
	content[problemType] = map[string]any{"schema": shared("schemas", "Problem"), "examples": examples}
}

// finishContent describes the content of what e's function writes itself.
func (e *endpoint) finishContent(response map[string]any, status string) {
	content := member(response, "content")
	switch {
	case content[e.contentType] == nil:
	case status == "304":
		delete(response, "content")
	case status == "206":
		content["multipart/byteranges"] = map[string]any{"schema": binarySchema()}
		fallthrough
	case !strings.HasPrefix(e.contentType, "text/") && e.contentType != jsonType:
		content[e.contentType] = map[string]any{"schema": binarySchema()}
	}
}

func binarySchema() map[string]any { return map[string]any{"type": "string", "format": "binary"} }

// finishParameters says that a parameter is never null: it is there or it is not. What its schema repeats of the
// parameter, or has for it, moves to the parameter, which is where tools look.
func finishParameters(op map[string]any) {
	parameters, _ := op["parameters"].([]any)
	for _, p := range parameters {
		parameter := p.(map[string]any)
		schema := member(parameter, "schema")
		if types, ok := schema["type"].([]any); ok {
			schema["type"] = slices.DeleteFunc(types, func(t any) bool { return t == "null" })[0]
		}
		if examples, ok := schema["examples"].([]any); ok {
			parameter["example"] = examples[0]
		}
		delete(schema, "examples")
		delete(schema, "description")
	}
}

// putNullLast orders the types of what may be null: generators of clients take the first one for the type.
func putNullLast(v any) {
	switch v := v.(type) {
	case map[string]any:
		if types, ok := v["type"].([]any); ok {
			slices.SortStableFunc(types, func(a, b any) int { return cmp.Compare(nullRank(a), nullRank(b)) })
		}
		for _, child := range v {
			putNullLast(child)
		}
	case []any:
		for _, child := range v {
			putNullLast(child)
		}
	}
}

func nullRank(name any) int {
	if name == "null" {
		return 1
	}
	return 0
}

// meaning says what a status stands for: where it is that of problems, their codes.
func meaning(status int, problems []errs.Kind) string {
	if len(problems) == 0 {
		return http.StatusText(status)
	}
	codes := make([]string, len(problems))
	for i, k := range problems {
		codes[i] = fmt.Sprintf("`%s`: %s.", k.Code, k.Title)
	}
	return strings.Join(codes, " ")
}

// problems are the kinds of problems of e by status.
func (e *endpoint) problems() map[int][]errs.Kind {
	byStatus := make(map[int][]errs.Kind)
	for _, k := range e.kinds() {
		byStatus[k.Status] = append(byStatus[k.Status], k)
	}
	return byStatus
}

// finishPatch gives the operation a schema of its own, in which nothing is required and nothing has a default.
func (a *API) finishPatch(doc, op map[string]any) {
	content := member(op, "requestBody", "content")
	schemas := member(doc, "components", "schemas")
	schema := member(content, jsonType, "schema")
	name := strings.TrimPrefix(schema["$ref"].(string), schemaPrefix)
	if _, done := schemas[name+patchSuffix]; !done {
		schemas[name+patchSuffix] = patchSchema(schemas[name].(map[string]any))
	}
	schema["$ref"] = schemaPrefix + name + patchSuffix
	content[patchType] = content[jsonType]
}

// dropUnused removes the schemas that nothing refers to: those of bodies that are only ever patched.
func dropUnused(doc map[string]any) {
	schemas := member(doc, "components", "schemas")
	used := make(map[string]bool)
	collectRefs(doc["paths"], schemas, used)
	maps.DeleteFunc(schemas, func(name string, _ any) bool { return !used[name] })
}

// collectRefs puts the names of the schemas that v refers to into used, and of those that these refer to.
func collectRefs(v any, schemas map[string]any, used map[string]bool) {
	switch v := v.(type) {
	case map[string]any:
		ref, _ := v["$ref"].(string)
		if name, ok := strings.CutPrefix(ref, schemaPrefix); ok && !used[name] {
			used[name] = true
			collectRefs(schemas[name], schemas, used)
		}
		for _, child := range v {
			collectRefs(child, schemas, used)
		}
	case []any:
		for _, child := range v {
			collectRefs(child, schemas, used)
		}
	}
}

func patchSchema(of map[string]any) map[string]any {
	s := maps.Clone(of)
	delete(s, "required")
	properties := make(map[string]any)
	for name, property := range member(of, "properties") {
		p := maps.Clone(property.(map[string]any))
		delete(p, "default")
		properties[name] = p
	}
	s["properties"] = properties
	return s
}

// tags lists the groups of operations: those of the configuration in its order, then any others.
func (a *API) tags() []any {
	var tags []any
	seen := make(map[string]bool)
	for _, tag := range a.cfg.Tags {
		seen[tag.Name] = true
		tags = append(tags, map[string]any{"name": tag.Name, "description": tag.Description})
	}
	for _, e := range a.endpoints {
		if !seen[e.Tag] {
			seen[e.Tag] = true
			tags = append(tags, map[string]any{"name": e.Tag})
		}
	}
	return tags
}

// member follows names through nested objects.
func member(object map[string]any, names ...string) map[string]any {
	for _, name := range names {
		object, _ = object[name].(map[string]any)
	}
	return object
}
