package main

import (
	"os/exec"
	"strings"
	"testing"
)

// The program shares nothing with the features of the service, whose faults it would share as well.
func TestImportsNoFeature(t *testing.T) {
	t.Parallel()
	const module = "github.com/shumbooking/shumbooking/"
	output, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "-f", "{{.ImportPath}}", ".").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	ours := 0
	for imported := range strings.FieldsSeq(string(output)) {
		path, inModule := strings.CutPrefix(imported, module)
		if !inModule {
			continue
		}
		ours++
		if !strings.HasPrefix(path, "cmd/bookload") && !strings.HasPrefix(path, "platform/") {
			t.Errorf("bookload imports %s", path)
		}
	}
	if ours < 5 {
		t.Errorf("go list found %d packages of the module", ours)
	}
}
