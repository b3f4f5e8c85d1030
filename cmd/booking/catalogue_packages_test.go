package main

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

// A sourcePackage is a package as "go list" describes it.
type sourcePackage struct {
	ImportPath, Dir, Export string
	GoFiles                 []string
}

// listSources returns the packages of the module, and the compiled form of every package by its path.
func listSources(t *testing.T) (ours []sourcePackage, exports map[string]string) {
	t.Helper()
	command := exec.CommandContext(t.Context(), "go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles", modulePath+"/...")
	output, err := command.Output()
	if failed, ok := errors.AsType[*exec.ExitError](err); ok {
		t.Fatalf("go list: %s", failed.Stderr)
	}
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	exports = make(map[string]string)
	decoder := json.NewDecoder(strings.NewReader(string(output)))
	for {
		var p sourcePackage
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return ours, exports
		}
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		exports[p.ImportPath] = p.Export
		if strings.HasPrefix(p.ImportPath, modulePath) {
			ours = append(ours, p)
		}
	}
}
