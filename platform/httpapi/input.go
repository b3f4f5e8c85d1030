package httpapi

import (
	"errors"
	"net/http"
	"reflect"
	"slices"
	"strings"

	"github.com/shumbooking/shumbooking/platform/errs"
)

// read reads path, query and body of r into in, a pointer to the parameters of e, and applies the rules between its
// fields. Its error tells all that is wrong at once, as far as each can be judged.
func (e *endpoint) read(r *http.Request, in any) error {
	fields, read, err := e.decode(r, in)
	if err != nil {
		return err
	}
	if len(fields) == 0 {
		return validate(in)
	}
	if read && !slices.ContainsFunc(fields, isMissing) {
		fields = appendNew(fields, validate(in))
	}
	// All of them, but not as many as somebody cares to send.
	slices.SortFunc(fields, func(a, b errs.Field) int {
		return strings.Compare(a.In+a.Field+a.Code, b.In+b.Field+b.Code)
	})
	return errs.InvalidFields(fields[:min(len(fields), maxFields)]...)
}

// isMissing reports whether the value of a field that is wrong is not among the parameters: rules between fields would
// then be broken that are not. What is only out of bounds is there as it was sent.
func isMissing(f errs.Field) bool {
	switch f.Code {
	case "required", "type", "format", "range", "repeated":
		return true
	}
	return false
}

// appendNew appends the fields that broken tells of and that are not among fields.
func appendNew(fields []errs.Field, broken error) []errs.Field {
	e, ok := errors.AsType[*errs.Error](broken)
	if !ok {
		return fields
	}
	known := fields
	for _, f := range e.Fields {
		same := func(k errs.Field) bool { return k.In == f.In && k.Field == f.Field }
		if !slices.ContainsFunc(known, same) {
			fields = append(fields, f)
		}
	}
	return fields
}

// decode reads path, query and body of r into in and returns what is wrong with single fields. Read reports whether
// the body is in there in spite of that.
func (e *endpoint) decode(r *http.Request, in any) (fields []errs.Field, read bool, err error) {
	v := reflect.ValueOf(in)
	if fields, err = e.readParams(r, v.Elem()); err != nil {
		return nil, false, err
	}
	read = true
	if e.body != nil {
		raw, _ := r.Context().Value(bodyKey{}).([]byte)
		target := v
		if e.body.index != nil {
			target = v.Elem().FieldByIndex(e.body.index).Addr()
		}
		var wrong []errs.Field
		if wrong, read, err = e.body.decode(raw, target); err != nil {
			return nil, false, err
		}
		fields = append(fields, wrong...)
	}
	if e.files != nil {
		files := Files{upload: uploadOf(r.Context()), plan: e.files}
		v.Elem().FieldByIndex(e.files.index).Set(reflect.ValueOf(files))
	}
	return fields, read, nil
}

// A validator has rules between its fields.
type validator interface{ Validate() error }

// validate applies v's own rules and those of its body.
func validate(v any) error {
	if rules, ok := v.(validator); ok {
		if err := rules.Validate(); err != nil {
			return err
		}
	}
	s := reflect.ValueOf(v).Elem()
	if s.Kind() != reflect.Struct {
		return nil
	}
	if body := s.FieldByName(bodyField); body.IsValid() && body.CanAddr() {
		if rules, ok := reflect.TypeAssert[validator](body.Addr()); ok {
			return rules.Validate()
		}
	}
	return nil
}
