package audit_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/shumbooking/shumbooking/platform/audit"
	"github.com/shumbooking/shumbooking/platform/jobs"
	"github.com/shumbooking/shumbooking/platform/jobs/jobstest"
)

func TestPurge(t *testing.T) {
	t.Parallel()
	f := setup(t)
	_, err := f.db.Exec(t.Context(), `
INSERT INTO audit_log (at, action) SELECT now() - interval '400 days 1 minute', 'old' FROM generate_series(1, $1)
UNION ALL SELECT now() - interval '399 days 23 hours', 'young'`, audit.PurgeBatch+1)
	if err != nil {
		t.Fatal(err)
	}
	f.purge(t)
	if got := f.list(t, "").Items; len(got) != 1 || got[0].Action != "young" {
		t.Errorf("the log has %+v, want the young entry alone", got)
	}
}

// purge runs the job as a worker does.
func (f *fixture) purge(t *testing.T) {
	t.Helper()
	kinds := river.NewWorkers()
	f.audit.AddWorkers(kinds)
	jobstest.RunPeriodic(t, f.db, kinds, audit.PeriodicJobs())
}

// Where most of a log has to go at once, a purge needs more time than jobs have by default.
func TestPurgeHasTime(t *testing.T) {
	t.Parallel()
	if got := audit.PurgeTimeout(); got <= jobs.Timeout {
		t.Errorf("timeout = %v, want more than the default, %v", got, jobs.Timeout)
	}
}

// The role that serves requests adds to the log and reads it. Old entries go by the function alone, and the function
// of forgetting touches users who were deleted and nobody else.
func TestRightsOfTheRuntimeRole(t *testing.T) {
	t.Parallel()
	f := setup(t)
	conn, err := f.db.Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	const prepare = `
CREATE ROLE %[1]s;
GRANT SELECT, INSERT ON audit_log TO %[1]s;
GRANT EXECUTE ON FUNCTION audit_log_purge(integer), audit_log_forget(bigint) TO %[1]s;
INSERT INTO users (email) VALUES ('anna@example.com');
INSERT INTO audit_log (at, action) VALUES (now() - interval '401 days', 'old');
INSERT INTO audit_log (action, object_type, object_id, after)
VALUES ('user.create', 'user', 1, '{"email": "anna@example.com", "role": "guest"}')`
	role := pgx.Identifier{conn.Conn().Config().Database + "_app"}.Sanitize()
	if _, err := conn.Exec(t.Context(), fmt.Sprintf(prepare, role)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		defer conn.Release()
		_, err := conn.Exec(context.WithoutCancel(t.Context()), fmt.Sprintf("RESET ROLE; DROP OWNED BY %[1]s; DROP ROLE %[1]s", role))
		if err != nil {
			t.Error(err)
		}
	})
	for _, step := range []struct {
		sql     string
		allowed bool
		after   string
	}{
		{"UPDATE audit_log SET action = 'x'", false, `{"role": "guest", "email": "anna@example.com"}`},
		{"DELETE FROM audit_log", false, `{"role": "guest", "email": "anna@example.com"}`},
		{"SELECT audit_log_purge(10)", true, `{"role": "guest", "email": "anna@example.com"}`},
		{"SELECT audit_log_forget(1)", true, `{"role": "guest", "email": "anna@example.com"}`},
		{"RESET ROLE; UPDATE users SET email = NULL, deleted_at = now(), disabled_at = now(); SET ROLE " + role, true, `{"role": "guest", "email": "anna@example.com"}`},
		{"SELECT audit_log_forget(1)", true, `{"role": "guest"}`},
	} {
		_, err := conn.Exec(t.Context(), "SET ROLE "+role+"; "+step.sql)
		if (err == nil) != step.allowed {
			t.Errorf("%s: %v, want allowed %t", step.sql, err, step.allowed)
		}
		var after string
		if err := conn.QueryRow(t.Context(), `SELECT after FROM audit_log WHERE action = 'user.create'`).Scan(&after); err != nil || after != step.after {
			t.Errorf("after %s: the entry has %s, %v; want %s", step.sql, after, err, step.after)
		}
	}
	var left int
	if err := conn.QueryRow(t.Context(), `SELECT count(*) FROM audit_log`).Scan(&left); err != nil || left != 1 {
		t.Errorf("%d entries are left, %v; want the young one", left, err)
	}
}
