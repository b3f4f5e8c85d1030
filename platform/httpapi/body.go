package httpapi

import (
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/shumbooking/shumbooking/platform/errs"
)

const (
	maxBody  = 64 << 10
	maxDepth = 32
	// maxFields bounds how many wrong fields one answer lists.
	maxFields = 100

	jsonType  = "application/json"
	patchType = "application/merge-patch+json"
)

// A bodyPlan says how the body of an endpoint is read.
type bodyPlan struct {
	typ      reflect.Type
	index    []int // of the field in the parameters; nil when they are the body
	patch    bool
	defaults []fallback
	schema   *jsonschema.Schema // compiled by Build
}

// A fallback is the value of a field that the body leaves out.
type fallback struct {
	index []int
	value string
}

func newBodyPlan(t reflect.Type, index []int) *bodyPlan {
	b := &bodyPlan{typ: t, index: index}
	if p, ok := reflect.TypeAssert[patcher](reflect.New(t)); ok {
		b.typ, b.patch = reflect.TypeOf(p.patched()).Elem(), true
		return b
	}
	for _, f := range reflect.VisibleFields(t) {
		if v, ok := f.Tag.Lookup("default"); ok {
			b.defaults = append(b.defaults, fallback{index: f.Index, value: v})
		}
	}
	return b
}

func (b *bodyPlan) mediaTypes() []string {
	if b.patch {
		return []string{patchType, jsonType}
	}
	return []string{jsonType}
}

// read returns the bytes of r's body, within the limit and of a media type that is taken.
func (b *bodyPlan) read(w http.ResponseWriter, r *http.Request) ([]byte, error) {
	tooLarge := errs.BodyTooLarge.Newf(textBodyLimit, maxBody)
	if r.ContentLength > maxBody {
		return nil, tooLarge
	}
	if r.ContentLength >= 0 {
		// Before the body is read, so that nobody sends what will be refused.
		if err := b.checkType(r); err != nil {
			return nil, err
		}
	}
	raw, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	if errors.As(err, new(*http.MaxBytesError)) {
		return nil, tooLarge
	}
	if err != nil {
		return nil, errs.MalformedRequest.New("The body did not arrive whole.").Because(err)
	}
	return raw, b.checkType(r)
}

// checkType refuses the media types and codings that are not taken.
func (b *bodyPlan) checkType(r *http.Request) error {
	if err := refuseCoding(r); err != nil {
		return err
	}
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || !slices.Contains(b.mediaTypes(), media) {
		return errs.UnsupportedMediaType.Newf("The body must be %s.", strings.Join(b.mediaTypes(), " or "))
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return errs.UnsupportedMediaType.New("The body must be encoded in UTF-8.")
	}
	return nil
}

func refuseCoding(r *http.Request) error {
	if coding := strings.Join(r.Header.Values("Content-Encoding"), ","); coding != "" && !strings.EqualFold(coding, "identity") {
		return errs.UnsupportedMediaType.New("The body must not be compressed.")
	}
	return nil
}

// decode checks raw against the schema and reads it into target, a *T of b.typ or the *Patch of one.
// Read reports whether all that raw has is in target, although fields may be out of their bounds.
func (b *bodyPlan) decode(raw []byte, target reflect.Value) (fields []errs.Field, read bool, err error) {
	instance, err := parseJSON(raw)
	if err != nil {
		return nil, false, err
	}
	fields = violations(b.schema.Validate(instance), "body", "")
	if err := b.setDefaults(target); err != nil {
		return nil, false, err
	}
	typed := target
	if b.patch {
		typed = reflect.New(b.typ)
	}
	if err := json.Unmarshal(raw, typed.Interface(), json.RejectUnknownMembers(true)); err != nil {
		if len(fields) == 0 {
			err = decodeError(err)
			return nil, false, err
		}
		return fields, false, nil
	}
	if b.patch && len(fields) == 0 {
		err = json.Unmarshal(raw, target.Interface())
	}
	return fields, true, err
}

func (b *bodyPlan) setDefaults(target reflect.Value) error {
	for _, d := range b.defaults {
		field := target.Elem().FieldByIndex(d.index)
		p := &param{elem: field.Type(), optional: field.Kind() == reflect.Pointer}
		if p.optional {
			p.elem = field.Type().Elem()
		}
		if wrong := p.set([]string{d.value}, field); wrong != nil {
			return fmt.Errorf("default %q does not fit", d.value)
		}
	}
	return nil
}

// decodeError turns what the decoder found wrong with a body that its schema allows into a validation error.
func decodeError(err error) error {
	semantic, ok := errors.AsType[*json.SemanticError](err)
	if !ok {
		return syntaxError(err)
	}
	return errs.InvalidBody(fieldName(semantic.JSONPointer), "type", "has a value of the wrong type").Because(err)
}

// parseJSON reads one JSON text strictly: UTF-8 without NUL, no duplicate names, no trailing data, at most
// maxDepth levels. Numbers become what [number] returns.
func parseJSON(raw []byte) (any, error) {
	dec := jsontext.NewDecoder(strings.NewReader(string(raw)))
	v, err := parseValue(dec)
	if err != nil {
		return nil, syntaxError(err)
	}
	if _, err := dec.ReadToken(); !errors.Is(err, io.EOF) {
		return nil, malformed(dec.StackPointer(), errs.Say("is followed by more data"), err)
	}
	return v, nil
}

func parseValue(dec *jsontext.Decoder) (any, error) {
	if dec.StackDepth() >= maxDepth && (dec.PeekKind() == '{' || dec.PeekKind() == '[') {
		return nil, malformed(dec.StackPointer(), errs.Say("is nested deeper than %d levels", maxDepth), nil)
	}
	token, err := dec.ReadToken()
	if err != nil {
		return nil, err
	}
	switch token.Kind() {
	case '{':
		return parseObject(dec)
	case '[':
		return parseArray(dec)
	case '"':
		if s := token.String(); !strings.ContainsRune(s, 0) {
			return s, nil
		}
		return nil, malformed(dec.StackPointer(), errs.Say("must not contain the NUL character"), nil)
	case '0':
		if v, ok := number(token.String()); ok {
			return v, nil
		}
		return nil, malformed(dec.StackPointer(), errs.Say("is a number out of range"), nil)
	case 'n':
		return nil, nil
	default:
		return token.Bool(), nil
	}
}

func parseObject(dec *jsontext.Decoder) (any, error) {
	object := make(map[string]any)
	for dec.PeekKind() != '}' {
		name, err := parseValue(dec)
		if err != nil {
			return nil, err
		}
		if object[name.(string)], err = parseValue(dec); err != nil {
			return nil, err
		}
	}
	_, err := dec.ReadToken()
	return object, err
}

func parseArray(dec *jsontext.Decoder) (any, error) {
	array := []any{}
	for dec.PeekKind() != ']' {
		v, err := parseValue(dec)
		if err != nil {
			return nil, err
		}
		array = append(array, v)
	}
	_, err := dec.ReadToken()
	return array, err
}

// syntaxError turns an error of the JSON decoder into a problem that names the place.
func syntaxError(err error) error {
	if e, ok := errors.AsType[*errs.Error](err); ok {
		return e
	}
	if syntactic, ok := errors.AsType[*jsontext.SyntacticError](err); ok {
		message := errs.Say("is not valid JSON at byte %d", syntactic.ByteOffset)
		if errors.Is(err, jsontext.ErrDuplicateName) {
			message = errs.Say("appears twice in the same object")
		}
		return malformed(syntactic.JSONPointer, message, err)
	}
	return malformed("", errs.Say("is not a JSON value"), err)
}

func malformed(at jsontext.Pointer, message errs.Message, cause error) error {
	e := errs.MalformedRequest.New("The body is not well-formed JSON.").Because(cause)
	e.Fields = []errs.Field{{Field: fieldName(at), In: "body", Code: "json", Message: message, Foreign: true}}
	return e
}

// fieldName turns the JSON Pointer /rooms/0/title into rooms.0.title.
func fieldName(at jsontext.Pointer) string {
	return strings.Join(slices.Collect(at.Tokens()), ".")
}
