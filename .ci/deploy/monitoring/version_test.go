package monitoring_test

import (
	"os"
	"regexp"
	"testing"
)

// TestAmtoolIsOfTheVersionDeployed: another one may know other settings.
func TestAmtoolIsOfTheVersionDeployed(t *testing.T) {
	t.Parallel()
	find := func(path, pattern string) string {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		found := regexp.MustCompile(pattern).FindSubmatch(text)
		if found == nil {
			t.Fatalf("%s has no %s", path, pattern)
		}
		return string(found[1])
	}
	deployed := find(files+"/alertmanager.yaml", `image: prom/alertmanager:(v\S+)`)
	if checked := find("../../run", `cmd/amtool@(v\S+)`); checked != deployed {
		t.Errorf("amtool is of %s, Alertmanager of %s", checked, deployed)
	}
}
