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
	if !errs.Is(err, errs.NotFound) || errs.Is(err, errs.Forbidden) || errs.Is(io.EOF, errs.NotFound) {
		t.Errorf("errs.Is(%v) does not go by the kind", err)
	}
	if !errors.Is(err, errs.NotFound.New("")) || errors.Is(err, errs.Forbidden.New("")) {
		t.Errorf("errors.Is(%v) does not go by the kind", err)
	}
	if !errors.Is(err, io.EOF) {
		t.Errorf("%v hides its cause", err)
	}
}

func TestErrorTextIsForTheLog(t *testing.T) {
	t.Parallel()
	err := errs.InvalidFields(
		errs.Field{Field: "date_to", In: "body", Code: "required", Message: errs.Say("is required")},
		errs.Field{Field: "hunter2", In: "body", Code: "unknown", Message: errs.Say("is not known"), Foreign: true},
		errs.Field{Field: "limit", In: "query", Code: "type", Message: errs.Say("must be %s", "integer")},
	).Because(io.EOF)
	want := "validation_failed; body date_to: is required; body ?: is not known; query limit: must be integer: EOF"
	if got := err.Error(); got != want {
		t.Errorf("Error() = %q, want %q", got, want)
	}
}

func TestMessageTranslatesItsArguments(t *testing.T) {
	t.Parallel()
	m := errs.Say("at most %d %s", 10, errs.Say("rooms"))
	if got, want := m.String(), "at most 10 rooms"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
	russian := map[errs.Text]errs.Text{"at most %d %s": "%[2]s: не более %[1]d", "rooms": "номера"}
	got := m.In(func(text errs.Text) errs.Text { return russian[text] })
	if want := "номера: не более 10"; got != want {
		t.Errorf("In(Russian) = %q, want %q", got, want)
	}
}

func TestMessageWithoutArgumentsIsNoFormat(t *testing.T) {
	t.Parallel()
	if got, want := errs.Say("100% full").String(), "100% full"; got != want {
		t.Errorf("String() = %q, want %q", got, want)
	}
}
