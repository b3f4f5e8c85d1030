package httpapi

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/swaggest/jsonschema-go"
	"github.com/swaggest/openapi-go"
	"github.com/swaggest/openapi-go/openapi31"

	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/errs"
)

const (
	problemType  = "application/problem+json"
	bearerScheme = "bearer"
)

// describe makes the OpenAPI 3.1 document of all endpoints.
func (a *API) describe() (map[string]any, error) {
	r := a.newReflector()
	r.Spec.Info.WithTitle(a.cfg.Title).WithVersion(a.cfg.Version).WithDescription(a.cfg.Description)
	r.Spec.Info.WithLicense(*(&openapi31.License{Name: "MIT"}).WithIdentifier("MIT"))
	server := openapi31.Server{URL: a.cfg.RootPath}
	if server.URL == "" {
		server.URL = "/"
	}
	r.Spec.WithServers(*server.WithDescription("This server"))
	r.Spec.SetHTTPBearerTokenSecurity(bearerScheme, "JWT", "The access_token of POST /auth/login.")
	described := make(map[reflect.Type]bool)
	for _, e := range a.endpoints {
		if err := e.describe(r, a.cfg.AccessTexts, described); err != nil {
			return nil, fmt.Errorf("describe %s: %w", e.Pattern, err)
		}
	}
	raw, err := json.Marshal(r.Spec)
	if err != nil {
		return nil, err
	}
	doc, err := readDocument(raw)
	if err != nil {
		return nil, err
	}
	if err := a.describeMembers(r, doc); err != nil {
		return nil, err
	}
	return doc, a.finish(doc)
}

// newReflector returns a reflector with the rules of this package: what a response has is always there, a body
// has nothing that is not known, a slice is never null.
func (a *API) newReflector() *openapi31.Reflector {
	r := openapi31.NewReflector()
	r.JSONSchemaReflector().AddTypeMapping(date.Date{}, dateSchema())
	r.JSONSchemaReflector().InlineDefinition(date.Date{})
	r.JSONSchemaReflector().AddTypeMapping(Path(""), pathSchema())
	r.JSONSchemaReflector().InlineDefinition(Path(""))
	names := make(map[string]reflect.Type)
	r.JSONSchemaReflector().DefaultOptions = append(r.JSONSchemaReflector().DefaultOptions,
		jsonschema.InterceptDefName(func(t reflect.Type, _ string) string { return schemaName(names, t) }),
		jsonschema.InterceptProp(requireInResponses),
		jsonschema.InterceptProp(formatIntegers),
		jsonschema.InterceptProp(boundItems),
		jsonschema.InterceptProp(refuseBlank),
		jsonschema.InterceptProp(typeRaw),
		jsonschema.InterceptProp(a.rootExamples),
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

// formatIntegers says how wide an integer is, also where the field is a pointer or an int: the format is what tells of
// 1.0 and 1e3, which JSON Schema calls integers, together with all else that is wrong.
func formatIntegers(p jsonschema.InterceptPropParams) error {
	t := p.Field.Type
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if !p.Processed || p.PropertySchema.Ref != nil {
		return nil
	}
	switch t.Kind() {
	case reflect.Int, reflect.Int64:
		p.PropertySchema.WithFormat("int64")
	case reflect.Int32:
		p.PropertySchema.WithFormat("int32")
	case reflect.Int8, reflect.Int16, reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return fmt.Errorf("field %s: no format tells of %s", p.Name, t)
	default:
	}
	return nil
}

// boundItems applies the tag items.minimum to the elements of a slice.
func boundItems(p jsonschema.InterceptPropParams) error {
	bound, ok := p.Field.Tag.Lookup("items.minimum")
	if !ok || !p.Processed {
		return nil
	}
	least, err := strconv.ParseFloat(bound, 64)
	if err != nil {
		return fmt.Errorf("tag items.minimum of %s: %w", p.Name, err)
	}
	p.PropertySchema.Items.SchemaOrBool.TypeObject.WithMinimum(least)
	return nil
}

// notBlank is found in a text with at least one character that people see. The spaces and the invisible characters
// are written out, because dialects of regular expressions differ in what they call a space, and as escapes, because
// what stands in the document itself ends up in the sources of clients.
const notBlank = `[^\s\u0001-\u0020\u007f-\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]`

// refuseBlank applies the tag notBlank.
func refuseBlank(p jsonschema.InterceptPropParams) error {
	if p.Processed && p.Field.Tag.Get("notBlank") == "true" {
		p.PropertySchema.WithPattern(notBlank)
	}
	return nil
}

// typeRaw applies the tag types.
func typeRaw(p jsonschema.InterceptPropParams) error {
	types, ok := p.Field.Tag.Lookup("types")
	if !ok || !p.Processed {
		return nil
	}
	for name := range strings.SplitSeq(types, ",") {
		p.PropertySchema.AddType(jsonschema.SimpleType(name))
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

// describe adds e to the document, but for the content of answers whose types are in described.
func (e *endpoint) describe(r *openapi31.Reflector, texts map[Access]string, described map[reflect.Type]bool) error {
	oc, err := r.NewOperationContext(e.method, e.path)
	if err != nil {
		return err
	}
	oc.SetID(e.ID)
	oc.SetSummary(e.Summary)
	oc.SetDescription(e.description(texts))
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
	e.describeResponses(oc, described)
	return r.AddOperation(oc)
}

// description says what e does and who may call it, which texts have a sentence for.
func (e *endpoint) description(texts map[Access]string) string {
	access := "Anyone may call it."
	if e.Access != Public {
		access = cmp.Or(texts[e.Access], fmt.Sprintf("Needs `%s` access.", e.Access))
	}
	if e.Description == "" {
		return access
	}
	return strings.TrimSpace(e.Description) + "\n\n" + access
}

// describeResponses describes each type of answers where it comes first: reflecting one anew for each answer took most
// of the time that the document took. finishResponses does the rest.
func (e *endpoint) describeResponses(oc openapi.OperationContext, described map[reflect.Type]bool) {
	unlessDescribed := func(t reflect.Type) any {
		if described[t] {
			return nil
		}
		described[t] = true
		return reflect.New(t).Interface()
	}
	switch {
	case e.contentType == jsonType:
		oc.AddRespStructure(map[string]any{}, openapi.WithHTTPStatus(e.Status))
	case e.contentType != "":
		for _, status := range e.statuses() {
			oc.AddRespStructure("", openapi.WithHTTPStatus(status), openapi.WithContentType(e.contentType))
		}
	case e.out == reflect.TypeFor[Empty]():
		oc.AddRespStructure(nil, openapi.WithHTTPStatus(e.Status))
	default:
		for _, status := range e.statuses() {
			oc.AddRespStructure(unlessDescribed(e.out), openapi.WithHTTPStatus(status))
		}
	}
	problem := unlessDescribed(reflect.TypeFor[Problem]())
	oc.AddRespStructure(problem, openapi.WithHTTPStatus(errs.Internal.Status), openapi.WithContentType(problemType))
}

// statuses are those of e's answers that are no problems.
func (e *endpoint) statuses() []int { return append([]int{e.Status}, e.OtherStatuses...) }

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
