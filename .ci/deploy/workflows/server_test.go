package workflows_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/platform/proctest"
)

// A server is an sshd with a home of its own, to which one key is let in.
type server struct {
	home  string // where a session begins
	port  string
	known string // its host key, as a line of known_hosts
	key   string // the private key that is let in
}

// newServer starts the sshd of Debian. Its sessions begin in home, whatever account runs the tests.
func newServer(t *testing.T) *server {
	t.Helper()
	directory := t.TempDir()
	address := proctest.FreeAddress(t)
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	s := &server{home: filepath.Join(directory, "home"), port: port}
	if err := os.Mkdir(s.home, 0o700); err != nil {
		t.Fatal(err)
	}
	host := newKey(t, filepath.Join(directory, "host"))
	s.known = fmt.Sprintf("[127.0.0.1]:%s %s", s.port, host)
	client := newKey(t, filepath.Join(directory, "client"))
	s.key = readFile(t, filepath.Join(directory, "client"))
	writeFile(t, filepath.Join(directory, "authorized_keys"), "restrict "+client+"\n")
	config := filepath.Join(directory, "sshd_config")
	writeFile(t, config, strings.Join([]string{
		"Port " + s.port, "ListenAddress 127.0.0.1", "HostKey " + filepath.Join(directory, "host"), "PidFile none",
		"AuthorizedKeysFile " + filepath.Join(directory, "authorized_keys"), "StrictModes no", "UsePAM no",
		"PasswordAuthentication no", "PermitRootLogin prohibit-password", "LogLevel ERROR",
		// The account's own home is none of the test's business.
		`ForceCommand cd "` + s.home + `" && exec bash -c "$SSH_ORIGINAL_COMMAND"`, "",
	}, "\n"))
	daemon := proctest.Start(t, os.Environ(), sshd(t), "-D", "-e", "-f", config)
	t.Cleanup(func() {
		daemon.Signal(os.Interrupt)
		daemon.Wait()
	})
	proctest.Eventually(t, "sshd listens", func() bool { return proctest.Accepts(t.Context(), address) })
	return s
}

func sshd(t *testing.T) string {
	t.Helper()
	// It wants to be called by its whole path, and to find this directory when it runs as root.
	const program = "/usr/sbin/sshd"
	if os.Getuid() == 0 {
		if err := os.MkdirAll("/run/sshd", 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return program
}

// newKey writes a pair of keys to path and returns the public one.
func newKey(t *testing.T, path string) string {
	t.Helper()
	output, err := exec.CommandContext(t.Context(), "ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", path).CombinedOutput()
	if err != nil {
		t.Fatalf("ssh-keygen: %v\n%s", err, output)
	}
	return strings.TrimSpace(readFile(t, path+".pub"))
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func account(t *testing.T) string {
	t.Helper()
	current, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	return current.Username
}
