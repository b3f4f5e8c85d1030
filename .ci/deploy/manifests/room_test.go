package manifests_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"deploy/manifests"
)

// The guide says how much memory a server needs in the words of what was added up here.
func TestGuideNamesTheMemory(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join(root, ".github/README.md"))
	if err != nil {
		t.Fatal(err)
	}
	server := manifests.Decode(set{dirs: []string{"k3s"}}.documents(t))
	if want := server.Memory().String(); !strings.Contains(strings.Join(strings.Fields(string(text)), " "), want) {
		t.Errorf("the guide does not say %q", want)
	}
}
