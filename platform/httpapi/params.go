package httpapi

import (
	"encoding"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"reflect"
	"strconv"
	"strings"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/shumbooking/shumbooking/platform/errs"
)

// bodyField is the name of the field that holds the body.
const bodyField = "Body"

// A param is a field that takes its value from the path or the query.
type param struct {
	name     string
	in       string // "path" or "query"
	index    []int
	elem     reflect.Type // without pointer and slice
	multiple bool
	optional bool // a pointer
	required bool
	fallback *string
	schema   *jsonschema.Schema // compiled by Build
}

// plan reads the fields of e.in.
func (e *endpoint) plan() error {
	if e.in.Kind() != reflect.Struct {
		return fmt.Errorf("parameters are a %s, not a struct", e.in)
	}
	for _, f := range reflect.VisibleFields(e.in) {
		if f.Anonymous || !f.IsExported() {
			continue
		}
		if err := e.planField(f); err != nil {
			return err
		}
	}
	if !e.takesBody() && len(e.params) == 0 && e.in.NumField() > 0 {
		e.body = newBodyPlan(e.in, nil)
	}
	if e.files != nil && (e.body != nil || e.MaxBody <= 0) {
		return errors.New("a route with Files has no Body, and says its MaxBody")
	}
	return e.checkPath()
}

func (e *endpoint) planField(f reflect.StructField) error {
	var err error
	switch {
	case f.Name == bodyField && len(f.Index) == 1:
		e.body = newBodyPlan(f.Type, f.Index)
	case f.Type == reflect.TypeFor[Files]():
		e.files, err = newFilesPlan(f)
	default:
		var p *param
		if p, err = newParam(f); p != nil {
			e.params = append(e.params, p)
		}
	}
	return err
}

// checkPath demands that the wildcards of the pattern and the path fields are the same.
func (e *endpoint) checkPath() error {
	fields := make(map[string]bool)
	for _, p := range e.params {
		if p.in == "path" {
			fields[p.name] = true
		}
	}
	for segment := range strings.SplitSeq(e.path, "/") {
		if name, ok := strings.CutPrefix(segment, "{"); ok {
			name = strings.TrimSuffix(name, "}")
			if !fields[name] {
				return fmt.Errorf("no field has the tag path:%q", name)
			}
			delete(fields, name)
		}
	}
	for name := range fields {
		return fmt.Errorf("the path has no {%s}", name)
	}
	return nil
}

func newParam(f reflect.StructField) (*param, error) {
	p := &param{index: f.Index, elem: f.Type}
	for _, in := range []string{"path", "query"} {
		if name, ok := f.Tag.Lookup(in); ok {
			p.name, p.in = name, in
		}
	}
	if p.in == "" {
		return nil, nil
	}
	if v, ok := f.Tag.Lookup("default"); ok {
		p.fallback = &v
	}
	p.required = p.in == "path" || f.Tag.Get("required") == "true"
	if p.elem.Kind() == reflect.Pointer {
		p.optional, p.elem = true, p.elem.Elem()
	}
	if p.elem.Kind() == reflect.Slice {
		p.multiple, p.elem = true, p.elem.Elem()
	}
	if _, err := p.parse("1"); err != nil && !isText(p.elem) && p.elem.Kind() != reflect.Bool {
		return nil, fmt.Errorf("field %s: a %s cannot be read from the %s", f.Name, f.Type, p.in)
	}
	return p, nil
}

func isText(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(reflect.TypeFor[encoding.TextUnmarshaler]())
}

// parse returns s as the type of one element of p.
func (p *param) parse(s string) (reflect.Value, error) {
	v := reflect.New(p.elem)
	if t, ok := reflect.TypeAssert[encoding.TextUnmarshaler](v); ok {
		return v.Elem(), t.UnmarshalText([]byte(s))
	}
	var err error
	switch p.elem.Kind() {
	case reflect.String:
		v.Elem().SetString(s)
	case reflect.Int, reflect.Int16, reflect.Int32, reflect.Int64:
		var n int64
		n, err = strconv.ParseInt(s, 10, p.elem.Bits())
		v.Elem().SetInt(n)
	case reflect.Float64:
		var n float64
		n, err = strconv.ParseFloat(s, 64)
		v.Elem().SetFloat(n)
	case reflect.Bool:
		v.Elem().SetBool(s == "true")
		if s != "true" && s != "false" {
			err = strconv.ErrSyntax
		}
	default:
		err = fmt.Errorf("unsupported type %s", p.elem)
	}
	return v.Elem(), err
}

// instance returns s as a JSON value that p's schema can judge.
func (p *param) instance(s string) any {
	switch p.elem.Kind() {
	case reflect.Int, reflect.Int16, reflect.Int32, reflect.Int64, reflect.Float64:
		if isText(p.elem) {
			return s
		}
		if v, ok := number(s); ok {
			return v
		}
	case reflect.Bool:
		if s == "true" || s == "false" {
			return s == "true"
		}
	default:
	}
	return s
}

// readParams sets the path and query fields of in and returns what is wrong with them. A path that names
// nothing is the error of kind errs.NotFound.
func (e *endpoint) readParams(r *http.Request, in reflect.Value) ([]errs.Field, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, errs.MalformedRequest.New("The query string is not well-formed.").Because(err)
	}
	if err := checkText(query); err != nil {
		return nil, err
	}
	fields := e.unknown(query)
	for _, p := range e.params {
		if p.in == "path" {
			if !p.readPath(r.PathValue(p.name), in) {
				return nil, errs.NotFound.New("")
			}
			continue
		}
		fields = append(fields, p.readQuery(query[p.name], in)...)
	}
	return fields, nil
}

func (p *param) readPath(s string, in reflect.Value) bool {
	v, err := p.parse(s)
	if err != nil || p.schema.Validate(p.instance(s)) != nil {
		return false
	}
	in.FieldByIndex(p.index).Set(v)
	return true
}

func (p *param) readQuery(values []string, in reflect.Value) []errs.Field {
	if len(values) == 0 && p.fallback != nil {
		values = []string{*p.fallback}
	}
	if len(values) == 0 {
		if p.required {
			return []errs.Field{{Field: p.name, In: "query", Code: "required", Message: errs.Say("is required")}}
		}
		return nil
	}
	if len(values) > 1 && !p.multiple {
		return []errs.Field{{Field: p.name, In: "query", Code: "repeated", Message: errs.Say("must be given only once")}}
	}
	instance := p.instance(values[0])
	if p.multiple {
		list := make([]any, len(values))
		for i, s := range values {
			list[i] = p.instance(s)
		}
		instance = list
	}
	fields := violations(p.schema.Validate(instance), "query", p.name)
	// What is out of bounds is read all the same, for the rules between fields.
	if unread := p.set(values, in.FieldByIndex(p.index)); fields == nil {
		return unread
	}
	return fields
}

func (p *param) set(values []string, field reflect.Value) []errs.Field {
	parsed := reflect.MakeSlice(reflect.SliceOf(p.elem), 0, len(values))
	for _, s := range values {
		v, err := p.parse(s)
		if err != nil {
			return []errs.Field{{Field: p.name, In: "query", Code: "type", Message: errs.Say("has a value that cannot be read")}}
		}
		parsed = reflect.Append(parsed, v)
	}
	switch {
	case p.multiple:
		field.Set(parsed)
	case p.optional:
		field.Set(reflect.New(p.elem))
		field.Elem().Set(parsed.Index(0))
	default:
		field.Set(parsed.Index(0))
	}
	return nil
}

// number returns the JSON number s as what a schema can judge without cost: an integer as it stands, anything
// else as a float64, so that no exponent is ever expanded. What JSON does not call a number is refused.
func number(s string) (any, bool) {
	if len(s) > 64 || !json.Valid([]byte(s)) || (s[0] != '-' && (s[0] < '0' || s[0] > '9')) {
		return nil, false
	}
	if !strings.ContainsAny(s, ".eE") {
		return json.Number(s), true
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}
