package site

import (
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/check"
)

// Check compares what the load was told with what the service and its database remember. Photographs may take so long until
// they are processed.
func (s *Site) Check(r *Run, wait time.Duration) *check.Result {
	s.tb.Helper()
	result, err := check.Check(s.tb.Context(), check.Config{
		Ledger: r.Ledger(), Client: s.Client(), DatabaseURL: s.DatabaseURL(),
		AdminEmail: s.AdminEmail, AdminPassword: s.AdminPassword, Wait: wait,
	})
	if err != nil {
		s.tb.Fatal(err)
	}
	return result
}

// WantClean is Check, and fails the test for each finding, and if there was nothing to compare.
func (s *Site) WantClean(r *Run, wait time.Duration) {
	s.tb.Helper()
	result := s.Check(r, wait)
	for _, f := range result.Findings {
		s.tb.Errorf("%s: %s", f.Rule, f.Text)
	}
	var compared int64
	for _, c := range result.Compared {
		compared += c.N
	}
	if compared == 0 {
		s.tb.Error("nothing was compared")
	}
	s.tb.Logf("compared %v; undecided %q", result.Compared, result.Undecided)
}
