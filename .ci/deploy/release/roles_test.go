package release_test

import (
	"slices"
	"strings"
	"testing"
)

// change is an env file with other values for some settings.
func change(t *testing.T, pairs ...string) string {
	t.Helper()
	filled := settings()
	for i := 0; i < len(pairs); i += 2 {
		filled[pairs[i]] = pairs[i+1]
	}
	return envFile(t, filled)
}

// A password that would take the database away from pods that run, or that PostgreSQL does not know, is not rolled out.
func TestPasswordsOfRoles(t *testing.T) {
	t.Parallel()
	before := running(t, envFile(t, settings()))
	for _, tt := range []struct {
		name    string
		set     []string
		refuses bool // PostgreSQL refuses its owner.
		status  int
		want    string
	}{
		{"the same", nil, true, 0, ""},
		{"another password of the same role", []string{"DB_PASSWORD", "another password"}, false, 2, "Give DB_USERNAME a new name"},
		{"another role", []string{"DB_PASSWORD", "another password", "DB_USERNAME", "booking_2"}, false, 0, ""},
		{"an owner whose password was not changed", []string{"DB_MIGRATE_PASSWORD", "not the owner's"}, true, 2, "DB_MIGRATE_PASSWORD is another one"},
		{"an owner whose password was changed", []string{"DB_MIGRATE_PASSWORD", "the owner's new one"}, false, 0, ""},
		{"another database", []string{"DB_NAME", "reservations"}, true, 2, "DB_NAME is another one"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := before
			c.RefusesOwner, c.Revisions = tt.refuses, map[string][]string{}
			for name, revisions := range before.Revisions {
				c.Revisions[name] = slices.Clone(revisions)
			}
			r := deploy(t, c, change(t, tt.set...), "a")
			if r.status != tt.status || !strings.Contains(r.stderr, tt.want) {
				t.Errorf("status %d, want %d and %q\n%s", r.status, tt.status, tt.want, r.stderr)
			}
			if applied := r.cluster.verbs("apply"); tt.status != 0 && applied != nil {
				t.Errorf("%q, want nothing touched", applied)
			}
			if calls := strings.Join(r.cluster.Calls, "\n") + r.stderr; len(tt.set) > 0 && strings.Contains(calls, tt.set[1]) && tt.set[0] != "DB_NAME" {
				t.Errorf("a password is shown: %s", calls)
			}
		})
	}
}

// Redis has its new password before the service has it, and gives it back when the service stays what it was.
func TestRedisGoesBackWithTheService(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]func(*cluster){
		"the migrations fail":         func(c *cluster) { c.FailingJob = true },
		"the address does not answer": func(c *cluster) { c.MuteImage = digest("b") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := running(t, envFile(t, settings()))
			before := c.Redis
			broken(&c)
			r := deploy(t, c, change(t, "REDIS_PASSWORD", "another one for Redis"), "b")
			if got := r.cluster.Redis; r.status != 1 || len(got) != 3 || got[2] != before[0] || got[1] == before[0] {
				t.Errorf("status %d, and Redis was started with %q, want the first again\n%s", r.status, got, r.stderr)
			}
		})
	}
}

// A cluster that does not answer for a moment is asked again: nobody would wait for pods of which nothing is known.
func TestClusterThatIsAwayForAMoment(t *testing.T) {
	t.Parallel()
	env := envFile(t, settings())
	c := running(t, env)
	c.Away = 1
	if r := deploy(t, c, env, "b"); r.status == 0 || r.cluster.verbs("apply booking/stage notin") != nil {
		t.Errorf("status %d, and the service was changed without knowing what to go back to", r.status)
	}
}

// What an undo put back is not left behind in the releases that follow.
func TestUndoneFieldsAreGivenUp(t *testing.T) {
	t.Parallel()
	env := envFile(t, settings())
	c := running(t, env)
	c.Undone = true
	r := deploy(t, c, env, "b")
	patches := r.cluster.verbs("patch deployment.apps/api")
	if r.status != 0 || len(patches) != 1 || len(r.cluster.verbs("apply as booking-undo")) != 3 {
		t.Fatalf("status %d after %q\n%s", r.status, r.cluster.Calls, r.stderr)
	}
}

// A certificate of staging, or of the name before, is not the one that is waited for.
func TestCertificateOfBefore(t *testing.T) {
	t.Parallel()
	for _, before := range []string{"letsencrypt-staging booking.shum.travel 2=2", "letsencrypt-prod other.shum.travel 2=2", "letsencrypt-prod booking.shum.travel 3=2"} {
		if r := deploy(t, cluster{Certificate: before}, envFile(t, settings()), "a"); r.status != 3 {
			t.Errorf("status %d with the certificate %s, want 3\n%s", r.status, before, r.stderr)
		}
	}
}
