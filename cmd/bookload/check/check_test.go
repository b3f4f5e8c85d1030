package check_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/cmd/bookload/check"
	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	t.Run("Sound", func(t *testing.T) {
		t.Parallel()
		c := w.copy(t)
		wantSound(t, c.check())
	})
	t.Run("SoundAPI", func(t *testing.T) {
		t.Parallel()
		testSoundAPI(t, w)
	})
	t.Run("APIAlone", func(t *testing.T) {
		t.Parallel()
		testDamagedAPI(t, w)
	})
	t.Run("APIThatTellsOtherwise", func(t *testing.T) {
		t.Parallel()
		testLyingAPI(t, w)
	})
	t.Run("OperationLeftOut", func(t *testing.T) {
		t.Parallel()
		testLeftOut(t, w)
	})
	t.Run("ManyOfARule", func(t *testing.T) {
		t.Parallel()
		testMany(t, w)
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

// Each rule must be the one that finds something: without it, that damage would not be found, or be taken for one of
// the schema.
func TestRules(t *testing.T) {
	t.Parallel()
	// The first by APIThatTellsOtherwise, the others by the tests of package linear.
	needed := map[string]bool{"list_differs": true, "unexplained_booking": true, "unexplained_cancel": true}
	for _, d := range damages() {
		rules := strings.Fields(d.want)
		if rest := slices.DeleteFunc(rules, func(rule string) bool { return rule == "schema_differs" }); len(rest) == 1 {
			needed[rest[0]] = true
		} else if len(rest) == 0 && d.want != "" {
			needed["schema_differs"] = true
		}
	}
	known := make(map[string]bool)
	for _, rule := range check.Rules() {
		if known[rule.Name] = true; !needed[rule.Name] {
			t.Errorf("no damage is found by %s alone: %s", rule.Name, rule.Says)
		}
	}
	for name := range needed {
		if !known[name] {
			t.Errorf("Rules() does not tell of %s", name)
		}
	}
}

// A check with nothing to compare the ledger with would find nothing.
func TestCheckNothing(t *testing.T) {
	t.Parallel()
	if r, err := check.Check(t.Context(), check.Config{Ledger: new(ledger.Ledger)}); err == nil {
		t.Errorf("Check() = %+v, want an error", r)
	}
}

func TestWriteTo(t *testing.T) {
	t.Parallel()
	r := check.Result{
		Findings:  []check.Finding{{Rule: "price_differs", Text: "booking 7"}, {Rule: "price_differs", Text: "and 4 more"}},
		Total:     5,
		Compared:  []check.Count{{What: "bookings", N: 9}, {What: "nights", N: 12}},
		Undecided: []string{"the rest"},
	}
	const want = "price_differs: booking 7\nprice_differs: and 4 more\nundecided: the rest\ncompared 9 bookings, 12 nights\n5 findings\n"
	var got strings.Builder
	if n, err := r.WriteTo(&got); err != nil || got.String() != want || n != int64(len(want)) {
		t.Errorf("WriteTo() = %d, %v and\n%swant\n%s", n, err, &got, want)
	}
}

// What an operation did that was taken out of the ledger, nobody can tell.
func testLeftOut(t *testing.T, w *world) {
	t.Helper()
	c := w.copy(t)
	c.ledger.Ops = slices.DeleteFunc(c.ledger.Ops, func(o ledger.Op) bool { return o.Kind == ledger.Look })
	r := c.check()
	wantSound(t, r)
	if !slices.ContainsFunc(r.Undecided, func(text string) bool { return strings.HasPrefix(text, "1 operations that are not in the ledger") }) {
		t.Errorf("undecided: got %q, want the operation that was left out among them", r.Undecided)
	}
}

// Twenty findings of a rule are shown, and how many more there are.
func testMany(t *testing.T, w *world) {
	t.Helper()
	c := w.copy(t)
	c.damage("UPDATE bookings SET hotel_id = hotel_id + 1 WHERE id IN (SELECT id FROM bookings ORDER BY id LIMIT 50)")
	r := c.check()
	if last := r.Findings[len(r.Findings)-1]; len(r.Findings) != 21 || r.Total != 50 || last.Text != "and 30 more" {
		t.Errorf("50 findings: got %d, %d in all, the last %q", len(r.Findings), r.Total, last.Text)
	}
}
