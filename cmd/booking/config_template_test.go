package main

import (
	"encoding/pem"
	"fmt"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// TestTemplates checks that the templates list what is read, all of it and nothing else.
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
		want := read
		if name == ".prod.env.template" {
			want = slices.Concat(read, deploymentSettings())
		}
		vars := readTemplate(t, "../../"+name)
		for _, variable := range want {
			if _, ok := vars[variable]; !ok {
				t.Errorf("%s lacks %s", name, variable)
			}
		}
		for variable := range vars {
			if !slices.Contains(want, variable) {
				t.Errorf("%s has %s, which nobody reads", name, variable)
			}
		}
		_, err := readSettings(func(name string) string { return vars[name] }, serving)
		if usable := name != ".prod.env.template"; (err == nil) != usable {
			t.Errorf("%s as it stands: %v, want usable %t", name, err, usable)
		}
	}
}

// deploymentSettings are those in the template for production that are not for the program.
func deploymentSettings() []string {
	return []string{
		"ALERT_WEBHOOK_URL", "DOMAIN", "GRAFANA_ADMIN_PASSWORD", "LETSENCRYPT_EMAIL", "NGINX_API_SERVERS", "NGINX_AUTH_RATE_PER_MINUTE",
		"NGINX_CONNECTIONS", "NGINX_FORCE_HTTPS", "NGINX_RATE_PER_MINUTE", "NGINX_RESOLVER", "NGINX_TRUSTED_PROXIES",
	}
}

// TestDeploymentSettingsAreUsed checks that what is not for the program is for something else.
func TestDeploymentSettingsAreUsed(t *testing.T) {
	t.Parallel()
	var text strings.Builder
	for _, dir := range []string{"../../k3s", "../../nginx"} {
		err := fs.WalkDir(os.DirFS(dir), ".", func(path string, entry fs.DirEntry, err error) error {
			if err != nil || entry.IsDir() {
				return err
			}
			content, err := os.ReadFile(filepath.Join(dir, path))
			text.Write(content)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range deploymentSettings() {
		if !regexp.MustCompile(`\b` + name + `\b`).MatchString(text.String()) {
			t.Errorf("%s is in the template for production, and neither k3s nor nginx uses it", name)
		}
	}
}

// TestProductionTemplate checks what the head of the template says: which of its variables must be filled in, that the
// rest will then do, and which are warned of where they are empty.
func TestProductionTemplate(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../.prod.env.template")
	if err != nil {
		t.Fatal(err)
	}
	head, _, _ := strings.Cut(string(text), "\n#\n")
	told := regexp.MustCompile(`[A-Z]+(?:_[A-Z]+)+|DOMAIN`).FindAllString(head, -1)
	var empty []string
	for _, line := range regexp.MustCompile(`(?m)^([A-Z0-9_]+)=$`).FindAllStringSubmatch(string(text), -1) {
		empty = append(empty, line[1])
	}
	if !slices.Equal(told, empty) {
		t.Errorf("the head of the template says to fill in %q, and %q are empty", told, empty)
	}

	vars := readTemplate(t, "../../.prod.env.template")
	_, err = readSettings(func(name string) string { return vars[name] }, serving)
	demanded := regexp.MustCompile(`(?m)^[A-Z][A-Z0-9_]+`).FindAllString(fmt.Sprint(err), -1)
	// The certificate lies where the cluster puts it, and not here.
	if want := []string{"DB_SSLROOTCERT", "JWT_SECRET_KEY"}; !slices.Equal(demanded, want) {
		t.Errorf("the template lacks %q, want %q", demanded, want)
	}
	for _, name := range empty {
		vars[name] = "filled-in-with-thirty-two-bytes-or-more"
	}
	vars["DB_SSLROOTCERT"] = writeCertificate(t)
	if got := warnedOf(t, vars); got != nil {
		t.Errorf("the template that is filled in is warned of for %q", got)
	}
	want := []string{"DB_MIGRATE_USERNAME", "REDIS_PASSWORD", "TRUSTED_PROXIES"}
	for _, name := range append(want, "DB_MIGRATE_PASSWORD") {
		vars[name] = ""
	}
	if got := warnedOf(t, vars); !slices.Equal(got, want) {
		t.Errorf("what is left empty is warned of for %q, want %q", got, want)
	}
}

// warnedOf returns the variables that the program warns of, which must be right.
func warnedOf(t *testing.T, vars map[string]string) []string {
	t.Helper()
	s, err := readSettings(func(name string) string { return vars[name] }, serving)
	if err != nil {
		t.Fatal(err)
	}
	var warned []string
	for _, warning := range s.warnings {
		name, _, _ := strings.Cut(warning, " ")
		warned = append(warned, name)
	}
	return warned
}

// writeCertificate returns a file with the certificate of an authority.
func writeCertificate(t *testing.T) string {
	t.Helper()
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	file := filepath.Join(t.TempDir(), "ca.crt")
	text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
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
