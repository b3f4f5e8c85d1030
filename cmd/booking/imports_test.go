package main_test

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/shumbooking/shumbooking/"

// layers are the parts of the program and what each may import beside itself. Whatever is not said here is
// forbidden: cmd -> booking, media -> catalog -> auth -> platform.
var layers = map[string][]string{
	"platform":   {},
	"migrations": {"platform"},
	"auth":       {"platform"},
	"catalog":    {"auth", "platform"},
	"booking":    {"catalog", "auth", "platform"},
	"media":      {"catalog", "auth", "platform"},
	"cmd":        {"booking", "media", "catalog", "auth", "platform", "migrations"},
}

// exceptions are single imports that go against the layers.
var exceptions = map[string]string{
	"platform/pg/pgtest": "migrations", // The database of a test has the schema.
}

type goPackage struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
}

func TestImportsGoOneWay(t *testing.T) {
	t.Parallel()
	packages := listPackages(t)
	if len(packages) < 10 {
		t.Fatalf("go list found %d packages, want the whole module", len(packages))
	}
	for _, p := range packages {
		for _, imported := range p.Imports {
			checkImport(t, p.ImportPath, imported)
		}
		// A platform package may be tried out with its neighbours and the schema, but not with a feature.
		for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
			if !strings.HasPrefix(imported, module+"migrations") {
				checkImport(t, p.ImportPath, imported)
			}
		}
	}
}

func checkImport(t *testing.T, importer, imported string) {
	t.Helper()
	from, inModule := strings.CutPrefix(importer, module)
	to, ours := strings.CutPrefix(imported, module)
	if !inModule || !ours || exceptions[from] == to {
		return
	}
	layer, _, _ := strings.Cut(from, "/")
	target, _, _ := strings.Cut(to, "/")
	allowed, known := layers[layer]
	if !known {
		t.Errorf("%s is in no layer: say in this test what it may import", from)
	}
	if target != layer && !slices.Contains(allowed, target) {
		t.Errorf("%s imports %s, which is not below it", from, to)
	}
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,Imports,TestImports,XTestImports", module+"...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []goPackage
	decoder := json.NewDecoder(strings.NewReader(string(output)))
	for {
		var p goPackage
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return packages
		}
		if err != nil {
			t.Fatalf("go list: %v", err)
		}
		packages = append(packages, p)
	}
}
