package check_test

import (
	"slices"
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
	for _, d := range damages() {
		t.Run(d.name, func(t *testing.T) {
			t.Parallel()
			c := w.copy(t)
			if d.sql != "" {
				c.damage(d.sql)
			}
			if d.ledger != nil {
				d.ledger(c.ledger)
			}
			wantRules(t, c.check(), d.want)
		})
	}
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

// wantRules checks that exactly the given rules have found something.
func wantRules(t *testing.T, r *check.Result, want string) {
	t.Helper()
	var rules []string
	for _, f := range r.Findings {
		rules = append(rules, f.Rule)
	}
	if got := strings.Join(slices.Compact(rules), " "); got != want {
		t.Errorf("rules: got %s\nwant %s\nfindings %q\nundecided %q", got, want, r.Findings, r.Undecided)
	}
}

func damages() []damage {
	return slices.Concat(bookingDamages(), nightDamages(), replyDamages(), schemaDamages(), toldDamages())
}
