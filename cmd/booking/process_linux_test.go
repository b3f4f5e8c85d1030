package main

import (
	"bufio"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/shumbooking/shumbooking/platform/proctest"
)

// A process is the program in a process of its own.
type process struct{ *proctest.Process }

// await returns the first group of a pattern in what the program writes.
func (p *process) await(t *testing.T, pattern string) string {
	t.Helper()
	return p.Await(regexp.MustCompile(pattern))
}

// spawn starts "booking dev --ephemeral" and returns once it is ready, with its base URL.
func spawn(t *testing.T) (p *process, base string) {
	t.Helper()
	p = execute(t, nil, "dev", "--ephemeral", "--addr", "127.0.0.1:0", "--hotels", "1")
	p.await(t, "(Ctrl-C)")
	return p, p.await(t, devAddress)
}

// execute starts the program in a process of its own, with more variables than this one has.
func execute(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	return &process{proctest.Start(t, append(append(os.Environ(), asProgram+"=1"), env...), executable, args...)}
}

// runDir returns the directory with the data of the process's PostgreSQL.
func (p *process) runDir(t *testing.T) string {
	t.Helper()
	return p.await(t, `"database":{"host":"([^"]+)"`)
}

// postgres returns the id of the process's PostgreSQL.
func (p *process) postgres(t *testing.T) int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(p.runDir(t), "data", "postmaster.pid"))
	if err != nil {
		t.Fatal(err)
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

// helpers returns the ids of the processes that hash passwords for p.
func (p *process) helpers(t *testing.T) (pids []int) {
	t.Helper()
	names, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		command, _ := os.ReadFile(name) // It may have ended.
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(name)))
		if err == nil && string(command) == "booking-argon2id\x00" && parentOf(pid) == p.PID() {
			pids = append(pids, pid)
		}
	}
	return pids
}

// lives reports whether a process runs. One that ended and that nobody asked about does not.
func lives(pid int) bool {
	stat := statOf(pid)
	return len(stat) > 0 && stat[0] != "Z"
}

// statOf returns what the system says of a process, from its state on, or nothing if there is none.
func statOf(pid int) []string {
	stat, _ := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	_, rest, _ := strings.Cut(string(stat), ") ") // The name before may have spaces in it.
	return strings.Fields(rest)
}

// parentOf returns the id of the process that started another, or 0 if that has ended.
func parentOf(pid int) int {
	stat := statOf(pid)
	if len(stat) < 2 {
		return 0
	}
	parent, _ := strconv.Atoi(stat[1])
	return parent
}

// TestStopFinishesRequests has a request in flight when the program is told to stop.
func TestStopFinishesRequests(t *testing.T) {
	t.Parallel()
	p, base := spawn(t)
	postgres, dir := p.postgres(t), p.runDir(t)
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer hangUp(conn)
	const body = `{"email": "nobody@example.com", "password": "one-of-the-guesses"}`
	fmt.Fprintf(conn, "POST /auth/login HTTP/1.1\r\nHost: booking\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s",
		len(body), body[:10])
	proctest.Eventually(t, "the request is in flight", func() bool {
		_, text := fetch(t, base+"/metrics")
		return strings.Contains(text, "\nhttp_requests_inprogress 2\n") // That of the metrics is the other.
	})
	p.Signal(syscall.SIGTERM)
	p.await(t, `"msg":"(draining)"`)
	proctest.Eventually(t, "new connections are refused", func() bool {
		status, _ := fetch(t, base+"/live")
		return status == 0
	})
	fmt.Fprint(conn, body[10:])
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatalf("the request in flight was lost: %v", err)
	}
	res.Body.Close()
	if res.StatusCode != http.StatusUnauthorized {
		t.Errorf("the request in flight got %s, want 401", res.Status)
	}
	p.WantSuccess()
	if lives(postgres) {
		t.Error("PostgreSQL outlives the program")
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("--ephemeral leaves %s behind: %v", dir, err)
	}
}

// TestKillLeavesNoProcess kills the program without a chance to clean up.
func TestKillLeavesNoProcess(t *testing.T) {
	t.Parallel()
	p, base := spawn(t)
	postgres, dir := p.postgres(t), p.runDir(t)
	guess := strings.NewReader(`{"email": "nobody@example.com", "password": "one-of-the-guesses"}`)
	res, err := http.Post(base+"/auth/login", "application/json", guess) //nolint:noctx // It is on this machine.
	if err != nil {
		t.Fatal(err)
	}
	res.Body.Close()
	helpers := p.helpers(t)
	if len(helpers) == 0 {
		t.Error("no helper has hashed the password")
	}
	p.Kill()
	proctest.Eventually(t, "PostgreSQL ended with the program", func() bool { return !lives(postgres) })
	proctest.Eventually(t, "the helpers ended with the program", func() bool { return !slices.ContainsFunc(helpers, lives) })
	next, _ := spawn(t)
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("the next start leaves %s of the killed one: %v", dir, err)
	}
	next.Signal(os.Interrupt)
	next.WantSuccess()
}
