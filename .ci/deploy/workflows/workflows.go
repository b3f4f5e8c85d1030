// Package workflows checks the workflows of .github against what must hold for each of them: actions by hash, least
// permissions, no text of strangers in a shell, secrets only where they are needed and told, one list of versions.
package workflows

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Files are the texts that are checked, by their path in the repository.
type Files map[string]string

// Read returns the workflows, their guide and the full check of the repository at root.
func Read(root string) (Files, error) {
	files := Files{}
	paths, err := filepath.Glob(filepath.Join(root, ".github/workflows/*.yml"))
	if err != nil {
		return nil, fmt.Errorf("read workflows: %w", err)
	}
	paths = append(paths, filepath.Join(root, ".github/README.md"), filepath.Join(root, ".ci/run"))
	for _, path := range paths {
		text, err := os.ReadFile(path) //nolint:gosec // the paths are of this repository
		if err != nil {
			return nil, fmt.Errorf("read workflows: %w", err)
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return nil, fmt.Errorf("read workflows: %w", err)
		}
		files[name] = string(text)
	}
	return files, nil
}

// Check returns what is wrong with files, each finding with the file it is in.
func Check(files Files) []string {
	var found []string
	parsed := map[string]*workflow{}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if !strings.HasPrefix(name, ".github/workflows/") {
			continue
		}
		w := new(workflow)
		if err := yaml.UnmarshalStrict([]byte(files[name]), w); err != nil {
			found = append(found, fmt.Sprintf("%s: %v", name, err))
			continue
		}
		parsed[name] = w
		for _, finding := range slices.Concat(lines(files[name]), w.check()) {
			found = append(found, name+": "+finding)
		}
	}
	return slices.Concat(found, drift(parsed), parts(parsed, files[".ci/run"]), documented(files))
}

// A workflow has the keys of GitHub's that are used here; another one is a mistake or wants a rule here.
type workflow struct {
	Name        string          `json:"name"`
	On          any             `json:"true"` // YAML 1.1 takes "on" for a truth value
	Permissions any             `json:"permissions"`
	Concurrency *concurrency    `json:"concurrency"`
	Defaults    defaults        `json:"defaults"`
	Jobs        map[string]*job `json:"jobs"`
}

type concurrency struct {
	Group            string `json:"group"`
	CancelInProgress any    `json:"cancel-in-progress"`
}

type defaults struct {
	Run struct {
		Shell string `json:"shell"`
	} `json:"run"`
}

type job struct {
	Needs          any               `json:"needs"`
	If             string            `json:"if"`
	RunsOn         string            `json:"runs-on"`
	TimeoutMinutes int               `json:"timeout-minutes"`
	Permissions    map[string]string `json:"permissions"`
	Environment    map[string]string `json:"environment"`
	Concurrency    *concurrency      `json:"concurrency"`
	Outputs        map[string]string `json:"outputs"`
	Uses           string            `json:"uses"`
	Steps          []step            `json:"steps"`
}

type step struct {
	ID   string            `json:"id"`
	Name string            `json:"name"`
	If   string            `json:"if"`
	Uses string            `json:"uses"`
	With map[string]any    `json:"with"`
	Env  map[string]string `json:"env"`
	Run  string            `json:"run"`
}

// action is the name of what the step uses, without its version.
func (s step) action() string {
	name, _, _ := strings.Cut(s.Uses, "@")
	return name
}
