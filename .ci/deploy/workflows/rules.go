package workflows

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// longest is how many minutes a job may take.
const longest = 60

var (
	usesLine   = regexp.MustCompile(`(?m)^\s*(?:- )?uses:\s*(.*)$`)
	pinnedUses = regexp.MustCompile(`^[\w.-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$`)
	callsPart  = regexp.MustCompile(`\.ci/run((?: [a-z]+)*)`)
	listsParts = regexp.MustCompile(`(?m)^parts=\(([a-z ]+)\)$`)
	toolInRun  = regexp.MustCompile(`go install|go run [^ ]*@|npm install|npx |pip install|apt-get|curl [^\n]*\| *(?:ba)?sh`)
	allSecrets = regexp.MustCompile(`\(secrets\)|secrets\[`)
	named      = regexp.MustCompile(`\b(secrets|vars)\.(\w+)`)
	told       = regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (secret|variable) \\|")
)

// lines finds what shows in the text alone: actions that a moved tag could change, and secrets handed on in one piece.
func lines(text string) []string {
	var found []string
	if all := allSecrets.FindString(text); all != "" {
		found = append(found, all+": want each secret by its name")
	}
	for _, match := range usesLine.FindAllStringSubmatch(text, -1) {
		if uses := match[1]; !strings.HasPrefix(uses, "./") && !pinnedUses.MatchString(uses) {
			found = append(found, fmt.Sprintf("uses %s: want a commit of 40 digits and a comment with its version", uses))
		}
	}
	return found
}

func (w *workflow) check() []string {
	var found []string
	if p, ok := w.Permissions.(map[string]any); !ok || len(p) > 0 {
		found = append(found, "permissions: want {} for the workflow, and what each job needs in the job")
	}
	if w.Defaults.Run.Shell != "bash" {
		found = append(found, "defaults: want shell bash, which GitHub runs with pipefail")
	}
	for _, trigger := range []string{"pull_request_target", "workflow_run", "issue_comment"} {
		if triggered(w.On, trigger) {
			found = append(found, "on "+trigger+": would give secrets to what strangers send")
		}
	}
	guarded := w.Concurrency != nil
	for _, name := range slices.Sorted(maps.Keys(w.Jobs)) {
		j := w.Jobs[name]
		guarded = guarded || j.Concurrency != nil
		for _, finding := range slices.Concat(j.check(), j.secrets()) {
			found = append(found, "job "+name+": "+finding)
		}
	}
	if !guarded {
		found = append(found, "concurrency: want a group")
	}
	return found
}

func triggered(on any, by string) bool {
	switch on := on.(type) {
	case string:
		return on == by
	case []any:
		return slices.Contains(on, any(by))
	case map[string]any:
		_, ok := on[by]
		return ok
	}
	return false
}

func (j *job) check() []string {
	var found []string
	if j.Permissions == nil {
		found = append(found, "permissions: want a block")
	}
	for scope, access := range j.Permissions {
		if access == "write" && (scope == "contents" || j.Environment != nil) {
			found = append(found, "permissions: "+scope+" may be read only")
		}
	}
	if j.Uses == "" {
		if j.TimeoutMinutes < 1 || j.TimeoutMinutes > longest {
			found = append(found, fmt.Sprintf("timeout-minutes: got %d, want 1 to %d", j.TimeoutMinutes, longest))
		}
		if j.RunsOn == "" || strings.Contains(j.RunsOn, "latest") {
			found = append(found, "runs-on: want one version of the system, got "+j.RunsOn)
		}
	}
	for _, s := range j.Steps {
		found = append(found, s.check()...)
	}
	return found
}

func (s step) check() []string {
	var found []string
	if strings.Contains(s.Run, "${{") {
		found = append(found, "run: takes an expression, which could bring text of strangers into the shell: use env")
	}
	if tool := toolInRun.FindString(s.Run); tool != "" {
		found = append(found, "run: "+tool+": tools and their versions belong in .ci/run")
	}
	if strings.Contains(s.Run, "set -x") || strings.Contains(s.Run, "printenv") {
		found = append(found, "run: would print what the environment holds")
	}
	switch s.action() {
	case "actions/checkout":
		if kept, ok := s.With["persist-credentials"].(bool); kept || !ok {
			found = append(found, "actions/checkout: want persist-credentials: false")
		}
	case "actions/setup-go":
		if s.With["go-version-file"] != "go.mod" || s.With["go-version"] != nil {
			found = append(found, "actions/setup-go: want the version of go.mod")
		}
	}
	return found
}

// secrets finds jobs that are given secrets of the server without the protection of an environment, or that would cut a
// deployment off in the middle.
func (j *job) secrets() []string {
	var found []string
	text, err := yaml.Marshal(j)
	if err != nil {
		return []string{err.Error()}
	}
	for _, match := range named.FindAllStringSubmatch(string(text), -1) {
		if match[1] == "secrets" && match[2] != "GITHUB_TOKEN" && j.Environment["name"] != "production" {
			found = append(found, match[2]+": want environment production, which protects it")
		}
	}
	if j.Environment != nil && !j.Concurrency.waits() {
		found = append(found, "concurrency: want a group of its own and cancel-in-progress: false")
	}
	return found
}

// waits says whether a run waits for the one before, instead of ending it.
func (c *concurrency) waits() bool {
	if c == nil || c.Group == "" {
		return false
	}
	cancels, ok := c.CancelInProgress.(bool)
	return ok && !cancels
}

// drift finds actions that are used in two versions, or set up with two versions of what they install.
func drift(workflows map[string]*workflow) []string {
	var found []string
	seen := map[string]string{}
	for _, file := range slices.Sorted(maps.Keys(workflows)) {
		for _, name := range slices.Sorted(maps.Keys(workflows[file].Jobs)) {
			for _, s := range workflows[file].Jobs[name].Steps {
				if s.Uses == "" {
					continue
				}
				version := fmt.Sprint(s.Uses, " ", s.With["version"], " ", s.With["driver-opts"])
				if other, ok := seen[s.action()]; ok && other != version {
					found = append(found, fmt.Sprintf("%s: job %s: %s differs from %s", file, name, version, other))
				}
				seen[s.action()] = version
			}
		}
	}
	return found
}

// parts finds parts of the full check that no job runs, and jobs that run what is none.
func parts(workflows map[string]*workflow, run string) []string {
	const file = ".github/workflows/ci.yml"
	list := listsParts.FindStringSubmatch(run)
	if list == nil || workflows[file] == nil {
		return []string{".ci/run: lists no parts, or " + file + " is missing"}
	}
	var called []string
	for _, j := range workflows[file].Jobs {
		for _, s := range j.Steps {
			for _, match := range callsPart.FindAllStringSubmatch(s.Run, -1) {
				called = append(called, strings.Fields(match[1])...)
			}
		}
	}
	var found []string
	for part := range strings.FieldsSeq(list[1]) {
		if !slices.Contains(called, part) {
			found = append(found, file+": no job runs part "+part+" of .ci/run")
		}
	}
	for _, part := range called {
		if !slices.Contains(strings.Fields(list[1]), part) {
			found = append(found, file+": "+part+" is no part of .ci/run")
		}
	}
	return found
}

// documented finds secrets and variables that the guide does not tell of, and those it tells of that nothing uses.
func documented(files Files) []string {
	const guide = ".github/README.md"
	kinds := map[string]string{"secrets": "secret", "vars": "variable"}
	used, listed := map[string]bool{}, map[string]bool{}
	for name, text := range files {
		if !strings.HasPrefix(name, ".github/workflows/") {
			continue
		}
		for _, match := range named.FindAllStringSubmatch(text, -1) {
			if match[2] != "GITHUB_TOKEN" {
				used[kinds[match[1]]+" "+match[2]] = true
			}
		}
	}
	for _, match := range told.FindAllStringSubmatch(files[guide], -1) {
		listed[match[2]+" "+match[1]] = true
	}
	var found []string
	for _, name := range slices.Sorted(maps.Keys(used)) {
		if !listed[name] {
			found = append(found, guide+": does not tell of "+name)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(listed)) {
		if !used[name] {
			found = append(found, guide+": tells of "+name+", which no workflow uses")
		}
	}
	return found
}
