package httpapi

import (
	"bytes"

	"github.com/go-json-experiment/json"
)

// A Patch is a JSON Merge Patch (RFC 7396) of a T, where T is the body of the route that replaces the same
// resource. It was validated against T's schema with nothing required when the endpoint gets it.
type Patch[T any] struct {
	raw []byte
}

// NewPatch returns the patch in document, which must be a JSON object. It is for callers without HTTP.
func NewPatch[T any](document string) Patch[T] {
	return Patch[T]{raw: []byte(document)}
}

// Apply merges the patch into target, which holds the current state of the resource, and then checks the rules
// between T's fields, if T has a method Validate() error.
func (p Patch[T]) Apply(target *T) error {
	if err := json.Unmarshal(p.raw, target); err != nil {
		return decodeError(err)
	}
	return validate(target)
}

// UnmarshalJSON keeps the document for Apply.
func (p *Patch[T]) UnmarshalJSON(raw []byte) error {
	p.raw = bytes.Clone(raw)
	return nil
}

func (Patch[T]) patched() any { return new(T) }

// patcher is a Patch of any type.
type patcher interface{ patched() any }
