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
	// patience is how long photographs may take, and histories that are hard to decide.
	patience = 5 * time.Second
	users    = 6
	// enough is how many operations a load does.
	enough = 400
)

// A mutant is a fault, and who must find it.
type mutant struct {
	name  string
	edits []site.Edit // of the program
	sql   string      // done to the database before the load
	// postgres are settings of the server.
	postgres map[string]string
	// profile is of a load that meets the fault within enough operations.
	profile string
	// accident happens in the middle of the load; optional.
	accident func(t *testing.T, s *site.Site, r *site.Run)
	// trace selects whether there is something to be found that a longer load may wipe out again; optional.
	trace string
	found findings
}

// findings are rules that each checker finds broken: by SQL and through the API alone all of these, and by the order of what
// clients were told one of them.
type findings struct{ sql, api, linear []string }

// TestMutants starts a service with each fault, lets a load meet it, and has all checkers look.
func TestMutants(t *testing.T) {
	t.Parallel()
	for _, m := range mutants() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			found := m.try(t)
			for checker, rules := range map[string][2][]string{"SQL": {found.sql, m.found.sql}, "the API": {found.api, m.found.api}} {
				for _, want := range rules[1] {
					if !slices.Contains(rules[0], want) {
						t.Errorf("by %s: found %q, want %s", checker, rules[0], want)
					}
				}
			}
			m.wantOutOfOrder(t, found.linear)
		})
	}
}

// wantOutOfOrder checks that one of the rules about the order of answers is found broken that the fault may break.
func (m mutant) wantOutOfOrder(t *testing.T, found []string) {
	t.Helper()
	isWanted := func(rule string) bool { return slices.Contains(m.found.linear, rule) }
	if len(m.found.linear) > 0 && !slices.ContainsFunc(found, isWanted) {
		t.Errorf("by the order of answers: found %q, want one of %q", found, m.found.linear)
	}
}

// TestSubtleMutants says that there are faults that only the order of answers shows, and the state of the service never does.
func TestSubtleMutants(t *testing.T) {
	t.Parallel()
	for _, m := range subtleMutants() {
		t.Run(m.name, func(t *testing.T) {
			t.Parallel()
			found := m.try(t)
			if len(found.sql)+len(found.api) > 0 {
				t.Errorf("found %+v, which was not to be seen", found)
			}
			m.wantOutOfOrder(t, found.linear)
		})
	}
}

// TestNoMutant says that the same checkers find nothing after the same loads of a service without a fault.
func TestNoMutant(t *testing.T) {
	t.Parallel()
	for _, m := range []mutant{
		{profile: "hot"}, {profile: "book"}, {profile: "mixed"}, {profile: "hot", name: " and no power", accident: losePower},
	} {
		t.Run(m.profile+m.name, func(t *testing.T) {
			t.Parallel()
			found := m.try(t)
			if len(found.sql)+len(found.api)+len(found.linear) > 0 {
				t.Errorf("found %+v in a sound service", found)
			}
		})
	}
}

// try returns what is found after a load of a service with the fault.
func (m mutant) try(t *testing.T) findings {
	t.Helper()
	c := site.Config{Settings: []string{"LOG_LEVEL=error"}, Postgres: m.postgres}
	if len(m.edits) > 0 {
		c.Binary = site.Build(t, m.edits...)
	}
	s := site.Start(t, c)
	if m.sql != "" {
		exec(t, s, m.sql)
	}
	for seed := range uint64(10) {
		r := s.Begin(load.Config{Profile: m.profile, Duration: proctest.Patience, Users: users, Seed: seed})
		until(t, r, enough)
		if m.accident != nil {
			m.accident(t, s, r)
		}
		proctest.Eventually(t, "the load has met the fault", func() bool { return m.left(t, s) })
		r.End()
		if m.left(t, s) {
			return m.judge(t, s, r)
		}
	}
	t.Fatal("the load wipes out each trace of the fault")
	return findings{}
}

// left reports whether the fault has left what is to be found.
func (m mutant) left(t *testing.T, s *site.Site) (left bool) {
	t.Helper()
	if m.trace == "" {
		return true
	}
	query(t, s, func(c *pgx.Conn) error { return c.QueryRow(t.Context(), m.trace).Scan(&left) })
	return left
}

// until returns once the load knows what became of so many operations.
func until(t *testing.T, r *site.Run, operations int) {
	t.Helper()
	proctest.Eventually(t, "the load has done enough", func() bool { return r.Outcomes() >= operations })
}

// judge has each checker look at what became of a load.
func (m mutant) judge(t *testing.T, s *site.Site, r *site.Run) findings {
	t.Helper()
	l := r.Ledger()
	sql := rules(t, check.Config{Ledger: l, DatabaseURL: s.DatabaseURL(), Wait: patience})
	api := rules(t, check.Config{
		Ledger: l, Client: s.Client(), AdminEmail: s.AdminEmail, AdminPassword: s.AdminPassword, Wait: patience,
	})
	ordered, stored := cut(sql)
	again, shown := cut(api)
	if !slices.Equal(ordered, again) {
		t.Errorf("by the order of answers: found %q, and then %q", ordered, again)
	}
	if undecided := linear.Check(l, patience).Undecided; len(undecided) > 0 {
		t.Errorf("undecided: %q", undecided)
	}
	return findings{sql: stored, api: shown, linear: ordered}
}

// cut returns which rules are about the order of answers, and the others.
func cut(rules []string) (linears, others []string) {
	for _, rule := range rules {
		if slices.Contains([]string{linear.Booking, linear.Cancel, linear.Refusal, linear.Counter}, rule) {
			linears = append(linears, rule)
		} else {
			others = append(others, rule)
		}
	}
	return linears, others
}

// rules returns the rules that a check finds broken, and logs a text of each.
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
	names := slices.Sorted(maps.Keys(told))
	for _, name := range names {
		t.Logf("%s: %.400s", name, told[name])
	}
	return names
}

func exec(t *testing.T, s *site.Site, sql string) {
	t.Helper()
	query(t, s, func(c *pgx.Conn) error {
		_, err := c.Exec(t.Context(), sql)
		return err
	})
}

// query lets do ask the database itself.
func query(t *testing.T, s *site.Site, do func(*pgx.Conn) error) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.DatabaseURL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if err := do(conn); err != nil {
		t.Fatal(err)
	}
}
