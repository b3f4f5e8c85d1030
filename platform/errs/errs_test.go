package errs_test

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/shumbooking/shumbooking/platform/errs"
)

func TestIsComparesKinds(t *testing.T) {
	t.Parallel()
	err := fmt.Errorf("get hotel: %w", errs.NotFound.New("gone").Because(io.EOF))
	if !errors.Is(err, errs.NotFound.New("")) || errors.Is(err, errs.Conflict.New("")) {
		t.Errorf("errors.Is(%v) does not go by the kind", err)
	}
	if !errors.Is(err, io.EOF) {
		t.Errorf("%v hides its cause", err)
	}
}

func TestErrorTextIsForTheLog(t *testing.T) {
	t.Parallel()
	err := errs.InvalidFields(
		errs.Field{Field: "date_to", In: "body", Code: "required", Message: "is required"},
		errs.Field{Field: "limit", In: "query", Code: "type", Message: "must be integer"},
	).Because(io.EOF)
	want := "validation_failed; body date_to: is required; query limit: must be integer: EOF"
	if got := err.Error(); got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
}
