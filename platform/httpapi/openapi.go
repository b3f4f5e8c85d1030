package httpapi

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/swaggest/jsonschema-go"
	"github.com/swaggest/openapi-go"
	"github.com/swaggest/openapi-go/openapi31"

	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/errs"
)

const (
	problemType   = "application/problem+json"
	bearerScheme  = "bearer"
	schemaPrefix  = "#/components/schemas/"
	patchSuffix   = "Patch"
	exampleOffset = "today+"
)

// describe makes the OpenAPI 3.1 document of all endpoints.
func (a *API) describe() ([]byte, error) {
	r := newReflector()
	r.Spec.Info.WithTitle(a.cfg.Title).WithVersion(a.cfg.Version).WithDescription(a.cfg.Description)
	r.Spec.Info.WithLicense(*(&openapi31.License{Name: "MIT"}).WithIdentifier("MIT"))
	server := openapi31.Server{URL: a.cfg.RootPath}
	if server.URL == "" {
		server.URL = "/"
	}
	r.Spec.WithServers(*server.WithDescription("This server"))
	r.Spec.SetHTTPBearerTokenSecurity(bearerScheme, "JWT", "The access_token of POST /auth/login.")
	for _, e := range a.endpoints {
		if err := e.describe(r); err != nil {
			return nil, fmt.Errorf("describe %s: %w", e.Pattern, err)
		}
	}
	raw, err := json.Marshal(r.Spec)
	if err != nil {
		return nil, err
	}
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	a.finish(doc)
	return json.MarshalIndent(doc, "", " ")
}

// newReflector returns a reflector with the rules of this package: what a response has is always there, a body
// has nothing that is not known, a slice is never null.
func newReflector() *openapi31.Reflector {
	r := openapi31.NewReflector()
	r.JSONSchemaReflector().AddTypeMapping(date.Date{}, dateSchema())
	names := make(map[string]reflect.Type)
	r.JSONSchemaReflector().DefaultOptions = append(r.JSONSchemaReflector().DefaultOptions,
		jsonschema.InterceptDefName(func(t reflect.Type, _ string) string { return schemaName(names, t) }),
		jsonschema.InterceptProp(requireInResponses),
		jsonschema.InterceptProp(formatIntegers),
		jsonschema.InterceptSchema(closeInRequests),
		jsonschema.InterceptNullability(func(p jsonschema.InterceptNullabilityParams) {
			if p.NullAdded && p.Type.Kind() == reflect.Slice {
				p.Schema.RemoveType(jsonschema.Null)
			}
		}))
	return r
}

func dateSchema() jsonschema.Schema {
	s := jsonschema.Schema{}
	s.AddType(jsonschema.String)
	s.WithFormat("date")
	return s
}

// schemaName names t in the document: its Go name, with its package where that says too little or is taken.
func schemaName(names map[string]reflect.Type, t reflect.Type) string {
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	base, arg, generic := strings.Cut(strings.TrimSuffix(t.Name(), "]"), "[")
	pkg := t.PkgPath()[strings.LastIndex(t.PkgPath(), "/")+1:]
	name := base
	if generic {
		name = arg[strings.LastIndex(arg, ".")+1:] + base
	}
	if other, taken := names[name]; strings.HasSuffix(name, "Params") || taken && other != t {
		name = strings.ToUpper(pkg[:1]) + pkg[1:] + name
	}
	if other, taken := names[name]; taken && other != t {
		panic(fmt.Sprintf("httpapi: %s and %s are both called %s in the document", other, t, name))
	}
	names[name] = t
	return name
}

func requireInResponses(p jsonschema.InterceptPropParams) error {
	tag := p.Field.Tag.Get("json")
	if strings.HasSuffix(tag, ",embed") {
		p.ParentSchema.AdditionalProperties = (&jsonschema.SchemaOrBool{}).WithTypeBoolean(true)
		return jsonschema.ErrSkipProperty
	}
	oc, ok := openapi.OperationCtx(p.Context)
	if !ok || !oc.IsProcessingResponse() || !p.Processed {
		return nil
	}
	optional := strings.Contains(tag, ",omitzero") || strings.Contains(tag, ",omitempty")
	if tag != "" && !optional && !slices.Contains(p.ParentSchema.Required, p.Name) {
		p.ParentSchema.Required = append(p.ParentSchema.Required, p.Name)
	}
	return nil
}

// formatIntegers says how wide an integer is also where the field is a pointer.
func formatIntegers(p jsonschema.InterceptPropParams) error {
	t := p.Field.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if p.Processed && t.Kind() == reflect.Int64 && p.PropertySchema.Ref == nil {
		p.PropertySchema.WithFormat("int64")
	}
	return nil
}

func closeInRequests(p jsonschema.InterceptSchemaParams) (stop bool, err error) {
	oc, ok := openapi.OperationCtx(p.Context)
	if ok && !oc.IsProcessingResponse() && p.Processed && reflect.Indirect(p.Value).Kind() == reflect.Struct && p.Schema.HasType(jsonschema.Object) {
		p.Schema.AdditionalProperties = (&jsonschema.SchemaOrBool{}).WithTypeBoolean(false)
	}
	return false, nil
}

// describe adds e to the document.
func (e *endpoint) describe(r *openapi31.Reflector) error {
	oc, err := r.NewOperationContext(e.method, e.path)
	if err != nil {
		return err
	}
	oc.SetID(e.ID)
	oc.SetSummary(e.Summary)
	oc.SetDescription(e.Description)
	oc.SetTags(e.Tag)
	if e.Access != Public {
		oc.AddSecurity(bearerScheme)
	}
	if len(e.params) > 0 {
		oc.AddReqStructure(reflect.New(e.in).Interface())
	}
	if e.body != nil {
		oc.AddReqStructure(reflect.New(e.body.typ).Interface(), openapi.WithContentType(jsonType))
	}
	e.describeResponses(oc)
	return r.AddOperation(oc)
}

func (e *endpoint) describeResponses(oc openapi.OperationContext) {
	switch {
	case e.contentType == jsonType:
		oc.AddRespStructure(map[string]any{}, openapi.WithHTTPStatus(e.Status))
	case e.contentType != "":
		oc.AddRespStructure("", openapi.WithHTTPStatus(e.Status), openapi.WithContentType(e.contentType))
	case e.out == reflect.TypeFor[Empty]():
		oc.AddRespStructure(nil, openapi.WithHTTPStatus(e.Status))
	default:
		for _, status := range append([]int{e.Status}, e.OtherStatuses...) {
			oc.AddRespStructure(reflect.New(e.out).Interface(), openapi.WithHTTPStatus(status))
		}
	}
	for _, status := range e.problemStatuses() {
		oc.AddRespStructure(new(Problem), openapi.WithHTTPStatus(status), openapi.WithContentType(problemType))
	}
}

func (e *endpoint) problemStatuses() []int {
	statuses := make(map[int]bool)
	for _, k := range e.kinds() {
		statuses[k.Status] = true
	}
	return slices.Sorted(maps.Keys(statuses))
}

// finish adds what reflection cannot know: descriptions of responses, schemas of patches, headers, examples.
func (a *API) finish(doc map[string]any) {
	for _, e := range a.endpoints {
		op := member(doc, "paths", e.path, strings.ToLower(e.method))
		e.finishResponses(op)
		finishParameters(op)
		if e.Access == Public {
			op["security"] = []any{}
		}
		if e.body != nil {
			member(op, "requestBody")["required"] = true
		}
		if e.body != nil && e.body.patch {
			a.finishPatch(doc, op)
		}
	}
	doc["tags"] = a.tags()
	resolveExamples(doc, date.Of(time.Now().UTC()))
}

func (e *endpoint) finishResponses(op map[string]any) {
	for status, response := range member(op, "responses") {
		response := response.(map[string]any)
		response["description"] = e.meaning(status)
		if status == "201" && reflect.PointerTo(e.out).Implements(reflect.TypeFor[locator]()) {
			response["headers"] = map[string]any{"Location": map[string]any{
				"description": "Where the new resource is.", "schema": map[string]any{"type": "string"}}}
		}
	}
}

// finishParameters says that a parameter is never null: it is there or it is not.
func finishParameters(op map[string]any) {
	parameters, _ := op["parameters"].([]any)
	for _, p := range parameters {
		schema := member(p.(map[string]any), "schema")
		if types, ok := schema["type"].([]any); ok {
			schema["type"] = slices.DeleteFunc(types, func(t any) bool { return t == "null" })[0]
		}
	}
}

// meaning says what a status of e stands for: for problems, their codes.
func (e *endpoint) meaning(status string) string {
	var codes []string
	for _, k := range e.kinds() {
		if strconv.Itoa(k.Status) == status {
			codes = append(codes, fmt.Sprintf("`%s`: %s.", k.Code, k.Title))
		}
	}
	if len(codes) > 0 {
		return strings.Join(codes, " ")
	}
	code, _ := strconv.Atoi(status)
	return http.StatusText(code)
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

func (a *API) tags() []any {
	var tags []any
	seen := make(map[string]bool)
	for _, e := range a.endpoints {
		if !seen[e.Tag] {
			seen[e.Tag] = true
			tags = append(tags, map[string]any{"name": e.Tag, "description": "Operations on " + strings.ToLower(e.Tag) + "."})
		}
	}
	return tags
}

// resolveExamples replaces examples of the form "today+30" by that date, so that they can be tried as they are.
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

// member follows names through nested objects.
func member(object map[string]any, names ...string) map[string]any {
	for _, name := range names {
		object, _ = object[name].(map[string]any)
	}
	return object
}

// Kinds returns every kind of problem that the API documents, ordered by code.
func (a *API) Kinds() []errs.Kind {
	kinds := map[string]errs.Kind{errs.MethodNotAllowed.Code: errs.MethodNotAllowed}
	for _, e := range a.endpoints {
		for _, k := range e.kinds() {
			kinds[k.Code] = k
		}
	}
	return slices.SortedFunc(maps.Values(kinds), func(a, b errs.Kind) int { return strings.Compare(a.Code, b.Code) })
}
