package manifests_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"deploy/manifests"
	"deploy/program"
)

const root = "../../.."

// reaching builds on the set of one server and on all components.
const reaching = ".ci/deploy/manifests/testdata/reaching"

// A set is what is built together, and what is expected of it.
type set struct {
	name string
	dirs []string
	plan manifests.Plan
}

func sets() []set {
	return []set{
		{"server", []string{"k3s"}, manifests.Server()},
		{"reaching", []string{reaching}, manifests.Reaching()},
		{"ha", []string{"k3s/overlays/ha"}, manifests.Nodes()},
	}
}

func TestMain(m *testing.M) { os.Exit(program.Main(m)) }

// readFacts asks the program once for all tests.
var readFacts = sync.OnceValues(func() (manifests.Facts, error) {
	var f manifests.Facts
	booking, err := program.Build()
	if err != nil {
		return f, err
	}
	if f.Program, err = manifests.ReadProgram(context.Background(), root, booking); err != nil {
		return f, err
	}
	if f.Proxy, err = manifests.ReadProxy(filepath.Join(root, "nginx")); err != nil {
		return f, err
	}
	f.Template, err = manifests.ReadTemplate(filepath.Join(root, ".prod.env.template"))
	return f, err
})

func facts(t *testing.T) manifests.Facts {
	t.Helper()
	f, err := readFacts()
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// documents builds the directories of a set.
func (s set) documents(t *testing.T) [][]byte {
	t.Helper()
	var all [][]byte
	for _, dir := range s.dirs {
		built, err := manifests.Build(filepath.Join(root, dir))
		if err != nil {
			t.Fatal(err)
		}
		documents, err := manifests.Documents(built)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, documents...)
	}
	return all
}

func TestSets(t *testing.T) {
	t.Parallel()
	f := facts(t)
	for _, s := range sets() {
		decoded := manifests.Decode(s.documents(t))
		for _, check := range manifests.Checks(f, s.plan) {
			for _, finding := range check.Run(decoded) {
				t.Errorf("%s, %s: %s", s.name, check.Name, finding)
			}
		}
	}
}

// TestEveryOverlay holds the list of sets to the directories.
func TestEveryOverlay(t *testing.T) {
	t.Parallel()
	found, err := filepath.Glob(filepath.Join(root, "k3s/overlays/*/kustomization.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range found {
		dir, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.ContainsFunc(sets(), func(s set) bool { return slices.Contains(s.dirs, dir) }) {
			t.Errorf("nobody checks %s", dir)
		}
	}
}

// TestEveryComponent holds the components to their directories.
func TestEveryComponent(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, reaching, "kustomization.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(root, "k3s/components/*"))
	if err != nil || len(found) == 0 {
		t.Fatalf("the components are %q, %v", found, err)
	}
	for _, dir := range found {
		if !strings.Contains(string(text), "/k3s/components/"+filepath.Base(dir)+"\n") {
			t.Errorf("nobody checks %s", dir)
		}
	}
}

// TestPrometheusOfNodes lets Prometheus itself judge what it gets on several nodes.
func TestPrometheusOfNodes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	data, err := manifests.ConfigMaps(manifests.Decode(set{dirs: []string{"k3s/overlays/ha"}}.documents(t)), "prometheus-config", "prometheus-rules")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"prometheus.yml", "rules/postgres.yml", "rules/cluster.yml"} {
		text, ok := data[filepath.Base(name)]
		file := filepath.Join(dir, name)
		if err := errors.Join(os.MkdirAll(filepath.Dir(file), 0o700), os.WriteFile(file, []byte(text), 0o600)); err != nil || !ok {
			t.Fatalf("%s: there: %t, error %v", name, ok, err)
		}
	}
	check := func() (string, error) {
		output, err := exec.CommandContext(t.Context(), "promtool", "check", "config", filepath.Join(dir, "prometheus.yml")).CombinedOutput()
		return string(output), err
	}
	if output, err := check(); err != nil || !strings.Contains(output, "postgres.yml") {
		t.Errorf("promtool: %v: %s", err, output)
	}
	broken := strings.ReplaceAll(data["postgres.yml"], "expr: max(", "expr: max((")
	if err := os.WriteFile(filepath.Join(dir, "rules", "postgres.yml"), []byte(broken), 0o600); err != nil {
		t.Fatal(err)
	}
	if output, err := check(); err == nil {
		t.Errorf("promtool takes broken rules: %s", output)
	}
}
