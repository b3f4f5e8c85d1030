package httpapi

import (
	"errors"
	"fmt"
	"strings"

	"github.com/shumbooking/shumbooking/platform/errs"
)

// loggable returns what the log is told of err. Of what is wrong with a request it is told the rule and the place, but
// no name or value that the sender chose.
func loggable(err error) string {
	e, ok := errors.AsType[*errs.Error](err)
	if !ok || e.Kind.Code != errs.Invalid.Code && e.Kind.Code != errs.MalformedRequest.Code {
		return err.Error()
	}
	var s strings.Builder
	s.WriteString(e.Kind.Code)
	if e.Detail.Format != "" {
		s.WriteString(": " + string(e.Detail.Format))
	}
	for _, f := range e.Fields {
		fmt.Fprintf(&s, "; %s %s: %s", f.In, f.NameForLog(), f.Code)
	}
	return s.String()
}
