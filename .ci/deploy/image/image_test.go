package image_test

import (
	"bytes"
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"deploy/image"
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

func goVersion(t *testing.T) string {
	t.Helper()
	match := regexp.MustCompile(`(?m)^go (\S+)$`).FindSubmatch(read(t, "go.mod"))
	if match == nil {
		t.Fatal("go.mod tells no version of Go")
	}
	return string(match[1])
}

// findings are those of all checks on a Dockerfile.
func findings(t *testing.T, text []byte) []string {
	t.Helper()
	lint, err := image.Lint(t.Context(), text)
	if err != nil {
		t.Fatal(err)
	}
	d, err := image.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return append(lint, d.Findings(goVersion(t))...)
}

func TestDockerfile(t *testing.T) {
	t.Parallel()
	for _, finding := range findings(t, read(t, "Dockerfile")) {
		t.Error(finding)
	}
}

// TestDamagedDockerfile breaks a copy in each way that a check is for.
func TestDamagedDockerfile(t *testing.T) {
	t.Parallel()
	whole := read(t, "Dockerfile")
	for _, tt := range []struct{ old, broken, want string }{
		{"@sha256:", "@sha257:", "syntax: "},
		{"# check=error=true\n", "", "syntax: "},
		{"golang:1.26.8-alpine3.24", "golang:latest", "base: golang:latest"},
		{"golang:1.26.8-alpine3.24", "golang:1.25.8-alpine3.24", "base: golang:1.25.8"},
		{"--platform=$BUILDPLATFORM ", "", "base: the compiler"},
		{"--platform=$BUILDPLATFORM ", "--platform=linux/amd64 ", "FromPlatformFlagConstDisallowed: "},
		{"FROM scratch", "FROM alpine", "final: "},
		{"USER 65532:65532", "USER booking", "user: "},
		{"USER 65532:65532", "USER 0:0", "user: "},
		{"--chown=65532:65532 ", "", "images: "},
		{"EXPOSE 8000", "EXPOSE 8000 6060", "ports: "},
		{"image.revision=", "image.rev=", "labels: "},
		{`ENTRYPOINT ["/booking"]`, `ENTRYPOINT /booking`, "JSONArgsRecommended: "},
		{`ENTRYPOINT ["/booking"]`, `ENTRYPOINT /booking`, "ENTRYPOINT: "},
		{`CMD ["api"]`, `CMD ["dev"]`, "CMD: "},
		{`CMD ["/booking", "healthcheck"]`, `CMD /booking healthcheck`, "HEALTHCHECK: "},
		{`CMD ["/booking", "healthcheck"]`, `CMD ["curl", "-f", "http://localhost:8000/ready"]`, "HEALTHCHECK: "},
		{"COPY . .", "ADD https://example.com/a.tar.gz .", "ADD: "},
		{"ARG VERSION\nARG COMMIT\nRUN", "ARG VERSION\nARG COMMIT\nARG DB_PASSWORD\nRUN", "SecretsUsedInArgOrEnv: "},
		{"CGO_ENABLED=0 ", "", "build: without CGO_ENABLED=0"},
		{"-trimpath ", "", "build: without -trimpath"},
		{"-tags slim ", "", "build: without -tags slim"},
		{"-X main.commit=$COMMIT", "", "build: without -X main.commit"},
		{"AS build\n", "as build\n", "FromAsCasing: "},
		{"WORKDIR /source", "WORKDIR source", "WorkdirRelativePath: "},
		{"FROM scratch\nARG VERSION\n", "FROM scratch\n", "UndefinedVar: "},
	} {
		broken := bytes.Replace(whole, []byte(tt.old), []byte(tt.broken), 1)
		if bytes.Equal(broken, whole) {
			t.Errorf("there is no %q to break", tt.old)
			continue
		}
		got := findings(t, broken)
		if !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, tt.want) }) {
			t.Errorf("with %q for %q the findings are %q, want one that begins with %q", tt.broken, tt.old, got, tt.want)
		}
	}
}

// needed are the files of the repository that the program is compiled from.
func needed(t *testing.T) []string {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-tags", "slim", "-f",
		`{{if .Module}}{{if .Module.Main}}{{$d := .Dir}}{{range .GoFiles}}{{$d}}/{{.}}
{{end}}{{range .EmbedFiles}}{{$d}}/{{.}}
{{end}}{{end}}{{end}}`, "./cmd/booking")
	list.Dir = root
	list.Stderr = os.Stderr
	output, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	top, err := filepath.Abs(root)
	if err != nil {
		t.Fatal(err)
	}
	files := []string{"go.mod", "go.sum", "LICENSE", ".ci/third-party.md", "catalog/world/NOTICE.md"}
	for line := range strings.Lines(string(output)) {
		if name, ok := strings.CutPrefix(strings.TrimSpace(line), top+"/"); ok {
			files = append(files, name)
		}
	}
	if len(files) < 100 {
		t.Fatalf("the program has %d files, want a hundred at least", len(files))
	}
	return files
}

// TestTimeZones finds the time zones in the program, as there are none beside it.
func TestTimeZones(t *testing.T) {
	t.Parallel()
	list := exec.CommandContext(t.Context(), "go", "list", "-deps", "-tags", "slim", "./cmd/booking")
	list.Dir = root
	output, err := list.Output()
	if err != nil || !slices.Contains(strings.Fields(string(output)), "time/tzdata") {
		t.Errorf("the program is made without time/tzdata, %v", err)
	}
}

// secret are files that may lie in the directory of a build and must stay out of it.
var secret = []string{
	".git/config", ".local.env", ".prod.env", ".env", "cmd/booking/.prod.env", ".images/originals/1.jpg", ".ci/run",
	"k3s/deploy", "id_ed25519", "cmd/booking/config_test.go", "media/imaging/imagingtest/testdata/portrait.jpg", "Dockerfile",
}

func TestContext(t *testing.T) {
	t.Parallel()
	c, err := image.ParseIgnored(read(t, ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	for _, finding := range c.Findings(needed(t), secret) {
		t.Error(finding)
	}
}

func TestDamagedContext(t *testing.T) {
	t.Parallel()
	whole := string(read(t, ".dockerignore"))
	files := needed(t)
	for _, tt := range []struct{ old, broken, want string }{
		{"*\n!go.mod", "!go.mod", "secret: the build sees .git/config"},
		{"**/.*.env\n", "", "secret: the build sees cmd/booking/.prod.env"},
		{"**/testdata\n", "", "secret: the build sees media/"},
		{"!media\n", "", "needed: the build does not see media/"},
		{"!.ci/third-party.md\n", "", "needed: the build does not see .ci/third-party.md"},
	} {
		broken := strings.Replace(whole, tt.old, tt.broken, 1)
		c, err := image.ParseIgnored([]byte(broken))
		if err != nil || broken == whole {
			t.Fatalf("there is no %q to break, or: %v", tt.old, err)
		}
		got := c.Findings(files, secret)
		if !slices.ContainsFunc(got, func(s string) bool { return strings.HasPrefix(s, tt.want) }) {
			t.Errorf("with %q for %q the findings are %q, want one that begins with %q", tt.broken, tt.old, got, tt.want)
		}
	}
}

// build runs the command of the Dockerfile on the files that it would see.
func build(t *testing.T, arch string) string {
	t.Helper()
	d, err := image.Parse(read(t, "Dockerfile"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := image.ParseIgnored(read(t, ".dockerignore"))
	if err != nil {
		t.Fatal(err)
	}
	source, output := t.TempDir(), filepath.Join(t.TempDir(), "booking")
	if err := c.Copy(root, source); err != nil {
		t.Fatal(err)
	}
	line, err := d.BuildLine(output)
	if err != nil {
		t.Fatal(err)
	}
	shell := exec.CommandContext(t.Context(), "/bin/sh", "-ec", line)
	shell.Dir = source
	shell.Env = append(os.Environ(), "CGO_ENABLED=0", "GOFLAGS=", "TARGETOS=linux", "TARGETARCH="+arch, "VERSION=9.8.7", "COMMIT=abcdef0")
	if text, err := shell.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", line, err, text)
	}
	return output
}

// TestProgram builds the program for both kinds of machines, and asks the one for this machine who it is.
func TestProgram(t *testing.T) {
	t.Parallel()
	for arch, machine := range map[string]elf.Machine{"amd64": elf.EM_X86_64, "arm64": elf.EM_AARCH64} {
		path := build(t, arch)
		found, err := image.CheckProgram(path, machine)
		if err != nil {
			t.Fatal(err)
		}
		for _, finding := range found {
			t.Errorf("%s: %s", arch, finding)
		}
		if arch != runtime.GOARCH {
			continue
		}
		for _, run := range []struct{ args, want string }{
			{"version", "booking 9.8.7 (commit abcdef0,"},
			{"healthcheck -h", "asks a running API"},
			{"api -h", "serves the API"},
			{"dev --ephemeral", "starts neither PostgreSQL nor Redis"},
		} {
			program := exec.CommandContext(t.Context(), path, strings.Fields(run.args)...)
			program.Env = []string{"LOG_LEVEL=error"}
			output, err := program.CombinedOutput()
			if failed := err != nil; !strings.Contains(string(output), run.want) || failed != (run.args == "dev --ephemeral") {
				t.Errorf("booking %s: %v, %q; want %q", run.args, err, output, run.want)
			}
		}
	}
}

// TestDamagedProgram takes programs that would not run in the image.
func TestDamagedProgram(t *testing.T) {
	t.Parallel()
	shell, err := os.ReadFile("/bin/sh")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(path, append(shell, make([]byte, image.Limit)...), 0o600); err != nil {
		t.Fatal(err)
	}
	found, err := image.CheckProgram(path, elf.EM_S390)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"size: ", "machine: ", "static: the program has a part PT_INTERP"} {
		if !slices.ContainsFunc(found, func(s string) bool { return strings.HasPrefix(s, want) }) {
			t.Errorf("the findings are %q, want one that begins with %q", found, want)
		}
	}
}
