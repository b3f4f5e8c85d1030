package nginx_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"deploy/proxy"

	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// TestSettingsAreChecked: what is wrong is told, all of it at once, before nginx starts.
func TestSettingsAreChecked(t *testing.T) {
	t.Parallel()
	for name, values := range map[string][]string{
		"NGINX_PORT":                 {"0", "65536", "x", "-1", "08", "1 2", "99999999999999999999", "8081"},
		"NGINX_STATUS_PORT":          {"http", "8080"},
		"NGINX_RATE_PER_MINUTE":      {"0", "1000001", "10r/m", "1;"},
		"NGINX_AUTH_RATE_PER_MINUTE": {"0", "many"},
		"NGINX_CONNECTIONS":          {"0", "-5", "65536"},
		"MAX_IMAGE_FILE_SIZE_MB":     {"0", "51", "10m"},
		"ROOT_PATH":                  {"apps", "/a//b", "/a/../b", "/a/.", "/a b", "/a;b", "/a$b", "/a{1}", "/a\nb", "/é", "/a'"},
		"DOMAIN":                     {"https://x", "a b", "a;b", "x/y", "-x", "x.", "$host"},
		"NGINX_IMAGES_DIR":           {"images", "/a b", "/a;", "/a/", "//a"},
		"NGINX_TRUSTED_PROXIES": {
			"10.0.0.0/33", "0.0.0.0/0", "::/0", "10.0.0", "256.1.1.1", "10.0.0.1/", "x", "10.0.0.0/8;", "1.2.3.4/08", "12345::/16", "1::2::3",
			"1:2:3", "::/129", "all", "10.0.0.1 nonsense", "unix:", "1.2.3.4/8/8",
		},
		"NGINX_API_SERVERS": {"api", "8000", "api:", "api:0", "api:65536", ":8000", "api:8000;", "http://api:8000", "a b:1", "[::1:8000", "[x]:1", " ", "unix:/x:1"},
		"NGINX_RESOLVER":    {"name", "1.2.3", "127.0.0.11 x", "1.1.1.1;"},
		"NGINX_FORCE_HTTPS": {"yes", "TRUE", "1", "true"}, // true, with nobody to be told by
	} {
		for _, value := range values {
			_, err := proxy.Render(t, proxy.Files(t), proxy.Settings{name: value, "NGINX_NOTHING": "x"})
			if err == nil || !strings.Contains(err.Error(), name+" ") && !strings.Contains(err.Error(), "NGINX_STATUS_PORT is the same") {
				t.Errorf("%s=%q: the settings are refused with %v, want its name", name, value, err)
			}
		}
	}
	_, err := proxy.Render(t, proxy.Files(t), proxy.Settings{"NGINX_PORT": "x", "ROOT_PATH": "x", "DOMAIN": "/", "NGINX_CONNECTIONS": "0"})
	for _, name := range []string{"NGINX_PORT is", "ROOT_PATH is", "DOMAIN is", "NGINX_CONNECTIONS is"} {
		if err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("several wrong settings are refused with %v, want %s among it", err, name)
		}
	}
}

// loud has everything set.
func loud() proxy.Settings {
	return proxy.Settings{
		"ROOT_PATH": "/apps/shum-booking/", "DOMAIN": "booking.example", "NGINX_FORCE_HTTPS": "true", "MAX_IMAGE_FILE_SIZE_MB": "50",
		"NGINX_TRUSTED_PROXIES": "10.42.0.0/16, fd00::/8 192.0.2.1,::1", "NGINX_API_SERVERS": "127.0.0.1:8000, [::1]:8000 localhost:8001",
		"NGINX_RATE_PER_MINUTE": "1000000", "NGINX_AUTH_RATE_PER_MINUTE": "1", "NGINX_CONNECTIONS": "65535",
		// Of the environment of a container, which must not get into the configuration.
		"host": "evil", "request_uri": "evil", "status": "evil", "HOSTNAME": "pod",
	}
}

// TestConfigurationIsClean: nginx has nothing to say about it, and nothing is left to be filled in.
func TestConfigurationIsClean(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]proxy.Settings{"few settings": {"NGINX_API_SERVERS": "127.0.0.1:8000"}, "all settings": loud()} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings["NGINX_PORT"], settings["NGINX_STATUS_PORT"] = "18080", "18081"
			for _, finding := range configFindings(t, proxy.Files(t), settings) {
				t.Error(finding)
			}
			for _, d := range []damage{
				{mainFile, "gzip on;", "gzip on"}, {mainFile, "types application/json", "types application/json text/html"},
				{serverFile, "${NGINX_CONNECTIONS}", "${NGINX_CONNECTION}"}, {settingsFile, "NGINX_[A-Z0-9_]+|", "NGINX_[A-Z0-9_]+|host|"},
			} {
				if name == "few settings" && d.file == settingsFile {
					continue // nothing stands there
				}
				copied := filepath.Join(t.TempDir(), "damaged")
				if err := os.CopyFS(copied, os.DirFS(proxy.Files(t))); err != nil {
					t.Fatal(err)
				}
				edit(t, filepath.Join(copied, d.file), d.old, d.with)
				if len(configFindings(t, copied, settings)) == 0 {
					t.Errorf("%q in place of %q is not found", d.with, d.old)
				}
			}
		})
	}
}

// configFindings are what nginx and a reader find wrong with what is rendered.
func configFindings(t *testing.T, files string, s proxy.Settings) []string {
	t.Helper()
	var f findings
	config, err := proxy.Render(t, files, s)
	if err != nil {
		return []string{err.Error()}
	}
	if said, err := proxy.Check(t, config); err != nil || said != "" {
		f.add("nginx -t: %v %s", err, said)
	}
	made, err := filepath.Glob(filepath.Join(rendered(t, config), "*.*"))
	if err != nil || len(made) < 6 {
		f.add("%d files are rendered, want all", len(made))
	}
	for _, file := range made {
		text := string(readFile(t, file))
		for _, left := range []string{"${", "evil"} {
			if strings.Contains(text, left) {
				f.add("%s has %s", filepath.Base(file), left)
			}
		}
	}
	return f
}

// rendered returns the directory of what was rendered, which the main file includes.
func rendered(t *testing.T, config string) string {
	t.Helper()
	_, after, _ := strings.Cut(string(readFile(t, config)), "include ")
	pattern, _, _ := strings.Cut(after, ";")
	return filepath.Dir(pattern)
}

// TestResolver: with a name server, names are asked for again. Only nginx from 1.27.3 on can, so that what is rendered
// is looked at.
func TestResolver(t *testing.T) {
	t.Parallel()
	config, err := proxy.Render(t, proxy.Files(t), proxy.Settings{"NGINX_RESOLVER": "127.0.0.11 fd00::a"})
	if err != nil {
		t.Fatal(err)
	}
	text := string(readFile(t, filepath.Join(rendered(t, config), "api.conf")))
	for _, wanted := range []string{"resolver 127.0.0.11 [fd00::a] valid=10s;", "server api:8000 max_fails=0 resolve;"} {
		if !strings.Contains(text, wanted) {
			t.Errorf("the configuration lacks %q:\n%s", wanted, text)
		}
	}
}

// TestConfigMapHasEveryFile: the cluster gets the files that are tested here.
func TestConfigMapHasEveryFile(t *testing.T) {
	t.Parallel()
	for _, finding := range mapFindings(t, proxy.Files(t)) {
		t.Error(finding)
	}
	for _, d := range []damage{
		{"kustomization.yaml", "  - templates/log.conf.template\n", ""}, {"kustomization.yaml", "name: nginx-config", "name: nginx"},
	} {
		copied := filepath.Join(t.TempDir(), "damaged")
		if err := os.CopyFS(copied, os.DirFS(proxy.Files(t))); err != nil {
			t.Fatal(err)
		}
		edit(t, filepath.Join(copied, d.file), d.old, d.with)
		if len(mapFindings(t, copied)) == 0 {
			t.Errorf("%q in place of %q is not found", d.with, d.old)
		}
	}
}

func mapFindings(t *testing.T, files string) []string {
	t.Helper()
	var f findings
	built, err := krusty.MakeKustomizer(krusty.MakeDefaultOptions()).Run(filesys.MakeFsOnDisk(), files)
	if err != nil {
		return []string{err.Error()}
	}
	resources := built.Resources()
	if len(resources) != 1 || !strings.HasPrefix(resources[0].GetName(), "nginx-config-") {
		return []string{"there is no ConfigMap nginx-config"}
	}
	data := resources[0].GetDataMap()
	names, err := filepath.Glob(filepath.Join(files, "templates", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range append(names, filepath.Join(files, mainFile), filepath.Join(files, settingsFile)) {
		if data[filepath.Base(name)] != string(readFile(t, name)) {
			f.add("the ConfigMap lacks %s", filepath.Base(name))
		}
	}
	want(&f, "files in the ConfigMap", len(data), len(names)+2)
	return f
}
