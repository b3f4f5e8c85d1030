// Package mutant plants faults in the service and in its database, and tests that the checkers find each of them: that they
// find nothing in a sound service means something only if they do.
package mutant_test

import (
	"maps"
	"os"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/proctest"

	"github.com/shumbooking/shumbooking/cmd/bookload/check"
	"github.com/shumbooking/shumbooking/cmd/bookload/linear"
	"github.com/shumbooking/shumbooking/cmd/bookload/load"
	"github.com/shumbooking/shumbooking/cmd/bookload/proof/site"
)

func TestMain(m *testing.M) { os.Exit(site.Main(m)) }

const (
	// patience is for photographs, and for histories that are hard to decide.
	patience = 20 * time.Second
	users    = 12
)

// A mutant is a fault, and who must find it.
type mutant struct {
	name  string
	edits []site.Edit // of the program
	sql   string      // done to the database before the load
	// profile is of a load that meets the fault within so many operations of the ledger.
	profile    string
	operations int
	found      findings
}

// findings are the rules that each checker finds broken: by SQL, through the API alone, and by the order of what clients were
// told.
type findings struct{ sql, api, linear []string }

// TestMutants starts a service with each fault, lets a load meet it, and has all checkers look.
func TestMutants(t *testing.T) {
	t.Parallel()
	for _, m := range mutants() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			s := m.start(t)
			r := begin(s, m.profile)
			until(t, r, m.operations)
			r.End()
			found := judge(t, s, r)
			wantFound(t, "SQL", found.sql, m.found.sql)
			wantFound(t, "the API", found.api, m.found.api)
			wantFound(t, "the order of answers", found.linear, m.found.linear)
		})
	}
}

// TestNoMutant says that the same checkers find nothing after the same loads of a service without a fault.
func TestNoMutant(t *testing.T) {
	t.Parallel()
	for _, profile := range []string{"hot", "book", "mixed"} {
		t.Run(profile, func(t *testing.T) {
			t.Parallel()
			s := mutant{}.start(t)
			r := begin(s, profile)
			until(t, r, 600)
			r.End()
			found := judge(t, s, r)
			for _, rules := range [][]string{found.sql, found.api, found.linear} {
				if len(rules) > 0 {
					t.Errorf("found %q broken by a sound service", rules)
				}
			}
		})
	}
}

// start starts the service with the fault.
func (m mutant) start(t *testing.T) *site.Site {
	t.Helper()
	c := site.Config{Settings: []string{"LOG_LEVEL=error"}}
	if len(m.edits) > 0 {
		c.Binary = site.Build(t, m.edits...)
	}
	s := site.Start(t, c)
	if m.sql != "" {
		exec(t, s, m.sql)
	}
	return s
}

func begin(s *site.Site, profile string) *site.Run {
	return s.Begin(load.Config{Profile: profile, Duration: proctest.Patience, Users: users, Seed: 1})
}

// until returns once the load knows what became of so many operations.
func until(t *testing.T, r *site.Run, operations int) {
	t.Helper()
	proctest.Eventually(t, "the load has done enough", func() bool { return r.Outcomes() >= operations })
}

// judge has each checker look at what became of a load.
func judge(t *testing.T, s *site.Site, r *site.Run) findings {
	t.Helper()
	l := r.Ledger()
	told := make(map[string]string)
	result := linear.Check(l, patience)
	for _, f := range result.Findings {
		told[f.Rule] = f.Text
	}
	if len(result.Undecided) > 0 {
		t.Errorf("undecided: %q", result.Undecided)
	}
	return findings{
		sql: rules(t, check.Config{Ledger: l, DatabaseURL: s.DatabaseURL(), Wait: patience}),
		api: rules(t, check.Config{
			Ledger: l, Client: s.Client(), AdminEmail: s.AdminEmail, AdminPassword: s.AdminPassword, Wait: patience,
		}),
		linear: keysOf(t, told),
	}
}

func rules(t *testing.T, c check.Config) []string {
	t.Helper()
	result, err := check.Check(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	told := make(map[string]string)
	for _, f := range result.Findings {
		told[f.Rule] = f.Text
	}
	return keysOf(t, told)
}

// keysOf returns the rules that were found broken, and logs one text for each.
func keysOf(t *testing.T, told map[string]string) []string {
	t.Helper()
	names := slices.Sorted(maps.Keys(told))
	for _, name := range names {
		t.Logf("%s: %.400s", name, told[name])
	}
	return names
}

// wantFound checks that a checker has found certain rules broken, whatever else follows from the fault, and nothing if there is
// nothing that it could see.
func wantFound(t *testing.T, by string, found, want []string) {
	t.Helper()
	for _, rule := range want {
		if !slices.Contains(found, rule) {
			t.Errorf("by %s: found %q, want %s", by, found, rule)
		}
	}
	if len(want) == 0 && len(found) > 0 {
		t.Errorf("by %s: found %q, which was not to be seen", by, found)
	}
}

func exec(t *testing.T, s *site.Site, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.DatabaseURL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}
