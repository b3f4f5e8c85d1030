package page_test

import (
	"encoding/base64"
	"errors"
	"testing"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/page"
)

type listParams struct {
	page.Params
	City int64
}

type position struct {
	Title string
	ID    int64
}

var signer = page.NewSigner([]byte("a secret of the tests, long enough"))

func TestCursorComesBack(t *testing.T) {
	t.Parallel()
	want := position{Title: "Ж\"", ID: 1 << 62}
	cursor, err := signer.Encode("hotels", listParams{City: 3}, want)
	if err != nil {
		t.Fatal(err)
	}
	var got position
	other := listParams{City: 3, Params: page.Params{Limit: 50, Cursor: cursor}}
	if err := signer.Decode(cursor, "hotels", other, &got); err != nil || got != want {
		t.Errorf("Decode = %+v, %v; want %+v, whatever the limit", got, err, want)
	}
}

func TestCursorRefused(t *testing.T) {
	t.Parallel()
	params := listParams{City: 3}
	cursor, err := signer.Encode("hotels", params, position{ID: 7})
	if err != nil {
		t.Fatal(err)
	}
	raw, _ := base64.RawURLEncoding.DecodeString(cursor)
	raw[len(raw)-2] ^= 1
	forged := base64.RawURLEncoding.EncodeToString(raw)
	for name, err := range map[string]error{
		"other filters": signer.Decode(cursor, "hotels", listParams{City: 4}, new(position)),
		"other list":    signer.Decode(cursor, "rooms", params, new(position)),
		"other key":     page.NewSigner([]byte("another")).Decode(cursor, "hotels", params, new(position)),
		"forged":        signer.Decode(forged, "hotels", params, new(position)),
		"cut":           signer.Decode(cursor[:10], "hotels", params, new(position)),
		"broken line":   signer.Decode(cursor[:9]+"\r\n"+cursor[9:], "hotels", params, new(position)),
		"not base64":    signer.Decode("???", "hotels", params, new(position)),
		"empty":         signer.Decode("", "hotels", params, new(position)),
	} {
		if !errors.Is(err, errs.CursorInvalid.New("")) {
			t.Errorf("%s: %v, want cursor_invalid", name, err)
		}
	}
}

// A cursor outlives one change of the secret, and no second one.
func TestCursorOfPreviousKey(t *testing.T) {
	t.Parallel()
	oldest, old, current := []byte("the oldest secret"), []byte("the old secret"), []byte("the current secret")
	params := listParams{City: 3}
	cursors := make([]string, 0, 3)
	for _, secret := range [][]byte{oldest, old, current} {
		cursor, err := page.NewSigner(secret).Encode("hotels", params, position{ID: 7})
		if err != nil {
			t.Fatal(err)
		}
		cursors = append(cursors, cursor)
	}
	rotated := page.NewSigner(current, nil, old)
	for i, want := range []bool{false, true, true} {
		if err := rotated.Decode(cursors[i], "hotels", params, new(position)); (err == nil) != want {
			t.Errorf("Decode of the cursor of secret %d = %v, want it taken: %v", i, err, want)
		}
	}
	if made, err := rotated.Encode("hotels", params, position{ID: 7}); err != nil || made != cursors[2] {
		t.Errorf("Encode = %q, %v; want it signed with the current key", made, err)
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	cursor := func(last int) (string, error) { return string(rune('0' + last)), nil }
	l, err := page.Cut([]int{1, 2, 3}, 2, cursor)
	if err != nil || len(l.Items) != 2 || l.NextCursor == nil || *l.NextCursor != "2" {
		t.Errorf("Cut of one too many = %+v, %v", l, err)
	}
	for _, rows := range [][]int{nil, {}, {1, 2}} {
		if l, err := page.Cut(rows, 2, cursor); err != nil || l.Items == nil || len(l.Items) != len(rows) || l.NextCursor != nil {
			t.Errorf("Cut(%v) = %+v, %v; want a last page", rows, l, err)
		}
	}
}

func FuzzDecode(f *testing.F) {
	cursor, _ := signer.Encode("hotels", listParams{}, position{ID: 7})
	f.Add(cursor)
	f.Fuzz(func(t *testing.T, s string) {
		err := signer.Decode(s, "hotels", listParams{}, new(position))
		if (err == nil) != (s == cursor) {
			t.Errorf("Decode(%q) = %v", s, err)
		}
	})
}
