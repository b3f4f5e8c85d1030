package release_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// running is a cluster on which the release with the digest of "a" serves.
func running(t *testing.T, env string) cluster {
	t.Helper()
	r := deploy(t, cluster{}, env, "a")
	if r.status != 0 {
		t.Fatalf("the first release: status %d\n%s", r.status, r.stderr)
	}
	r.cluster.Calls, r.cluster.Objects = nil, nil
	return r.cluster
}

// verbs are the first words of the calls that changed something.
func (c cluster) verbs(prefix string) []string {
	var calls []string
	for _, call := range c.Calls {
		if strings.HasPrefix(call, prefix) {
			calls = append(calls, call)
		}
	}
	return calls
}

// The data comes first, then the migrations, then the service, and each waits for the one before.
func TestOrder(t *testing.T) {
	t.Parallel()
	env := envFile(t, settings())
	r := deploy(t, cluster{}, env, "a")
	if r.status != 0 {
		t.Fatalf("status %d\n%s", r.status, r.stderr)
	}
	want := []string{
		"apply booking/stage=first", "rollout status statefulset.apps/postgres", "rollout status statefulset.apps/redis",
		"apply booking/stage=migration", "apply booking/stage notin (migration, monitoring)",
		"rollout status deployment.apps/api", "rollout status deployment.apps/nginx", "rollout status deployment.apps/worker",
		"curl", "apply booking/stage=monitoring",
	}
	var got []string
	for _, call := range r.cluster.Calls {
		if strings.HasPrefix(call, "curl") {
			call = "curl"
		}
		if call == "curl" && got[len(got)-1] == "curl" {
			continue
		}
		got = append(got, call)
	}
	if !slices.Equal(got, want) {
		t.Errorf("the calls were %q, want %q", got, want)
	}
	at := func(prefix string) int {
		return slices.IndexFunc(r.cluster.Objects, func(o string) bool { return strings.HasPrefix(o, prefix) })
	}
	for _, first := range []string{"Namespace/", "Secret/booking-secrets", "ConfigMap/booking-config", "NetworkPolicy/default-deny",
		"StatefulSet/postgres", "Certificate/postgres-tls", "ServiceAccount/migrate", "PersistentVolumeClaim/booking-images-pvc"} {
		if i := at(first); i < 0 || i > at("Job/migrate-") {
			t.Errorf("%s comes at %d, and the migrations at %d", first, i, at("Job/migrate-"))
		}
	}
	for _, last := range []string{"Deployment/api", "Deployment/worker", "Deployment/nginx", "Ingress/", "Service/api", "HorizontalPodAutoscaler/api"} {
		if i := at(last); i < at("Job/migrate-") {
			t.Errorf("%s comes at %d, before the migrations at %d", last, i, at("Job/migrate-"))
		}
	}
}

// failed returns the second release of a cluster that was broken after the first.
func failed(t *testing.T, broken func(*cluster)) run {
	t.Helper()
	env := envFile(t, settings())
	c := running(t, env)
	broken(&c)
	r := deploy(t, c, env, "b")
	if r.status != 1 {
		t.Errorf("status %d, want 1\n%s", r.status, r.stderr)
	}
	return r
}

// What goes wrong before the rollout leaves the service as it was.
func TestServiceIsNotTouched(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]func(*cluster){
		"the migrations fail":        func(c *cluster) { c.FailingJob = true },
		"PostgreSQL does not start":  func(c *cluster) { c.FailingData = true },
		"cert-manager is not there":  func(c *cluster) { c.NoCertManager = true },
		"the cluster refuses a part": func(c *cluster) { c.Refusing = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := failed(t, broken)
			for _, deployment := range []string{"api", "worker", "nginx"} {
				if len(r.cluster.Revisions[deployment]) != 1 {
					t.Errorf("%s was changed", deployment)
				}
			}
			if undone := r.cluster.verbs("rollout undo"); undone != nil {
				t.Errorf("%q, and there was nothing to undo", undone)
			}
		})
	}
}

// Why the cluster cannot be reached is told in kubectl's words: mostly who is asked may not read its file.
func TestClusterThatIsNotToBeReached(t *testing.T) {
	t.Parallel()
	r := deploy(t, cluster{Locked: true}, envFile(t, settings()), "a")
	if r.status != 1 || !strings.Contains(r.stderr, "Unable to read /etc/rancher/k3s/k3s.yaml") {
		t.Errorf("status %d, want 1 and the reason\n%s", r.status, r.stderr)
	}
}

func TestOneReleaseAtATime(t *testing.T) {
	t.Parallel()
	env := envFile(t, settings())
	running(t, env)
	file, err := os.Open(env + ".lock")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	if info, err := file.Stat(); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the lock has mode %o, %v; want 600", info.Mode().Perm(), err)
	}
	// As sed -i and editors do, which put another file in the place of the one before. It is found by another name as well.
	link, edited := filepath.Join(t.TempDir(), "link"), envFile(t, settings())
	if err := errors.Join(os.Rename(edited, env), os.Symlink(env, link)); err != nil {
		t.Fatal(err)
	}
	if r := deploy(t, cluster{}, link, "a"); r.status != 1 || len(r.cluster.Calls) > 0 {
		t.Errorf("by a link: status %d after %q, want 1 and nothing done\n%s", r.status, r.cluster.Calls, r.stderr)
	}
	if r := deploy(t, cluster{}, env, "a"); r.status != 1 || len(r.cluster.Calls) > 0 {
		t.Errorf("status %d after %q, want 1 and nothing done\n%s", r.status, r.cluster.Calls, r.stderr)
	}
}

// A release that does not come up, or does not answer, gives way to the one before.
func TestRollback(t *testing.T) {
	t.Parallel()
	for name, broken := range map[string]func(*cluster){
		"the pods do not get ready":   func(c *cluster) { c.BadImage = digest("b") },
		"the address does not answer": func(c *cluster) { c.MuteImage = digest("b") },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := failed(t, broken)
			for _, deployment := range []string{"api", "worker"} {
				if got := r.cluster.template(deployment); !strings.Contains(got, digest("a")) {
					t.Errorf("%s is left on %s", deployment, got)
				}
			}
			if len(r.cluster.Revisions["nginx"]) != 1 {
				t.Errorf("nginx did not change, and has %d revisions", len(r.cluster.Revisions["nginx"]))
			}
			calls := r.cluster.Calls
			if undo := slices.Index(calls, "rollout undo deployment.apps/worker"); undo < 0 || !slices.Contains(calls[undo:], "rollout status deployment.apps/worker") {
				t.Errorf("nobody waits for the rollback: %q", calls)
			}
		})
	}
}

// The settings of before come back with the release of before.
func TestRollbackOfSettings(t *testing.T) {
	t.Parallel()
	c := running(t, envFile(t, settings()))
	before := c.template("api")
	c.MuteImage = "booking-config-" // Until the release is there, nothing is wrong with it.
	filled := settings()
	filled["LOG_LEVEL"] = "debug"
	r := deploy(t, c, envFile(t, filled), "a")
	if r.status != 1 || len(r.cluster.Revisions["api"]) != 3 || r.cluster.template("api") != before {
		t.Errorf("status %d, %d revisions, and the settings of before: %t", r.status, len(r.cluster.Revisions["api"]), r.cluster.template("api") == before)
	}
}

func TestFailedFirstRelease(t *testing.T) {
	t.Parallel()
	r := deploy(t, cluster{BadImage: digest("a")}, envFile(t, settings()), "a")
	if r.status != 1 || !strings.Contains(r.stderr, "nothing to go back to") || r.cluster.verbs("rollout undo") != nil {
		t.Errorf("status %d after %q, want 1 and no rollback\n%s", r.status, r.cluster.verbs("rollout undo"), r.stderr)
	}
}

// A certificate that is not there yet is no reason to take a good release back.
func TestMissingCertificate(t *testing.T) {
	t.Parallel()
	r := deploy(t, cluster{NoCertificate: true}, envFile(t, settings()), "a")
	if r.status != 3 || r.cluster.verbs("rollout undo") != nil {
		t.Errorf("status %d after %q, want 3 and no rollback\n%s", r.status, r.cluster.verbs("rollout undo"), r.stderr)
	}
	for _, call := range r.cluster.verbs("curl") {
		if !strings.Contains(call, "--insecure") {
			t.Errorf("%s cannot succeed without a certificate", call)
		}
	}
}

func TestPublishedAddressIsAsked(t *testing.T) {
	t.Parallel()
	env := envFile(t, settings())
	for _, tt := range []struct {
		args     []string
		address  string
		insecure bool
	}{
		{nil, "192.0.2.7", false},
		{[]string{"--address", "2001:db8::1"}, "2001:db8::1", false},
		{[]string{"--issuer", "staging"}, "192.0.2.7", true},
	} {
		r := deploy(t, cluster{}, env, "a", tt.args...)
		calls := r.cluster.verbs("curl")
		if len(calls) < 4 {
			t.Errorf("only %q were asked\n%s", calls, r.stderr)
		}
		for _, call := range calls {
			if !strings.Contains(call, "--resolve booking.shum.travel:443:"+tt.address) || strings.Contains(call, "--insecure") != tt.insecure {
				t.Errorf("%q: %s, want it at %s, insecure: %t", tt.args, call, tt.address, tt.insecure)
			}
		}
		if last := calls[len(calls)-1]; !strings.HasSuffix(last, "http://booking.shum.travel/apps/shum-booking/countries") {
			t.Errorf("the last question is %s", last)
		}
	}
}

// No call has a value of a secret in its arguments, where the list of processes shows it, and nothing is deleted.
func TestSecretsAreNoArguments(t *testing.T) {
	t.Parallel()
	env := envFile(t, settings())
	c := running(t, env)
	c.BadImage = digest("b")
	r := deploy(t, c, env, "b")
	for _, text := range append(r.cluster.Calls, r.stderr, r.stdout) {
		for name, value := range settings() {
			if strings.Contains(name, "PASSWORD") && strings.Contains(text, value) || strings.Contains(text, settings()["JWT_SECRET_KEY"]) {
				t.Errorf("%s is shown: %s", name, text)
			}
		}
	}
	for _, call := range r.cluster.Calls {
		if strings.Contains(call, "delete") || strings.Contains(call, "replace") || strings.Contains(call, "prune") {
			t.Errorf("%s destroys something", call)
		}
	}
}
