package load_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/cmd/bookload/load"
)

// A threshold on an operation is taken only if it is one of these, so all that a user does must be among them.
func TestOperationsAreThoseOfTheSource(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`(?:\bOp:\s+|u\.get\([^"]*)"(\w+)"`)
	var want []string
	// Users make accounts and sign in through the client, too.
	for _, file := range append(files, "../client/account.go") {
		source, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(file, "_test.go") || file == "world.go" {
			continue // What is asked for before the load is not measured.
		}
		for _, match := range named.FindAllStringSubmatch(string(source), -1) {
			want = append(want, match[1])
		}
	}
	slices.Sort(want)
	if got := load.Operations(); !slices.Equal(got, slices.Compact(want)) {
		t.Errorf("Operations() = %q, want %q", got, slices.Compact(want))
	}
}
