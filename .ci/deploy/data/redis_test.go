package data_test

import (
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/platform/proctest"
)

// TestRedis starts a server by the script of the pod, with passwords that shells and redis.conf would stumble over.
func TestRedis(t *testing.T) {
	t.Parallel()
	for name, password := range map[string]string{
		"plain": "plain and long", "quotes": `q"uo'te\d #$& x! {}`, "escapes": `\x41\n $HOME`, "other letters": "пароль",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := startRedis(t, password)
			s.await(t)
			for _, wrong := range []string{"", password + "x"} {
				if output, err := s.ask(t, wrong, "set", "a", "1"); err == nil || !strings.Contains(output, "NOAUTH") {
					t.Errorf("a write with the password %q: %v, %s; want NOAUTH", wrong, err, output)
				}
			}
			shown, err := os.ReadFile("/proc/" + strconv.Itoa(s.PID()) + "/cmdline")
			if err != nil || len(shown) == 0 || strings.Contains(string(shown), password) {
				t.Errorf("the list of processes shows %q, %v", shown, err)
			}
			for name, want := range map[string]string{"appendonly": "yes", "maxmemory": strconv.Itoa(160 << 20), "maxmemory-policy": "volatile-ttl"} {
				if got, err := s.ask(t, password, "config", "get", name); err != nil || got != name+"\n"+want+"\n" {
					t.Errorf("%s is %q, %v; want %q", name, got, err, want)
				}
			}
		})
	}
}

func TestRedisNeedsAPassword(t *testing.T) {
	t.Parallel()
	script, _ := script(t, "1")
	cmd := exec.CommandContext(t.Context(), "sh", script)
	cmd.Env = append(os.Environ(), "REDISCLI_AUTH=")
	if output, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(output), "REDIS_PASSWORD is not set") {
		t.Errorf("start.sh without a password: %v\n%s", err, output)
	}
}

type redisServer struct {
	*proctest.Process

	port, password string
}

func startRedis(t *testing.T, password string) redisServer {
	t.Helper()
	_, port, err := net.SplitHostPort(proctest.FreeAddress(t))
	if err != nil {
		t.Fatal(err)
	}
	script, dir := script(t, port)
	s := redisServer{port: port, password: password}
	s.Process = proctest.Start(t, append(os.Environ(), "REDISCLI_AUTH="+password), "sh", script)
	t.Cleanup(func() {
		info, err := os.Stat(filepath.Join(dir, "redis.conf"))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the file with the password: %v, %v; want nobody else to read it", info, err)
		}
	})
	return s
}

// script returns start.sh with the directories of the pod in other places, and where the file with the password will be.
func script(t *testing.T, port string) (file, run string) {
	t.Helper()
	etc, run := t.TempDir(), t.TempDir()
	replace := strings.NewReplacer("/etc/redis", etc, "/run/redis", run, "dir /data", "dir "+t.TempDir(), "port 6379", "port "+port)
	for _, name := range []string{"redis.conf", "start.sh"} {
		text, err := os.ReadFile(base + "redis/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(etc, name), []byte(replace.Replace(string(text))), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(etc, "start.sh"), run
}

// ask runs a command as the probes do, with the password in the environment.
func (s redisServer) ask(t *testing.T, password string, command ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "redis-cli", append([]string{"-e", "-p", s.port}, command...)...)
	cmd.Env = append(os.Environ(), "REDISCLI_AUTH="+password)
	output, err := cmd.CombinedOutput()
	return string(output), err
}

// await returns once the server says that it is there, by the probe of the pod.
func (s redisServer) await(t *testing.T) {
	t.Helper()
	s.Await(regexp.MustCompile(`(Ready to accept connections)`))
	if output, err := s.ask(t, s.password, "ping"); err != nil || output != "PONG\n" {
		t.Fatalf("ping: %v, %s", err, output)
	}
}
