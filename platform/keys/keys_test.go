package keys_test

import (
	"bytes"
	"testing"

	"github.com/shumbooking/shumbooking/platform/keys"
)

func TestDerive(t *testing.T) {
	t.Parallel()
	one, other := []byte("a secret of thirty-two bytes ..."), []byte("another one of thirty-two bytes.")
	current := keys.NewRing(one).Derive("tokens")
	if len(current) != 1 || len(current[0]) != keys.Size {
		t.Fatalf("Derive() = %d keys, the first of %d bytes; want one of %d", len(current), len(current[0]), keys.Size)
	}
	if again := keys.NewRing(one).Derive("tokens"); !bytes.Equal(again[0], current[0]) {
		t.Error("the same secret and purpose make another key")
	}
	if purpose := keys.NewRing(one).Derive("cursors"); bytes.Equal(purpose[0], current[0]) {
		t.Error("another purpose has the same key")
	}
	rotated := keys.NewRing(other, one).Derive("tokens")
	if len(rotated) != 2 || bytes.Equal(rotated[0], current[0]) || !bytes.Equal(rotated[1], current[0]) {
		t.Error("after a rotation, the key in use is not first or the previous one is not taken")
	}
}

func TestNoKeyIsOfNothing(t *testing.T) {
	t.Parallel()
	if got := keys.NewRing([]byte("secret"), nil, []byte{}).Derive("tokens"); len(got) != 1 {
		t.Errorf("got %d keys of one secret and two empty ones, want 1", len(got))
	}
	defer func() {
		if recover() == nil {
			t.Error("a ring without a secret was made")
		}
	}()
	keys.NewRing(nil, []byte("previous"))
}
