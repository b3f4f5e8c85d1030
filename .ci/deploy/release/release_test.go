package release_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

const root = "../../.."

// digest is of an image, whose hexadecimal digits are all the same.
func digest(digit string) string { return "sha256:" + strings.Repeat(digit, 64) }

func image(digit string) string { return "ghcr.io/someone/booking@" + digest(digit) }

// A run is what a script did.
type run struct {
	status         int
	stdout, stderr string
	cluster        cluster
}

// settings are those that an operator fills in.
func settings() map[string]string {
	return map[string]string{
		"DOMAIN": "booking.shum.travel", "LETSENCRYPT_EMAIL": "operator@shum.travel", "DB_PASSWORD": "password of the service",
		"DB_MIGRATE_PASSWORD": "another one, of the owner", "REDIS_PASSWORD": "one more for Redis", "GRAFANA_ADMIN_PASSWORD": "and one for Grafana",
		"JWT_SECRET_KEY": "a key of at least thirty-two bytes",
	}
}

// envFile fills the template in, and adds lines for the settings that are comments there.
func envFile(t *testing.T, filled map[string]string) string {
	t.Helper()
	text, err := os.ReadFile(root + "/.prod.env.template")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	for _, name := range slices.Sorted(maps.Keys(filled)) {
		line := name + "=" + filled[name]
		if i := slices.IndexFunc(lines, func(l string) bool { return strings.HasPrefix(l, name+"=") }); i >= 0 {
			lines[i] = line
		} else {
			lines = append(lines, line)
		}
	}
	return envText(t, strings.Join(lines, "\n")+"\n")
}

func envText(t *testing.T, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "prod.env")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// execute runs one of the scripts on a cluster.
func execute(t *testing.T, c cluster, script string, args ...string) run {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	bin, state := t.TempDir(), filepath.Join(t.TempDir(), "state.json")
	for _, name := range []string{"kubectl", "curl", "sleep"} {
		if err := os.Symlink(self, filepath.Join(bin, name)); err != nil {
			t.Fatal(err)
		}
	}
	if c.Revisions == nil {
		c.Revisions = map[string][]string{}
	}
	if c.Replicas == nil {
		c.Replicas = map[string]string{"api": "3", "worker": "1"}
	}
	text, err := json.Marshal(c)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(state, text, 0o600); err != nil {
		t.Fatal(err)
	}
	temp := t.TempDir()
	var stdout, stderr strings.Builder
	cmd := exec.CommandContext(t.Context(), "bash", append([]string{root + "/k3s/" + script}, args...)...)
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"), "TMPDIR="+temp, stateVariable+"="+state)
	if err := cmd.Run(); err != nil && !errors.As(err, new(*exec.ExitError)) {
		t.Fatal(err)
	}
	r := run{status: cmd.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String()}
	if text, err = os.ReadFile(state); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &r.cluster); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(temp); err != nil || len(left) > 0 {
		t.Errorf("the script left %v behind, %v: there are secrets in it", left, err)
	}
	return r
}

func deploy(t *testing.T, c cluster, env, digit string, more ...string) run {
	t.Helper()
	return execute(t, c, "deploy", append([]string{"--image", image(digit), "--env-file", env}, more...)...)
}

// manifests are what --render prints.
func manifests(t *testing.T, env string, more ...string) []object {
	t.Helper()
	r := deploy(t, cluster{}, env, "a", append(more, "--render")...)
	if r.status != 0 {
		t.Fatalf("--render ends with %d\n%s", r.status, r.stderr)
	}
	if len(r.cluster.Calls) > 0 {
		t.Errorf("--render changed something: %q", r.cluster.Calls)
	}
	objects, err := parse(r.stdout)
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

// only returns the one object of a kind whose name begins with a prefix.
func only(t *testing.T, objects []object, kind, prefix string) object {
	t.Helper()
	var found []object
	for _, o := range objects {
		if o.Kind == kind && strings.HasPrefix(o.Metadata.Name, prefix) {
			found = append(found, o)
		}
	}
	if len(found) != 1 {
		t.Fatalf("there are %d of %s %s, want one", len(found), kind, prefix)
	}
	return found[0]
}

func secretValue(t *testing.T, o object, key string) string {
	t.Helper()
	value, err := base64.StdEncoding.DecodeString(o.Data[key])
	if err != nil {
		t.Fatal(err)
	}
	return string(value)
}
