package check_test

import (
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/cmd/bookload/check"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	t.Run("Sound", func(t *testing.T) {
		t.Parallel()
		c := w.copy(t)
		wantSound(t, c.check())
	})
}

// wantSound checks that nothing was found, and that much was looked at.
func wantSound(t *testing.T, r *check.Result) {
	t.Helper()
	var text strings.Builder
	if _, err := r.WriteTo(&text); err != nil {
		t.Fatal(err)
	}
	if len(r.Findings) != 0 || r.Total != 0 || !strings.HasSuffix(text.String(), "\nno findings\n") {
		t.Errorf("a sound database: got\n%s", &text)
	}
	for _, c := range r.Compared {
		if c.N == 0 {
			t.Errorf("compared no %s", c.What)
		}
	}
}
