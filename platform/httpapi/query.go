package httpapi

import (
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/shumbooking/shumbooking/platform/errs"
)

// checkText refuses a query that is not text as JSON has it.
func checkText(query url.Values) error {
	for name, values := range query {
		for _, s := range append([]string{name}, values...) {
			if !utf8.ValidString(s) || strings.ContainsRune(s, 0) {
				e := errs.MalformedRequest.New("The query contains the NUL character or is not UTF-8.")
				e.Fields = []errs.Field{{Field: strings.ToValidUTF8(name, "\uFFFD"), In: "query", Code: "text",
					Message: errs.Say("must be UTF-8 text without the NUL character"), Foreign: true}}
				return e
			}
		}
	}
	return nil
}

// unknown lists what the query has and e does not know. Where e knows no parameter at all, anything goes:
// probes and scrapers add their own.
func (e *endpoint) unknown(query url.Values) []errs.Field {
	if e.AnyQuery || len(e.params) == 0 && e.body == nil && e.files == nil {
		return nil
	}
	var fields []errs.Field
	for name := range query {
		known := false
		for _, p := range e.params {
			known = known || p.in == "query" && p.name == name
		}
		if !known {
			fields = append(fields, errs.Field{Field: name, In: "query", Code: "unknown",
				Message: errs.Say("is not a parameter of this operation"), Foreign: true})
		}
	}
	return fields
}
