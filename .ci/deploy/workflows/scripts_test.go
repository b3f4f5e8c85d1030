package workflows_test

import (
	"bufio"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

const image = "ghcr.io/shumbooking/shumbooking@sha256:" + "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

// A site answers as the service does from outside.
type site struct {
	url, plain string
	roots      string // file of the certificate to trust
}

// newSite serves a release of commit; damage may break one of its answers before it is served.
func newSite(t *testing.T, commit func() string, damage map[string]int) *site {
	t.Helper()
	answer := func(path string, status int, body string) http.HandlerFunc {
		if broken, ok := damage[path]; ok {
			status = broken
		}
		return func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			fmt.Fprint(w, body)
		}
	}
	routes := http.NewServeMux()
	routes.HandleFunc("GET /app/health", func(w http.ResponseWriter, r *http.Request) {
		answer("/health", http.StatusOK, fmt.Sprintf(`{"status":"ok","version":"1.2.3","commit":%q}`, commit()))(w, r)
	})
	routes.HandleFunc("GET /app/countries", answer("/countries", http.StatusOK, "{}"))
	routes.HandleFunc("GET /app/metrics", answer("/metrics", http.StatusNotFound, ""))
	secure := httptest.NewUnstartedServer(routes)
	secure.Config.ErrorLog = log.New(io.Discard, "", 0)
	secure.StartTLS()
	t.Cleanup(secure.Close)
	plain := httptest.NewServer(answer("plain", http.StatusPermanentRedirect, ""))
	t.Cleanup(plain.Close)
	roots := filepath.Join(t.TempDir(), "ca.pem")
	writeFile(t, roots, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})))
	return &site{url: secure.URL + "/app", plain: plain.URL + "/app", roots: roots}
}

func (s *site) environment() []string {
	return append(os.Environ(), "CURL_CA_BUNDLE="+s.roots, "SMOKE_PLAIN_URL="+s.plain, "SMOKE_ATTEMPTS=7", "SMOKE_PAUSE=0")
}

func script(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join(root, ".github/scripts", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func TestSmoke(t *testing.T) {
	t.Parallel()
	const commit = "c0ffee"
	tests := []struct {
		name   string
		commit string
		damage map[string]int
		want   string // in the output; where it is not "1.2.3, ok" the test must fail
	}{
		{"what was deployed", commit, nil, "1.2.3, ok"},
		{"another commit", "decaf", nil, "commit c0ffee does not answer"},
		{"down", commit, map[string]int{"/health": 503}, "commit c0ffee does not answer"},
		{"no database", commit, map[string]int{"/countries": 503}, "/countries says 503"},
		{"public metrics", commit, map[string]int{"/metrics": 200}, "must not be public"},
		{"no way to https", commit, map[string]int{"plain": 200}, "must lead to https"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, func() string { return test.commit }, test.damage)
			smoke := exec.CommandContext(t.Context(), script(t, "smoke"), s.url, commit)
			smoke.Env = s.environment()
			output, err := smoke.CombinedOutput()
			if (err == nil) != (test.want == "1.2.3, ok") || !strings.Contains(string(output), test.want) {
				t.Errorf("smoke = %v, %q; want %q", err, output, test.want)
			}
		})
	}
}

func TestSmokeTakesNoOtherCertificate(t *testing.T) {
	t.Parallel()
	s := newSite(t, func() string { return "c0ffee" }, nil)
	smoke := exec.CommandContext(t.Context(), script(t, "smoke"), s.url, "c0ffee")
	smoke.Env = slices.DeleteFunc(s.environment(), func(v string) bool { return strings.HasPrefix(v, "CURL_CA_BUNDLE=") })
	if output, err := smoke.CombinedOutput(); err == nil || !strings.Contains(string(output), "certificate") {
		t.Errorf("smoke = %v, %q; want it to refuse the certificate", err, output)
	}
}

// A checkout is a commit with a k3s/deploy that writes down what it was asked, and puts a commit in place by writing it to
// the file that the site serves.
type checkout struct{ directory, commit string }

func newCheckout(t *testing.T, deployScript string) *checkout {
	t.Helper()
	c := &checkout{directory: t.TempDir()}
	writeFile(t, filepath.Join(c.directory, "k3s/deploy"), deployScript)
	writeFile(t, filepath.Join(c.directory, "nginx/nginx.conf"), "# of this commit\n")
	for _, name := range []string{".prod.env.template", ".local.env.template", ".test.env.template"} {
		writeFile(t, filepath.Join(c.directory, name), "# "+name+"\n")
	}
	writeFile(t, filepath.Join(c.directory, "secret"), "not for the server\n")
	if err := os.Chmod(filepath.Join(c.directory, "k3s/deploy"), 0o700); err != nil {
		t.Fatal(err)
	}
	git := func(arguments ...string) string {
		command := exec.CommandContext(t.Context(), "git", append([]string{"-c", "user.name=t", "-c", "user.email=t@example.com"}, arguments...)...)
		command.Dir = c.directory
		command.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null")
		output, err := command.CombinedOutput()
		if err != nil {
			t.Fatalf("git %v: %v\n%s", arguments, err, output)
		}
		return strings.TrimSpace(string(output))
	}
	git("init", "-q")
	git("add", ".")
	git("commit", "-q", "-m", "A release")
	c.commit = git("rev-parse", "HEAD")
	return c
}

// deploys puts the commit of its own directory in place.
const deploys = `#!/usr/bin/env bash
set -euo pipefail
echo "$*" >>../../calls
basename "$PWD" | cut -d- -f2 >../../serving
cat "$(dirname "$0")/../nginx/nginx.conf" "$(dirname "$0")/../.prod.env.template" >../../copied
echo "deploy says: $1"
`

// before is the release that a server has when another one is brought.
const before = "releases/20260101000000-aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

const beforeImage = "ghcr.io/shumbooking/shumbooking@sha256:" + "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

// hasRelease puts a release on the server, as if it had been brought earlier.
func (s *shipment) hasRelease(t *testing.T) {
	t.Helper()
	directory := filepath.Join(s.server.home, before)
	program := filepath.Join(directory, "k3s/deploy")
	writeFile(t, program, deploys)
	writeFile(t, filepath.Join(directory, "nginx/nginx.conf"), "# of the release before\n")
	writeFile(t, filepath.Join(directory, ".prod.env.template"), "")
	writeFile(t, filepath.Join(directory, "image"), beforeImage+"\n")
	if err := os.Chmod(program, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(before, filepath.Join(s.server.home, "current")); err != nil {
		t.Fatal(err)
	}
}

func (s *shipment) current(t *testing.T) string {
	t.Helper()
	target, err := os.Readlink(filepath.Join(s.server.home, "current"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return target
}

type shipment struct {
	server *server
	site   *site
	from   *checkout
	env    map[string]string
}

func newShipment(t *testing.T, deployScript string, damage map[string]int) *shipment {
	t.Helper()
	s := &shipment{server: newServer(t), from: newCheckout(t, deployScript)}
	serving := filepath.Join(s.server.home, "serving")
	writeFile(t, serving, "before\n")
	s.site = newSite(t, func() string {
		commit, err := os.ReadFile(serving)
		if err != nil {
			return err.Error()
		}
		return strings.TrimSpace(string(commit))
	}, damage)
	s.env = map[string]string{
		"DEPLOY_HOST": "127.0.0.1", "DEPLOY_PORT": s.server.port, "DEPLOY_USER": account(t),
		"DEPLOY_KNOWN_HOSTS": s.server.known, "DEPLOY_SSH_KEY": s.server.key, "IMAGE": image, "SERVICE_URL": s.site.url,
	}
	return s
}

func (s *shipment) ship(t *testing.T) (string, error) {
	t.Helper()
	output, err := s.command(t).CombinedOutput()
	return string(output), err
}

func (s *shipment) command(t *testing.T) *exec.Cmd {
	t.Helper()
	ship := exec.CommandContext(t.Context(), script(t, "ship"))
	ship.Dir = s.from.directory
	ship.Env = s.site.environment()
	for name, value := range s.env {
		ship.Env = append(ship.Env, name+"="+value)
	}
	return ship
}

func (s *shipment) calls(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(s.server.home, "calls"))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(text)
}

func TestShip(t *testing.T) {
	t.Parallel()
	s := newShipment(t, deploys, nil)
	output, err := s.ship(t)
	if err != nil || !strings.Contains(output, "deploy says: --image") || !strings.Contains(output, "smoke: 1.2.3, ok") {
		t.Fatalf("ship = %v\n%s", err, output)
	}
	if got, want := s.calls(t), "--image "+image+" --env-file ../../.prod.env --kustomization k3s\n"; got != want {
		t.Errorf("k3s/deploy was called with %q, want %q", got, want)
	}
	if got := readFile(t, filepath.Join(s.server.home, "copied")); got != "# of this commit\n# .prod.env.template\n" {
		t.Errorf("beside k3s/ are %q", got)
	}
	if _, err := os.Stat(filepath.Join(s.server.home, "current/secret")); !os.IsNotExist(err) {
		t.Errorf("what is neither k3s/ nor nginx/ reached the server: %v", err)
	}
	if target := s.current(t); !strings.HasSuffix(target, "-"+s.from.commit) {
		t.Errorf("current leads to %q, want the release", target)
	}
	if got := readFile(t, filepath.Join(s.server.home, "current/image")); got != image+"\n" {
		t.Errorf("current/image is %q, want %q", got, image)
	}
	if strings.Contains(output, "PRIVATE KEY") || strings.Contains(output, s.server.known) {
		t.Errorf("a secret was printed:\n%s", output)
	}
	if output, err := s.ship(t); err != nil {
		t.Errorf("the same release once more: %v\n%s", err, output)
	}
}

func TestShipGoesBackWhenOutsideSeesNothing(t *testing.T) {
	t.Parallel()
	s := newShipment(t, deploys, map[string]int{"/countries": 502})
	s.hasRelease(t)
	output, err := s.ship(t)
	if err == nil || !strings.Contains(output, "the release before serves again") {
		t.Errorf("ship = %v, want it to fail after going back\n%s", err, output)
	}
	if calls := s.calls(t); !strings.HasSuffix(calls, "\n--image "+beforeImage+" --env-file ../../.prod.env --kustomization k3s\n") {
		t.Errorf("k3s/deploy was called with %q, want the image before last", calls)
	}
	if got := readFile(t, filepath.Join(s.server.home, "copied")); got != "# of the release before\n" {
		t.Errorf("the files in place are %q, want those of the release before", got)
	}
	if got := s.current(t); got != before {
		t.Errorf("current leads to %q, want %q", got, before)
	}
}

func TestShipHasNothingToGoBackTo(t *testing.T) {
	t.Parallel()
	s := newShipment(t, deploys, map[string]int{"/countries": 502})
	output, err := s.ship(t)
	if err == nil || !strings.Contains(output, "there is no release before") || s.current(t) != "" {
		t.Errorf("ship = %v, current leads to %q; want it to say that there is none\n%s", err, s.current(t), output)
	}
}

func TestShipStaysWithoutACertificate(t *testing.T) {
	t.Parallel()
	s := newShipment(t, deploys+"exit 3\n", nil)
	s.hasRelease(t)
	output, err := s.ship(t)
	if err == nil || !strings.Contains(output, "its certificate is missing") {
		t.Errorf("ship = %v, want the missing certificate told\n%s", err, output)
	}
	if got := s.current(t); !strings.HasSuffix(got, "-"+s.from.commit) {
		t.Errorf("current leads to %q, want the release, which serves", got)
	}
}

func TestShipKeepsFiveReleases(t *testing.T) {
	t.Parallel()
	s := newShipment(t, deploys, nil)
	s.hasRelease(t)
	for i := range 6 {
		writeFile(t, filepath.Join(s.server.home, fmt.Sprintf("releases/2026010%d000000-b/image", i+2)), "")
	}
	if output, err := s.ship(t); err != nil {
		t.Fatalf("ship = %v\n%s", err, output)
	}
	left, err := filepath.Glob(filepath.Join(s.server.home, "releases/*"))
	if err != nil || len(left) != 5 || !strings.HasSuffix(left[4], s.from.commit) {
		t.Errorf("releases left: %q, %v; want the newest five", left, err)
	}
}

func TestShipFailsWithTheDeployment(t *testing.T) {
	t.Parallel()
	s := newShipment(t, "#!/bin/sh\necho \"$*\" >>../../calls\necho deploy says: no >&2\nexit 5\n", nil)
	s.hasRelease(t)
	output, err := s.ship(t)
	if err == nil || !strings.Contains(output, "deploy says: no") || !strings.Contains(output, "ended with 5") {
		t.Errorf("ship = %v, want the failure of k3s/deploy\n%s", err, output)
	}
	if calls := s.calls(t); strings.Count(calls, "\n") != 1 || s.current(t) != before {
		t.Errorf("k3s/deploy goes back itself when it fails, but was called again: %q", calls)
	}
}

// waits deploys when it is told to, and tells when it has.
const waits = `#!/usr/bin/env bash
set -euo pipefail
echo "deploy says: begun"
read -r _ <../../gate
echo "deploy says: more, to a connection that is gone"
echo done >../../finished
`

func TestDeploymentOutlivesTheConnection(t *testing.T) {
	t.Parallel()
	s := newShipment(t, waits, nil)
	gate, finished := newPipe(t, s.server.home, "gate"), newPipe(t, s.server.home, "finished")
	ship := s.command(t)
	ship.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	output, err := ship.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := ship.Start(); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(output).ReadString('\n'); line != "deploy says: begun\n" {
		t.Fatalf("ship says %q, %v", line, err)
	}
	if err := syscall.Kill(-ship.Process.Pid, syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := ship.Wait(); err == nil {
		t.Fatal("ship ended well when it was killed")
	}
	fmt.Fprintln(gate, "go on")
	if err := finished.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(finished).ReadString('\n'); line != "done\n" {
		t.Errorf("the deployment says %q, %v; want it done", line, err)
	}
}

// newPipe makes a named pipe. Open for both ways, it makes nobody wait for its other end.
func newPipe(t *testing.T, directory, name string) *os.File {
	t.Helper()
	path := filepath.Join(directory, name)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	pipe, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { pipe.Close() })
	return pipe
}

func TestShipRefuses(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, variable, value, want string }{
		{"no host key", "DEPLOY_KNOWN_HOSTS", "", "DEPLOY_KNOWN_HOSTS is missing"},
		{"no key", "DEPLOY_SSH_KEY", "", "DEPLOY_SSH_KEY is missing"},
		{"half a key", "DEPLOY_SSH_KEY", "-----BEGIN OPENSSH PRIVATE KEY-----", "not a private key"},
		{"an option for a host", "DEPLOY_HOST", "-oProxyCommand=touch pwned", "DEPLOY_HOST is missing or has another form"},
		{"a command in the user", "DEPLOY_USER", "deploy; id", "DEPLOY_USER is missing or has another form"},
		{"a tag", "IMAGE", "ghcr.io/shumbooking/shumbooking:1.0.0", "IMAGE is missing or has another form"},
		{"a command in the image", "IMAGE", image + "; id", "IMAGE is missing or has another form"},
		{"another directory", "DEPLOY_KUSTOMIZATION", "../../elsewhere", "DEPLOY_KUSTOMIZATION is missing or has another form"},
		{"plain http", "SERVICE_URL", "http://booking.example.com", "SERVICE_URL is missing or has another form"},
	}
	s := newShipment(t, deploys, nil)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			other := *s
			other.env = maps.Clone(s.env)
			other.env[test.variable] = test.value
			output, err := other.ship(t)
			if err == nil || !strings.Contains(output, test.want) {
				t.Errorf("ship = %v, %q; want %q", err, output, test.want)
			}
			if calls := s.calls(t); calls != "" {
				t.Errorf("the server was reached: %q", calls)
			}
		})
	}
}

func TestShipTakesNoOtherHostKey(t *testing.T) {
	t.Parallel()
	s := newShipment(t, deploys, nil)
	other := newKey(t, filepath.Join(t.TempDir(), "other"))
	s.env["DEPLOY_KNOWN_HOSTS"] = fmt.Sprintf("[127.0.0.1]:%s %s", s.server.port, other)
	output, err := s.ship(t)
	if err == nil || !strings.Contains(output, "Host key verification failed") {
		t.Errorf("ship = %v, want the host key refused\n%s", err, output)
	}
	if calls := s.calls(t); calls != "" {
		t.Errorf("the server was reached: %q", calls)
	}
}

func TestShipTakesNoOtherClientKey(t *testing.T) {
	t.Parallel()
	s := newShipment(t, deploys, nil)
	path := filepath.Join(t.TempDir(), "other")
	newKey(t, path)
	s.env["DEPLOY_SSH_KEY"] = readFile(t, path)
	output, err := s.ship(t)
	if err == nil || !strings.Contains(output, "Permission denied") {
		t.Errorf("ship = %v, want the key refused\n%s", err, output)
	}
}
