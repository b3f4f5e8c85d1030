package manifests_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"deploy/manifests"
)

const root = "../../.."

// A set is what is built together, and what is expected of it.
type set struct {
	name string
	dirs []string
	plan manifests.Plan
}

func sets() []set {
	return []set{
		{"server", []string{"k3s"}, manifests.Server()},
		{"ha", []string{"k3s/overlays/ha"}, manifests.Nodes()},
	}
}

// readFacts builds the program once for all tests.
var readFacts = sync.OnceValues(func() (manifests.Facts, error) {
	dir, err := os.MkdirTemp("", "manifests")
	if err != nil {
		return manifests.Facts{}, err
	}
	defer os.RemoveAll(dir)
	var f manifests.Facts
	if f.Program, err = manifests.ReadProgram(context.Background(), root, dir); err != nil {
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
