package main

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The templates must list what is read, all of it and nothing else.
func TestTemplates(t *testing.T) {
	t.Parallel()
	var read []string
	_, _ = readSettings(func(name string) string {
		read = append(read, name)
		return ""
	}, serving)
	slices.Sort(read)
	read = slices.Compact(read)
	for _, name := range []string{".local.env.template", ".test.env.template", ".prod.env.template"} {
		vars := readTemplate(t, "../../"+name)
		for _, variable := range read {
			if _, ok := vars[variable]; !ok {
				t.Errorf("%s lacks %s", name, variable)
			}
		}
		for variable := range vars {
			if !slices.Contains(read, variable) {
				t.Errorf("%s has %s, which nobody reads", name, variable)
			}
		}
		_, err := readSettings(func(name string) string { return vars[name] }, serving)
		if usable := name != ".prod.env.template"; (err == nil) != usable {
			t.Errorf("%s as it stands: %v, want usable %t", name, err, usable)
		}
	}
}

// TestProductionTemplate checks what the head of the template says: which of its variables must be filled in, and
// which of the rest are warned of.
func TestProductionTemplate(t *testing.T) {
	t.Parallel()
	vars := readTemplate(t, "../../.prod.env.template")
	_, err := readSettings(func(name string) string { return vars[name] }, serving)
	demanded := regexp.MustCompile(`(?m)^[A-Z][A-Z0-9_]+`).FindAllString(fmt.Sprint(err), -1)
	want := []string{"DB_HOST", "DB_USERNAME", "REDIS_HOST", "JWT_SECRET_KEY", "IMAGES_DIR"}
	if !slices.Equal(demanded, want) {
		t.Errorf("the template lacks %q, want %q", demanded, want)
	}
	for _, name := range want {
		vars[name] = "filled-in-with-thirty-two-bytes-or-more"
	}
	s, err := readSettings(func(name string) string { return vars[name] }, serving)
	if err != nil {
		t.Fatal(err)
	}
	var warned []string
	for _, warning := range s.warnings {
		name, _, _ := strings.Cut(warning, " ")
		warned = append(warned, name)
	}
	if want := []string{"DB_MIGRATE_USERNAME", "REDIS_PASSWORD", "TRUSTED_PROXIES"}; !slices.Equal(warned, want) {
		t.Errorf("the rest of the template is warned of for %q, want %q", warned, want)
	}
}

// readTemplate returns the variables of a file, those in comments too ("#NAME=value" is an optional one).
func readTemplate(t *testing.T, path string) map[string]string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	vars := make(map[string]string)
	for line := range strings.Lines(string(text)) {
		name, value, found := strings.Cut(strings.TrimSpace(line), "=")
		if name = strings.TrimPrefix(name, "#"); found && !strings.Contains(name, " ") {
			vars[name] = value
		}
	}
	return vars
}
