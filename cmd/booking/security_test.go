package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestSecurityNamesTests checks that every test which SECURITY.md names as evidence exists in the package it names.
func TestSecurityNamesTests(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile("`([a-z/.]+): ((?:Test|Fuzz)\\w+)`").FindAllStringSubmatch(string(text), -1)
	if len(named) < 50 {
		t.Errorf("SECURITY.md names %d tests, want one for most of its rows", len(named))
	}
	for _, name := range named {
		if !declares(t, filepath.Join("../..", name[1]), name[2]) {
			t.Errorf("SECURITY.md names %s of the package %s, which is not there", name[2], name[1])
		}
	}
}

// TestSecurityRowsHaveEvidence checks that every row of the table of SECURITY.md names a test, or says why there is
// none: the limit, that it does not apply, or where it is written or set.
func TestSecurityRowsHaveEvidence(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../SECURITY.md")
	if err != nil {
		t.Fatal(err)
	}
	evidence := regexp.MustCompile("`[a-z/.]+: (Test|Fuzz)\\w+`|^(limit|by design|written|deployment|checks): |^–$")
	rows := 0
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if !regexp.MustCompile(`^\| \d+\.\d+\.\d+`).MatchString(line) {
			continue
		}
		rows++
		if len(cells) != 3 || !evidence.MatchString(strings.TrimSpace(cells[2])) {
			t.Errorf("a row without evidence: %s", line)
		}
	}
	if rows < 100 {
		t.Errorf("the table has %d rows, want those of level 2", rows)
	}
}

// declares reports whether a file of tests in dir has the function.
func declares(t *testing.T, dir, function string) bool {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(text), "\nfunc "+function+"(") {
			return true
		}
	}
	return false
}
