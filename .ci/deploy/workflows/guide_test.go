package workflows_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"deploy/workflows"
)

func TestGuide(t *testing.T) {
	t.Parallel()
	for _, finding := range workflows.CheckGuide(read(t)[guide], root) {
		t.Error(finding)
	}
}

func TestGuideFindsDamage(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, old, new, want string }{
		{"a section that is gone", "## Rollback", "## Going back", "#rollback leads nowhere"},
		{"a file that is gone", "k3s/monitoring/RUNBOOK.md", "k3s/monitoring/ALERTS.md", "ALERTS.md leads nowhere"},
		{"a command that is gone", "k3s/restore --list", "k3s/recover --list", "k3s/recover: there is no such file"},
		{"an option that is gone", "--issuer staging", "--try-out", "--try-out is no option"},
		{"another cert-manager than the one that is checked", "v1.21.2", "v1.21.1", "cert-manager v1.21.1"},
		{"another plugin than that of the overlay", "barman-cloud/releases/download/v0.15.1", "barman-cloud/releases/download/v0.15.0", "plugin 0.15.0"},
		{"no exact plugin", "barman-cloud/releases/download/v0.15.1", "barman-cloud/releases/latest/download", "no version of the Barman"},
		{"a shell that does not parse", "k3s secrets-encrypt status", "k3s secrets-encrypt status )", "does not parse"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			text := read(t)[guide]
			if !strings.Contains(text, test.old) {
				t.Fatalf("the guide has no %q to damage", test.old)
			}
			found := workflows.CheckGuide(strings.ReplaceAll(text, test.old, test.new), root)
			if !slices.ContainsFunc(found, func(f string) bool { return strings.Contains(f, test.want) }) {
				t.Errorf("CheckGuide() = %q, want a finding with %q", found, test.want)
			}
		})
	}
}

// TestGuideFillsInTheSettings does what the guide says about them, and sees that nothing is left to fill in but what it
// names.
func TestGuideFillsInTheSettings(t *testing.T) {
	t.Parallel()
	_, section, _ := strings.Cut(read(t)[guide], "\n## 5. Settings\n")
	_, section, _ = strings.Cut(section, "```sh\n")
	block, _, _ := strings.Cut(section, "```")
	home := t.TempDir()
	template, err := filepath.Abs(filepath.Join(root, ".prod.env.template"))
	if err != nil {
		t.Fatal(err)
	}
	command := exec.CommandContext(t.Context(), "bash", "-euc", strings.ReplaceAll(block, "nano ~/.prod.env", ""))
	command.Dir = filepath.Dir(template)
	command.Env = append(os.Environ(), "HOME="+home)
	if output, err := command.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", block, err, output)
	}
	path := filepath.Join(home, ".prod.env")
	empty := regexp.MustCompile(`(?m)^([A-Z_]+)=$`).FindAllStringSubmatch(readFile(t, path), -1)
	var left []string
	for _, match := range empty {
		left = append(left, match[1])
	}
	if want := []string{"DOMAIN", "LETSENCRYPT_EMAIL"}; !slices.Equal(left, want) {
		t.Errorf("left to fill in: %v, want %v", left, want)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf(".prod.env: %v, %v; want mode 0600", info.Mode(), err)
	}
}
