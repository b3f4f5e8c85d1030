package release_test

import (
	"slices"
	"strings"
	"testing"
)

const backupName = "2026-01-31T021700Z"

func TestRestoreStopsTheServiceForTheExchange(t *testing.T) {
	t.Parallel()
	r := execute(t, cluster{}, "restore", backupName)
	if r.status != 0 {
		t.Fatalf("status %d\n%s", r.status, r.stderr)
	}
	order := []string{"set env --local BACKUP=" + backupName, "scale deployment api", "wait pods", "exec redis-0", "scale deployment api", "rollout status deployment/api"}
	at := 0
	for _, call := range r.cluster.Calls {
		if at < len(order) && strings.HasPrefix(call, order[at]) {
			at++
		}
	}
	if at < len(order) {
		t.Errorf("%q does not come in its turn: %q", order[at], r.cluster.Calls)
	}
	if r.cluster.Replicas["api"] != "3" || r.cluster.Replicas["worker"] != "1" {
		t.Errorf("the service is left with %v", r.cluster.Replicas)
	}
}

func TestFailedRestore(t *testing.T) {
	t.Parallel()
	for step, want := range map[string]struct {
		stopped bool
		said    string
	}{
		"load":    {false, "the service and its database were not touched"},
		"swap":    {true, "starts on the one it had"},
		"recount": {true, "the database of before is kept"},
	} {
		r := execute(t, cluster{FailingStep: step}, "restore", backupName)
		if r.status != 1 || !strings.Contains(r.stderr, want.said) {
			t.Errorf("a failing %s: status %d, want 1 and %q\n%s", step, r.status, want.said, r.stderr)
		}
		if stopped := slices.ContainsFunc(r.cluster.Calls, func(c string) bool { return strings.HasPrefix(c, "scale") }); stopped != want.stopped {
			t.Errorf("a failing %s: the service was stopped: %t, want %t", step, stopped, want.stopped)
		}
		if r.cluster.Replicas["api"] != "3" {
			t.Errorf("a failing %s: the API is left with %s", step, r.cluster.Replicas["api"])
		}
	}
}

func TestRestoreOfNothing(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{nil, {"--force"}, {"../x"}, {"2026;id"}} {
		if r := execute(t, cluster{}, "restore", args...); r.status == 0 || len(r.cluster.Calls) > 0 {
			t.Errorf("restore %q: status %d after %q", args, r.status, r.cluster.Calls)
		}
	}
}
