package audit_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/shumbooking/shumbooking/platform/audit"
)

// refusals returns operation, path and problem of the refusals of an actor, the newest first.
func (f *fixture) refusals(tb testing.TB, actor int) []string {
	tb.Helper()
	var told []string
	for _, e := range f.list(tb, fmt.Sprintf("?action=refused&limit=100&actor_id=%d", actor)).Items {
		told = append(told, fmt.Sprintf("%s %s %s", e.After["operation"], e.After["path"], e.After["problem"]))
	}
	return told
}

func TestRefused(t *testing.T) {
	t.Parallel()
	f := setup(t)
	caller := f.api.As("members.7")
	for _, path := range []string{"/things/5", "/things/anna@example.com", "/things/5", "/things/99999999999999999999", "/things/6"} {
		caller.Do("DELETE", path, nil).WantProblem(http.StatusNotFound, "not_found")
	}
	caller.Do("GET", "/audit", nil).WantProblem(http.StatusForbidden, "forbidden")
	caller.Do("GET", "/audit?actor_id=5", nil).WantProblem(http.StatusForbidden, "forbidden")
	// What anybody may ask for is refused to nobody in particular, and what is no route is no secret.
	caller.Do("GET", "/things/5", nil).WantProblem(http.StatusNotFound, "not_found")
	f.api.Do("DELETE", "/things/5", nil).WantProblem(http.StatusUnauthorized, "unauthenticated")
	caller.Do("GET", "/nothing", nil).WantProblem(http.StatusNotFound, "not_found")
	f.api.As("members.8").Do("DELETE", "/things/5", nil).WantProblem(http.StatusNotFound, "not_found")

	want := "listAuditLog /audit forbidden, deleteThing /things/6 not_found, deleteThing /things/{id} not_found, deleteThing /things/5 not_found"
	if got := strings.Join(f.refusals(t, 7), ", "); got != want {
		t.Errorf("refusals of user 7: got %s, want %s", got, want)
	}
	if got := len(f.refusals(t, 8)); got != 1 {
		t.Errorf("user 8 has %d refusals, want 1", got)
	}
	if got := len(f.list(t, "").Items); got != 5 {
		t.Errorf("the log has %d entries, want 5", got)
	}
}

// A minute later the same refusal is recorded again.
func TestRefused_RepeatsAreSpared(t *testing.T) {
	t.Parallel()
	f := setup(t)
	caller := f.api.As("members.7")
	for range 2 {
		caller.Do("DELETE", "/things/5", nil).Want(http.StatusNotFound)
	}
	if got := f.refusals(t, 7); len(got) != 1 {
		t.Fatalf("refusals = %v, want one", got)
	}
	if _, err := f.db.Exec(t.Context(), `UPDATE audit_log SET at = at - interval '61 seconds'`); err != nil {
		t.Fatal(err)
	}
	caller.Do("DELETE", "/things/5", nil).Want(http.StatusNotFound)
	if got := f.refusals(t, 7); len(got) != 2 {
		t.Errorf("refusals = %v, want two", got)
	}
}

func TestRefused_FloodsAreBounded(t *testing.T) {
	t.Parallel()
	f := setup(t)
	caller := f.api.As("members.7")
	for i := range audit.MaxRefusals + 10 {
		caller.Do("DELETE", fmt.Sprintf("/things/%d", i+1), nil).Want(http.StatusNotFound)
	}
	f.api.As("members.8").Do("DELETE", "/things/5", nil).Want(http.StatusNotFound)
	if got := len(f.refusals(t, 7)); got != audit.MaxRefusals {
		t.Errorf("%d refusals are recorded, want %d", got, audit.MaxRefusals)
	}
	if got := len(f.refusals(t, 8)); got != 1 {
		t.Errorf("of another caller %d refusals are recorded, want 1", got)
	}
	f.wantRefusals(t, audit.MaxRefusals+1, 10, 0)
}

// wantRefusals checks the counter.
func (f *fixture) wantRefusals(tb testing.TB, recorded, spared, lost int) {
	tb.Helper()
	want := fmt.Sprintf(`
# HELP audit_refusals_total Requests for what is not the caller's, by outcome: recorded, spared (of too many alike), lost. Lost must not grow.
# TYPE audit_refusals_total counter
audit_refusals_total{outcome="lost"} %d
audit_refusals_total{outcome="recorded"} %d
audit_refusals_total{outcome="spared"} %d
`, lost, recorded, spared)
	if err := testutil.GatherAndCompare(f.metrics, strings.NewReader(want), "audit_refusals_total"); err != nil {
		tb.Error(err)
	}
}

// An entry that cannot be written changes no answer, and is missed by somebody.
func TestRefused_FailuresAreTold(t *testing.T) {
	t.Parallel()
	f := setup(t)
	if _, err := f.db.Exec(t.Context(), `ALTER TABLE audit_log RENAME TO gone`); err != nil {
		t.Fatal(err)
	}
	f.api.As("members.7").Do("DELETE", "/things/5", nil).WantProblem(http.StatusNotFound, "not_found")
	f.wantRefusals(t, 0, 0, 1)
	if !strings.Contains(f.log.String(), `level=ERROR msg="refusal not recorded" request_id=`) {
		t.Errorf("log = %q, want that the refusal was not recorded", f.log)
	}
}
