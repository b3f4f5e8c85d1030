package workflows_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"deploy/workflows"
)

const (
	root   = "../../.."
	ci     = ".github/workflows/ci.yml"
	deploy = ".github/workflows/deploy.yml"
	guide  = ".github/README.md"
	run    = ".ci/run"
)

func read(t *testing.T) workflows.Files {
	t.Helper()
	files, err := workflows.Read(root)
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestWorkflowsKeepTheRules(t *testing.T) {
	t.Parallel()
	for _, finding := range workflows.Check(read(t)) {
		t.Error(finding)
	}
}

func TestEachRuleIsChecked(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, file, old, new, want string }{
		{"a tag instead of a commit", ci, "actions/checkout@3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "actions/checkout@v7.0.1", "want a commit of 40 digits"},
		{"no version beside the commit", ci, "3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "3d3c42e5aac5ba805825da76410c181273ba90b1", "want a commit of 40 digits"},
		{"two versions of an action", deploy, "3d3c42e5aac5ba805825da76410c181273ba90b1 # v7.0.1", "9c091bb21b7c1c1d1991bb908d89e4e9dddfe3e0 # v7.0.0", "differs from"},
		{"two versions of buildx", deploy, "version: v0.36.1", "version: v0.36.0", "differs from"},
		{"two versions of buildkit", ci, "buildkit:v0.32.2", "buildkit:v0.32.1", "differs from"},
		{"permissions for all jobs", ci, "permissions: {}", "permissions: read-all", "permissions: want {}"},
		{"no permissions for all jobs", ci, "permissions: {}\n", "", "permissions: want {}"},
		{"a job without permissions", ci, "    permissions:\n      contents: read\n", "", "permissions: want a block"},
		{"a job that may push", deploy, "contents: read", "contents: write", "contents may be read only"},
		{"a server's job that may publish", deploy, "packages: read", "packages: write", "packages may be read only"},
		{"no timeout", ci, "    timeout-minutes: 15\n", "", "timeout-minutes: got 0"},
		{"an endless timeout", ci, "timeout-minutes: 15", "timeout-minutes: 360", "timeout-minutes: got 360"},
		{"whatever system is latest", ci, "ubuntu-24.04", "ubuntu-latest", "runs-on: want one version"},
		{"no concurrency", ci, "concurrency:\n  group: ci-${{ github.workflow }}-${{ github.ref }}\n  cancel-in-progress: ${{ github.event_name == 'pull_request' }}\n", "", "concurrency: want a group"},
		{"deployments side by side", deploy, "    concurrency:\n      group: production\n      cancel-in-progress: false\n", "", "job production: concurrency"},
		{"a deployment that is cut off", deploy, "      cancel-in-progress: false", "      cancel-in-progress: true", "job production: concurrency"},
		{"an expression in a shell", ci, "run: .ci/run tests", "run: .ci/run tests ${{ github.event.head_commit.message }}", "run: takes an expression"},
		{"a printed environment", deploy, "run: .github/scripts/ship", "run: printenv && .github/scripts/ship", "would print"},
		{"a shell without pipefail", deploy, "    shell: bash", "    shell: sh", "want shell bash"},
		{"code of strangers beside secrets", ci, "  pull_request:", "  pull_request_target:", "on pull_request_target"},
		{"runs of strangers beside secrets", deploy, "  workflow_dispatch:", "  workflow_run:\n    workflows: [CI]\n  workflow_dispatch:", "on workflow_run"},
		{"a token left in the checkout", ci, "          persist-credentials: false\n", "          persist-credentials: true\n", "want persist-credentials: false"},
		{"another Go", ci, "go-version-file: go.mod", "go-version: 1.26.8", "want the version of go.mod"},
		{"a tool with a version of its own", ci, "run: .ci/run race", "run: go install golang.org/x/vuln/cmd/govulncheck@v1.9.0 && .ci/run race", "belong in .ci/run"},
		{"a part that no job runs", ci, ".ci/run race", ".ci/run tests", "no job runs part race"},
		{"a new part that no job runs", run, "parts=(lint ", "parts=(lint spelling ", "no job runs part spelling"},
		{"a part that is none", ci, ".ci/run race", ".ci/run race spelling", "spelling is no part"},
		{"a secret without protection", deploy, "    environment:\n      name: production\n      url: https://${{ vars.DOMAIN }}${{ vars.ROOT_PATH || '/apps/shum-booking' }}/docs\n", "", "want environment production"},
		{"all secrets at once", deploy, "${{ secrets.DEPLOY_SSH_KEY }}", "${{ toJSON(secrets) }}", "want each secret by its name"},
		{"a secret that is not told", deploy, "secrets.DEPLOY_SSH_KEY", "secrets.SERVER_KEY", "does not tell of secret SERVER_KEY"},
		{"a secret that nothing uses", deploy, "secrets.DEPLOY_SSH_KEY", "secrets.DEPLOY_KNOWN_HOSTS", "tells of secret DEPLOY_SSH_KEY"},
		{"a variable that is not told", guide, "| `DEPLOY_USER` | variable |", "| DEPLOY_USER | variable |", "does not tell of variable DEPLOY_USER"},
		{"a mistyped key", ci, "runs-on:", "run-on:", "unknown field"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			files := read(t)
			if !strings.Contains(files[test.file], test.old) {
				t.Fatalf("%s has no %q to damage", test.file, test.old)
			}
			files[test.file] = strings.ReplaceAll(files[test.file], test.old, test.new)
			found := workflows.Check(files)
			for _, finding := range found {
				if strings.Contains(finding, test.want) {
					return
				}
			}
			t.Errorf("Check() = %q, want a finding with %q", found, test.want)
		})
	}
}

// actionlint is run as a program, because as a library it wants another version of what the checks of images use.
func actionlint(t *testing.T, directory string) (string, error) {
	t.Helper()
	if _, err := exec.LookPath("shellcheck"); err != nil {
		t.Fatalf("actionlint checks scripts with shellcheck: %v", err)
	}
	lint := exec.CommandContext(t.Context(), "go", "run", "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12",
		"-no-color", filepath.Join(directory, "ci.yml"), filepath.Join(directory, "deploy.yml"))
	output, err := lint.CombinedOutput()
	return string(output), err
}

func TestActionlint(t *testing.T) {
	t.Parallel()
	if output, err := actionlint(t, filepath.Join(root, ".github/workflows")); err != nil {
		t.Errorf("actionlint: %v\n%s", err, output)
	}
}

func TestActionlintFindsDamage(t *testing.T) {
	t.Parallel()
	directory := filepath.Join(t.TempDir(), ".github/workflows")
	if err := os.MkdirAll(directory, 0o700); err != nil {
		t.Fatal(err)
	}
	files := read(t)
	damaged := strings.ReplaceAll(files[ci], "run: .ci/run race", "run: .ci/run race $(cat x)")
	damaged = strings.ReplaceAll(damaged, "runs-on: ubuntu-24.04", "runs-on: ubuntu-99.04")
	for name, text := range map[string]string{"ci.yml": damaged, "deploy.yml": files[deploy]} {
		if err := os.WriteFile(filepath.Join(directory, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	output, err := actionlint(t, directory)
	if err == nil || !strings.Contains(output, "SC2046") || !strings.Contains(output, "ubuntu-99.04") {
		t.Errorf("actionlint = %v, want findings SC2046 and ubuntu-99.04 in\n%s", err, output)
	}
}

func TestScriptsPassShellcheck(t *testing.T) {
	t.Parallel()
	scripts, err := filepath.Glob(filepath.Join(root, ".github/scripts/*"))
	if err != nil || len(scripts) == 0 {
		t.Fatalf("no scripts: %v", err)
	}
	output, err := exec.CommandContext(t.Context(), "shellcheck", append(scripts, filepath.Join(root, run))...).CombinedOutput()
	if err != nil {
		t.Errorf("shellcheck: %v\n%s", err, output)
	}
}
