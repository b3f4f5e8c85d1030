package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// licencesFile lists the modules of others that are used.
const licencesFile = "../../.ci/third-party.md"

const licencesPreamble = `# Modules of others

What the program and its tests are built from, with the licence of each module as an SPDX identifier. The list is written by
` + "`go test ./cmd/booking -run TestLicences -update`" + ` from the licence files of the modules, and a test keeps it current and refuses
other licences. Those here let the program be passed on with their notices; of modules under MPL-2.0, the source of changed files as well.

Inside the modules swgui and riverui are pages for browsers: Swagger UI (Apache-2.0) and those of River UI (MPL-2.0).
The data of countries and cities has terms of its own, in [its notice](../catalog/world/NOTICE.md).

| module | version | licence | part of |
|---|---|---|---|
`

// A module is what "go list" tells of one.
type module struct {
	Path, Version, Dir string
	Main               bool
}

// TestLicences names the licence of every module that is used, refuses those that are not known here, and compares
// the list with the one that is checked in.
func TestLicences(t *testing.T) {
	t.Parallel()
	program := listModules(t, "-deps", ".")
	var lines strings.Builder
	for _, m := range listModules(t, "-deps", "-test", "../../...") {
		licence := licenceOf(m)
		if licence == "" {
			t.Errorf("the licence of %s is none of those that are allowed, or has no file in %s", m.Path, m.Dir)
		}
		part := "tests"
		if slices.Contains(program, m) {
			part = "program"
		}
		fmt.Fprintf(&lines, "| %s | %s | %s | %s |\n", m.Path, m.Version, licence, part)
	}
	compareWith(t, licencesFile, licencesPreamble+lines.String())
}

// listModules returns the modules of the packages that "go list" finds, by path.
func listModules(t *testing.T, args ...string) []module {
	t.Helper()
	args = append([]string{"list", "-json=Module"}, args...)
	out, err := exec.CommandContext(t.Context(), "go", args...).Output()
	if err != nil {
		t.Fatalf("go %v: %v", args, err)
	}
	seen := make(map[module]bool)
	var modules []module
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var pkg struct{ Module *module }
		if err := dec.Decode(&pkg); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		if m := pkg.Module; m != nil && !m.Main && !seen[*m] {
			seen[*m] = true
			modules = append(modules, *m)
		}
	}
	slices.SortFunc(modules, func(a, b module) int { return strings.Compare(a.Path, b.Path) })
	return modules
}

// licenceOf returns the SPDX identifier of an allowed licence, or nothing.
func licenceOf(m module) string {
	files, err := filepath.Glob(filepath.Join(m.Dir, "[LlCc][IiOo][CcPp][EeYy]*"))
	if err != nil {
		return ""
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if licence := recognise(strings.Join(strings.Fields(string(text)), " ")); licence != "" {
			return licence
		}
	}
	return ""
}

// recognise tells licences by sentences that they have and others lack. The text has single spaces.
func recognise(text string) string {
	const redistribution = "Redistribution and use in source and binary forms"
	has := func(part string) bool { return strings.Contains(text, part) }
	var found []string
	for _, licence := range []struct {
		name  string
		found bool
	}{
		{"Apache-2.0", has("Apache License, Version 2.0") || has("Apache License Version 2.0")},
		{"BSD-2-Clause", has(redistribution) && !has("endorse or promote")},
		{"BSD-3-Clause", has(redistribution) && has("endorse or promote")},
		{"ISC", has("Permission to use, copy, modify, and/or distribute")},
		{"MIT", has("Permission is hereby granted, free of charge")},
		{"MPL-2.0", has("Mozilla Public License Version 2.0") || has("Mozilla Public License, version 2.0")},
	} {
		if licence.found {
			found = append(found, licence.name)
		}
	}
	if found == nil && has("public domain") {
		return "public domain"
	}
	return strings.Join(found, " AND ")
}
