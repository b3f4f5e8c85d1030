package nginx_test

import (
	"maps"
	"os"
	"path/filepath"
	"testing"

	"deploy/proxy"
)

// A rule is something that the proxy promises, and how to see whether it keeps it.
type rule struct {
	settings proxy.Settings
	// edits are made before the proxy starts, by file, each of an old and a new text: waiting times made short.
	edits []damage
	check func(f *findings, s *site)
}

// rules are all of them, by name.
func rules() map[string]rule {
	all := make(map[string]rule)
	for _, more := range []map[string]rule{
		pathRules(), clientRules(), headerRules(), limitRules(), problemRules(), bodyRules(), upstreamRules(),
		smugglingRules(), imageRules(), logRules(),
	} {
		maps.Copy(all, more)
	}
	return all
}

// run starts a proxy from files and returns what the check of the rule finds.
func (r rule) run(t *testing.T, files string) []string {
	t.Helper()
	if r.edits != nil {
		copied := filepath.Join(t.TempDir(), "edited")
		if err := os.CopyFS(copied, os.DirFS(files)); err != nil {
			t.Fatal(err)
		}
		for _, d := range r.edits {
			edit(t, filepath.Join(copied, d.file), d.old, d.with)
		}
		files = copied
	}
	var f findings
	s := newSite(t, files, r.settings)
	r.check(&f, s)
	return append(f, s.faults...)
}

// TestRules: the proxy of this repository keeps every rule.
func TestRules(t *testing.T) {
	t.Parallel()
	for name, r := range rules() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, finding := range r.run(t, proxy.Files(t)) {
				t.Error(finding)
			}
		})
	}
}
