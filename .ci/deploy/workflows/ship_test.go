package workflows_test

import (
	"bufio"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

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
