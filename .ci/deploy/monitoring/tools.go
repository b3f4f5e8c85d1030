package monitoring

import (
	"context"
	"fmt"
	"go/build"
	"os"
	"os/exec"
	"path/filepath"

	"sigs.k8s.io/yaml"
)

// CheckConfigs returns what promtool and amtool say against the files by themselves. Programs that are not there are a
// finding.
func CheckConfigs(ctx context.Context, f *Files) []string {
	rules, err := filepath.Glob(filepath.Join(f.Dir, "rules/*.yml"))
	if err != nil {
		return []string{err.Error()}
	}
	var findings []string
	for _, args := range [][]string{
		{"promtool", "check", "config", filepath.Join(f.Dir, "prometheus.yml")},
		append([]string{"promtool", "check", "rules", "--lint=all", "--lint-fatal"}, rules...),
		{tool("amtool"), "check-config", filepath.Join(f.Dir, "alertmanager.yml")},
	} {
		findings = append(findings, run(ctx, args)...)
	}
	return findings
}

// CheckRules returns what comes out of the tests of the rules, of all or of the files named, otherwise than it should.
func CheckRules(ctx context.Context, f *Files, names ...string) []string {
	if len(names) == 0 {
		names = []string{"*.yml"}
	}
	var findings []string
	for _, name := range names {
		tests, err := filepath.Glob(filepath.Join(f.Dir, "tests", name))
		if err != nil || len(tests) == 0 {
			return []string{fmt.Sprintf("tests/%s: there is none", name)}
		}
		findings = append(findings, run(ctx, append([]string{"promtool", "test", "rules"}, tests...))...)
	}
	return findings
}

// tool prefers what "go install" has put in place: amtool has to be of the version that is deployed.
func tool(name string) string {
	if path := filepath.Join(build.Default.GOPATH, "bin", name); isFile(path) {
		return path
	}
	return name
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

func run(ctx context.Context, args []string) []string {
	said, err := exec.CommandContext(ctx, args[0], args[1:]...).CombinedOutput() //nolint:gosec // The programs are named above.
	if err != nil {
		return []string{fmt.Sprintf("%s %s: %v\n%s", filepath.Base(args[0]), args[1], err, said)}
	}
	return nil
}

// CheckExpressions returns which expressions of the dashboard are not valid, by making rules of them in a directory.
func CheckExpressions(ctx context.Context, f *Files, dir string) []string {
	type rule struct {
		Record string `json:"record"`
		Expr   string `json:"expr"`
	}
	type group struct {
		Name  string `json:"name"`
		Rules []rule `json:"rules"`
	}
	var groups []group
	for i, expr := range f.Expressions() {
		groups = append(groups, group{fmt.Sprintf("%d %s", i, expr.Where), []rule{{"expression", expr.Text}}})
	}
	text, err := yaml.Marshal(map[string][]group{"groups": groups})
	if err != nil {
		return []string{err.Error()}
	}
	path := filepath.Join(dir, "expressions.yml")
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return []string{err.Error()}
	}
	return run(ctx, []string{"promtool", "check", "rules", path})
}
