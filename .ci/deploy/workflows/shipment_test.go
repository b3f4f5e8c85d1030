package workflows_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

const image = "ghcr.io/shumbooking/shumbooking@sha256:" + "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

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
