package data_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
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
			shown, err := os.ReadFile("/proc/" + strconv.Itoa(s.pid) + "/cmdline")
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
	script, _ := script(t, 1)
	cmd := exec.CommandContext(t.Context(), "sh", script)
	cmd.Env = append(os.Environ(), "REDISCLI_AUTH=")
	if output, err := cmd.CombinedOutput(); err == nil || !strings.Contains(string(output), "REDIS_PASSWORD is not set") {
		t.Errorf("start.sh without a password: %v\n%s", err, output)
	}
}

type redisServer struct {
	port, pid int
	password  string
	log       *bytes.Buffer
	ended     chan struct{}
}

func startRedis(t *testing.T, password string) redisServer {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	script, dir := script(t, port)
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(context.WithoutCancel(t.Context()), "sh", script)
	cmd.Env = append(os.Environ(), "REDISCLI_AUTH="+password)
	s := redisServer{port: port, password: password, log: &bytes.Buffer{}, ended: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = s.log, s.log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.pid = cmd.Process.Pid
	go func() {
		defer close(s.ended)
		_ = cmd.Wait() // It is killed in the end.
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // It may have ended.
		<-s.ended
		info, err := os.Stat(filepath.Join(dir, "redis.conf"))
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the file with the password: %v, %v; want nobody else to read it", info, err)
		}
	})
	return s
}

// script returns start.sh with the directories of the pod in other places, and where the file with the password will be.
func script(t *testing.T, port int) (file, run string) {
	t.Helper()
	etc, run := t.TempDir(), t.TempDir()
	replace := strings.NewReplacer("/etc/redis", etc, "/run/redis", run, "dir /data", "dir "+t.TempDir(), "port 6379", "port "+strconv.Itoa(port))
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
	cmd := exec.CommandContext(t.Context(), "redis-cli", append([]string{"-e", "-p", strconv.Itoa(s.port)}, command...)...)
	cmd.Env = append(os.Environ(), "REDISCLI_AUTH="+password)
	output, err := cmd.CombinedOutput()
	return string(output), err
}

// await returns once the server says that it is there, by the probe of the pod.
func (s redisServer) await(t *testing.T) {
	t.Helper()
	for {
		output, err := s.ask(t, s.password, "ping")
		if err == nil && output == "PONG\n" {
			return
		}
		if !strings.Contains(output, "Connection refused") && !strings.Contains(output, "LOADING") {
			t.Fatalf("ping: %v, %s", err, output)
		}
		select {
		case <-s.ended:
			t.Fatalf("the server ended:\n%s", s.log)
		default:
		}
	}
}
