package compose_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"deploy/compose"
)

const root = "../../.."

func read(t *testing.T, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, name))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// matches returns the first group of each match in a file of the repository.
func matches(t *testing.T, name, pattern string) (found []string) {
	t.Helper()
	for _, match := range regexp.MustCompile(pattern).FindAllSubmatch(read(t, name), -1) {
		found = append(found, string(match[1]))
	}
	return found
}

// known is what the repository says elsewhere.
func known(t *testing.T) compose.Known {
	t.Helper()
	k := compose.Known{
		Root:    root,
		Program: matches(t, ".local.env.template", `(?m)^#?([A-Z][A-Z0-9_]+)=`),
		Proxy:   matches(t, "nginx/10-settings.envsh", `\b(NGINX_[A-Z_]+|ROOT_PATH|DOMAIN|MAX_IMAGE_FILE_SIZE_MB)\b`),
	}
	err := fs.WalkDir(os.DirFS(root), "k3s", func(path string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() && strings.HasSuffix(path, ".yaml") {
			k.Images = append(k.Images, matches(t, path, `(?m)^\s*(?:- )?image: (\S+)$`)...)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"postgres", "redis", "nginx", "prom/prometheus", "grafana/grafana"} {
		if !slices.ContainsFunc(k.Images, func(s string) bool { return strings.HasPrefix(s, name+":") }) {
			t.Fatalf("the cluster has no image %s, among %q", name, k.Images)
		}
	}
	return k
}

// check returns what is found in a compose file, or the error of loading it.
func check(t *testing.T, file []byte, k compose.Known) []string {
	t.Helper()
	project, err := compose.Load(t.Context(), t.TempDir(), file, read(t, ".local.env.template"))
	if err != nil {
		return []string{"load: " + err.Error()}
	}
	return compose.Findings(project, k)
}

func TestCompose(t *testing.T) {
	t.Parallel()
	for _, finding := range check(t, read(t, compose.File), known(t)) {
		t.Error(finding)
	}
}

// TestHealthPaths finds what the health checks ask for where it is answered.
func TestHealthPaths(t *testing.T) {
	t.Parallel()
	var templates []byte
	files, err := filepath.Glob(filepath.Join(root, "nginx/templates/*.template"))
	if err != nil || len(files) == 0 {
		t.Fatalf("the templates of nginx are %q, %v", files, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		templates = append(templates, text...)
	}
	for _, want := range []string{`location = /healthz`, `listen \$\{NGINX_STATUS_PORT\}`} {
		if !regexp.MustCompile(want).Match(templates) {
			t.Errorf("the templates of nginx have no %s", want)
		}
	}
	for _, want := range []string{`NGINX_PORT 8080`, `NGINX_STATUS_PORT 8081`} {
		if !strings.Contains(string(read(t, "nginx/10-settings.envsh")), want) {
			t.Errorf("the settings of nginx have no default %s", want)
		}
	}
	if !strings.Contains(string(read(t, "cmd/booking/api.go")), `":8000"`) || !strings.Contains(string(read(t, "cmd/booking/worker.go")), `":8001"`) {
		t.Error("the API is not at 8000, or the worker not at 8001, where they are asked")
	}
}

// TestProxyStartsBySettings wants the file that the image of nginx sources to be one that it takes.
func TestProxyStartsBySettings(t *testing.T) {
	t.Parallel()
	info, err := os.Stat(filepath.Join(root, "nginx/10-settings.envsh"))
	if err != nil || info.Mode().Perm()&0o111 != 0o111 {
		t.Errorf("10-settings.envsh: %v, %v; want a file that everybody may run", info.Mode(), err)
	}
}

// TestDamagedCompose breaks a copy in each way that a check is for.
func TestDamagedCompose(t *testing.T) {
	t.Parallel()
	whole, k := string(read(t, compose.File)), known(t)
	for _, tt := range []struct{ old, broken, want string }{
		{"postgres:16.15-trixie", "postgres:latest", "postgres image: postgres:latest has no exact version"},
		{"postgres:16.15-trixie", "postgres:16", "postgres image: "},
		{"redis:7.4.11-alpine", "redis:7.4.1-alpine", "redis image: is redis:7.4.1-alpine, and redis:7.4.11-alpine in the cluster"},
		{"    command: [seed]\n", "    command: [seed]\n    build: .\n", `seed image: shum-booking:local is built by ["migrate" "seed"]`},
		{"    build: .\n", "", "migrate image: shum-booking:local has no exact version"},
		{"  pull_policy: never\n", "", "api image: shum-booking:local would be looked for"},
		{"    shm_size: 128mb", "    privileged: true", "postgres confined: has rights"},
		{"    shm_size: 128mb", "    cap_add: [SYS_ADMIN]", "postgres confined: has rights"},
		{"  cap_drop: [ALL]\n", "", "api confined: keeps capabilities"},
		{"  security_opt: [\"no-new-privileges:true\"]\n", "", "worker confined: may get"},
		{"  read_only: true\n", "", "nginx confined: its files"},
		{"  tmpfs: [/tmp]\n", "", "api confined: has no /tmp"},
		{`user: "65532:65532"`, `user: "0:0"`, "migrate confined: runs as"},
		{`user: "101:101"`, `user: nginx`, "nginx confined: runs as"},
		{"8081/healthz", "8080/healthz", "nginx health: "},
		{`--addr, ":8001"`, `--addr, ":8000"`, "worker health: "},
		{"-p 6379 ping", "-p 6379 info", "redis health: "},
		{"--port=5432]\n      interval: 10s\n", "--port=5432]\n", "postgres health: lacks"},
		{"healthcheck: &none {disable: true}", "healthcheck: &none {disable: false}", "migrate health: "},
		{"    restart: \"no\"", "    restart: always", "migrate health: runs once"},
		{"    restart: unless-stopped", "    restart: always", "postgres restart: "},
		{"postgres: {condition: service_healthy}", "postgres: {condition: service_started}", "migrate order: "},
		{"migrate: {condition: service_completed_successfully}\n      redis", "redis", "api order: "},
		{"127.0.0.1:5432:5432", "5432:5432", "postgres ports: "},
		{"127.0.0.1:8000:8080", "0.0.0.0:8000:8080", "nginx ports: "},
		{"  redis-data:\n", "", "load: "},
		{"volumes: [redis-data:/data]", "volumes: [/data]", "redis volumes: "},
		{"read_only: true, volume: {nocopy: true}", "volume: {nocopy: true}", "nginx volumes: "},
		{"./nginx/nginx.conf:", "./nginx/gone.conf:", "nginx files: the repository has no nginx/gone.conf"},
		{"/etc/nginx/nginx.conf:ro", "/etc/nginx/nginx.conf", "nginx files: nginx/nginx.conf can be changed"},
		{"./k3s/monitoring/rules/slo.yml:", "../rules:", "prometheus files: "},
		{"  DB_HOST: postgres", "  DATABASE_HOST: postgres", "api settings: nobody reads DATABASE_HOST"},
		{"NGINX_RESOLVER: ", "NGINX_RESOLVERS: ", "nginx settings: nobody reads NGINX_RESOLVERS"},
		{"  grafana:\n", "  grafana2:\n", "grafana service: is missing"},
	} {
		broken := strings.Replace(whole, tt.old, tt.broken, 1)
		if broken == whole {
			t.Errorf("there is no %q to break", tt.old)
			continue
		}
		got := check(t, []byte(broken), k)
		if !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, tt.want) }) {
			t.Errorf("with %q for %q the findings are %q, want one that begins with %q", tt.broken, tt.old, got, tt.want)
		}
	}
}
