// Package errs is the one error type that crosses package boundaries on its way to a client.
//
// A feature declares each problem it can cause as a [Kind] and returns it with [Kind.New] or [Kind.With]
// where the decision is made. Any other error means "internal": its text is logged and never shown.
package errs

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// A Kind is a class of problem that a client can tell apart. Code is stable and snake_case,
// Status is the HTTP status it is answered with, Title a short sentence that is the same for every occurrence.
type Kind struct {
	Code   string
	Status int
	Title  Text
}

// The kinds that any service has. Features declare their own beside the code that returns them.
var (
	MalformedRequest      = Kind{"malformed_request", http.StatusBadRequest, "The request is not well-formed"}
	IdempotencyKeyInvalid = Kind{"idempotency_key_invalid", http.StatusBadRequest, "The idempotency key is not well-formed"}
	IdempotencyKeyReused  = Kind{"idempotency_key_reused", http.StatusUnprocessableEntity, "The idempotency key was used for another request"}
	RequestInProgress     = Kind{"request_in_progress", http.StatusConflict, "The same request is still being worked on"}
	RateLimited           = Kind{"rate_limited", http.StatusTooManyRequests, "Too many requests"}
	CursorInvalid         = Kind{"cursor_invalid", http.StatusBadRequest, "The cursor is not valid for this list"}
	Unauthenticated       = Kind{"unauthenticated", http.StatusUnauthorized, "Sign in to do this"}
	Forbidden             = Kind{"forbidden", http.StatusForbidden, "You do not have permission to do this"}
	NotFound              = Kind{"not_found", http.StatusNotFound, "Not found"}
	MethodNotAllowed      = Kind{"method_not_allowed", http.StatusMethodNotAllowed, "The method is not allowed here"}
	RequestTimeout        = Kind{"request_timeout", http.StatusRequestTimeout, "The request did not arrive in time"}
	PreconditionFailed    = Kind{"precondition_failed", http.StatusPreconditionFailed, "The resource has changed"}
	BodyTooLarge          = Kind{"body_too_large", http.StatusRequestEntityTooLarge, "The body is too large"}
	UnsupportedMediaType  = Kind{"unsupported_media_type", http.StatusUnsupportedMediaType, "The media type is not supported"}
	RangeNotSatisfiable   = Kind{"range_not_satisfiable", http.StatusRequestedRangeNotSatisfiable, "The range lies outside the file"}
	Invalid               = Kind{"validation_failed", http.StatusUnprocessableEntity, "Some fields are not valid"}
	Internal              = Kind{"internal_error", http.StatusInternalServerError, "Something went wrong on our side"}
	Unavailable           = Kind{"service_unavailable", http.StatusServiceUnavailable, "The service is not available right now"}
)

// New returns an error of kind k. Detail is shown to the client; it may be empty.
func (k Kind) New(detail Text) *Error {
	return &Error{Kind: k, Detail: Say(detail)}
}

// Newf is New with a formatted detail.
func (k Kind) Newf(format Text, args ...any) *Error {
	return &Error{Kind: k, Detail: Say(format, args...)}
}

// An Error is a problem with the request that its sender can understand.
type Error struct {
	Kind   Kind
	Detail Message
	// Fields are the parts of the request that are wrong, all of them at once.
	Fields []Field
	// Members are extension members of the problem document (RFC 9457, section 3.2), by name.
	Members map[string]any
	// RetryAfter, if positive, becomes the Retry-After header, in whole seconds rounded up.
	RetryAfter time.Duration
	// Challenge is the WWW-Authenticate header of a 401 (RFC 9110, section 11.6.1), "Bearer" when it is empty.
	Challenge string
	// Cause is for the log only.
	Cause error
}

// A Field is one thing wrong with one part of the request.
type Field struct {
	// Field is the name, with dots and indexes for nested ones.
	Field string
	// In is the part of the request that holds the field: body, path, query or header.
	In string
	// Code is the stable name of the rule that is broken.
	Code string
	// Message says what is wrong, for people.
	Message Message
	// Foreign says that the sender of the request chose the name.
	Foreign bool
}

// NameForLog returns the name of f, or a question mark for one that its sender chose: people put passwords where they
// do not belong.
func (f Field) NameForLog() string {
	if f.Foreign {
		return "?"
	}
	return f.Field
}

func (e *Error) Error() string {
	var s strings.Builder
	s.WriteString(e.Kind.Code)
	if e.Detail.Format != "" {
		s.WriteString(": " + e.Detail.String())
	}
	for _, f := range e.Fields {
		fmt.Fprintf(&s, "; %s %s: %s", f.In, f.NameForLog(), f.Message)
	}
	if e.Cause != nil {
		s.WriteString(": " + e.Cause.Error())
	}
	return s.String()
}

func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether err is, or wraps, an error of kind k.
func Is(err error, k Kind) bool { return errors.Is(err, &Error{Kind: k}) }

// Is reports whether target is an *Error of the same kind, for errors.Is.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Kind == e.Kind
}

// With adds an extension member to the problem document and returns e.
func (e *Error) With(name string, value any) *Error {
	if e.Members == nil {
		e.Members = make(map[string]any)
	}
	e.Members[name] = value
	return e
}

// Because records the cause for the log and returns e.
func (e *Error) Because(cause error) *Error {
	e.Cause = cause
	return e
}

// InvalidBody returns a validation error about one field of the body.
func InvalidBody(field, code string, message Text, args ...any) *Error {
	return InvalidFields(Field{Field: field, In: "body", Code: code, Message: Say(message, args...)})
}

// InvalidQuery returns a validation error about one query parameter.
func InvalidQuery(field, code string, message Text, args ...any) *Error {
	return InvalidFields(Field{Field: field, In: "query", Code: code, Message: Say(message, args...)})
}

// InvalidFields returns a validation error about several parts of the request at once.
func InvalidFields(fields ...Field) *Error {
	return &Error{Kind: Invalid, Fields: fields}
}
