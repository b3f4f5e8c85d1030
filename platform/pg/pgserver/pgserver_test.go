//go:build unix

package pgserver_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgserver"
)

func TestStart_ThrowAway(t *testing.T) {
	t.Parallel()
	s := start(t, pgserver.Config{
		Durability: pgserver.Volatile, Database: "shop", Settings: map[string]string{"work_mem": "7MB"},
	})
	db := connect(t, s.URL(""))
	for _, tt := range []struct{ sql, want string }{
		{"SELECT current_database()", "shop"},
		{"SHOW fsync", "off"},
		{"SHOW work_mem", "7MB"},
		{"SHOW listen_addresses", ""},
		{"SHOW server_encoding", "UTF8"},
		{"SELECT lower('ЖЁЛТЫЙ')", "жёлтый"},
	} {
		if got := value[string](t, db, tt.sql); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.sql, got, tt.want)
		}
	}
	run := s.Config("").Host
	if err := s.Stop(t.Context()); err != nil {
		t.Fatalf("stop: %v", err)
	}
	if _, err := os.Stat(run); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("run directory after stop: got %v, want it gone", err)
	}
	if alive(s.PID()) {
		t.Errorf("server %d is alive after stop", s.PID())
	}
}

func TestStart_KeepsData(t *testing.T) {
	t.Parallel()
	c := pgserver.Config{DataDir: filepath.Join(tempDir(t), "data"), Database: "shop"}
	s := start(t, c)
	db := connect(t, s.URL(""))
	if got := value[string](t, db, "SHOW fsync"); got != "on" {
		t.Errorf("fsync of a durable server: got %s, want on", got)
	}
	mustExec(t, db, "CREATE TABLE kept AS SELECT 42 AS n")

	_, err := pgserver.Start(t.Context(), c)
	if want := fmt.Sprintf("in use by pid %d", os.Getpid()); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("second start: got error %v, want %q", err, want)
	}

	// A server that was killed leaves its mark in the data directory.
	if err := syscall.Kill(s.PID(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Fatalf("stop: %v", err)
	}
	mark := filepath.Join(c.DataDir, "data", "postmaster.pid")
	if _, err := os.Stat(mark); err != nil {
		t.Fatalf("mark of the killed server: %v", err)
	}
	reuse(t, mark)
	s = start(t, c)
	if got := value[int](t, connect(t, s.URL("")), "SELECT n FROM kept"); got != 42 {
		t.Errorf("kept data: got %d, want 42", got)
	}
}

// reuse makes a mark name a living process that is no server, as after a reboot.
func reuse(t *testing.T, mark string) {
	t.Helper()
	text, err := os.ReadFile(mark)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n")
	if err := os.WriteFile(mark, []byte(strconv.Itoa(os.Getpid())+"\n"+rest), 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestStart_OtherVersion(t *testing.T) {
	t.Parallel()
	c := pgserver.Config{DataDir: filepath.Join(tempDir(t), "data"), Durability: pgserver.Volatile}
	if err := start(t, c).Stop(t.Context()); err != nil {
		t.Fatalf("stop: %v", err)
	}
	if err := os.WriteFile(filepath.Join(c.DataDir, "data", "PG_VERSION"), []byte("9\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := pgserver.Start(t.Context(), c)
	if want := c.DataDir + " is of PostgreSQL 9"; err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("got error %v, want %q", err, want)
	}
}

func TestStart_RefusesForeignDirectory(t *testing.T) {
	t.Parallel()
	dir := tempDir(t)
	if err := os.WriteFile(filepath.Join(dir, "thesis.txt"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := pgserver.Start(t.Context(), pgserver.Config{DataDir: dir})
	if err == nil || !strings.Contains(err.Error(), "not empty") {
		t.Errorf("got error %v, want one about a directory that is not empty", err)
	}
}

func TestStart_Loopback(t *testing.T) {
	t.Parallel()
	s := start(t, pgserver.Config{Durability: pgserver.Volatile, Listen: pgserver.Loopback})
	if got := value[string](t, connect(t, s.URL("")), "SELECT host(inet_client_addr())"); got != "127.0.0.1" {
		t.Errorf("client address: got %s, want 127.0.0.1", got)
	}
	c, err := pg.ParseURL(s.URL(""))
	if err != nil {
		t.Fatal(err)
	}
	c.Password = "guess"
	if conn, err := pgx.Connect(t.Context(), c.URL()); err == nil {
		t.Errorf("a wrong password was accepted: %v", conn.Close(t.Context()))
	}
}

func TestStart_TellsWhatTheServerSaid(t *testing.T) {
	t.Parallel()
	_, err := pgserver.Start(t.Context(), pgserver.Config{Settings: map[string]string{"no_such_setting": "1"}})
	if err == nil || !strings.Contains(err.Error(), "no_such_setting") {
		t.Errorf("got error %v, want the server's own message", err)
	}
}

// A killed owner takes its server, all processes of it and its files along.
func TestKilledOwner(t *testing.T) {
	t.Parallel()
	owner := exec.CommandContext(t.Context(), os.Args[0])
	owner.Env = append(os.Environ(), ownerEnv+"=1")
	owner.Stderr = os.Stderr
	stdout, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	url, err := bufio.NewReader(stdout).ReadString('\n')
	if err != nil {
		t.Fatalf("read the owner's URL: %v", err)
	}
	c, err := pg.ParseURL(strings.TrimSpace(url))
	if err != nil {
		t.Fatal(err)
	}
	db := connect(t, c.URL())
	pids := value[[]int](t, db, "SELECT array_agg(pid) FROM pg_stat_activity")
	if len(pids) < 3 {
		t.Fatalf("processes of the server: got %d, want several", len(pids))
	}
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = owner.Wait()
	eventually(t, "the server's processes end", func() bool {
		return !slices.ContainsFunc(pids, alive)
	})
	eventually(t, "the run directory goes", func() bool {
		_, err := os.Stat(c.Host)
		return errors.Is(err, fs.ErrNotExist)
	})
}

// What a killed owner left, when nothing could remove it, goes at the next start.
func TestStart_Sweeps(t *testing.T) {
	t.Parallel()
	base := filepath.Dir(start(t, pgserver.Config{Durability: pgserver.Volatile}).Config("").Host)
	stale, err := os.MkdirTemp(base, "stale") //nolint:usetesting // the sweep looks in this place
	if err != nil {
		t.Fatal(err)
	}
	orphan := exec.CommandContext(t.Context(), "/bin/sh", "-c", "read -r line", "orphan", stale)
	if _, err := orphan.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := orphan.Start(); err != nil {
		t.Fatal(err)
	}
	pid := strconv.Itoa(orphan.Process.Pid)
	if err := os.WriteFile(filepath.Join(stale, "server.pid"), []byte(pid), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(stale+".lock", nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- orphan.Wait() }()
	start(t, pgserver.Config{Durability: pgserver.Volatile})
	if err := <-ended; err == nil {
		t.Error("the orphan ended by itself, want it signaled")
	}
	if _, err := os.Stat(stale); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("stale directory: got %v, want it gone", err)
	}
}

func start(t *testing.T, c pgserver.Config) *pgserver.Server {
	t.Helper()
	s, err := pgserver.Start(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return s
}

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

func value[T any](t *testing.T, db *pgx.Conn, sql string) T {
	t.Helper()
	var v T
	if err := db.QueryRow(t.Context(), sql).Scan(&v); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return v
}

func mustExec(t *testing.T, db *pgx.Conn, sql string) {
	t.Helper()
	if _, err := db.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// tempDir is t.TempDir for a server that runs as another user: open to pass.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pgserver-test-") //nolint:usetesting // another user cannot enter t.TempDir
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Errorf("remove: %v", err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// alive reports whether a process runs; one that ended and waits to be
// collected by its parent does not.
func alive(pid int) bool {
	if state := stateOf(pid); state != "" {
		return state != "Z"
	}
	return !errors.Is(syscall.Kill(pid, 0), syscall.ESRCH)
}

// stateOf returns the letter for the state of a process, empty when there is none.
func stateOf(pid int) string {
	if stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid)); err == nil {
		_, state, _ := strings.Cut(string(stat), ") ")
		return state[:1]
	}
	letters, err := exec.Command("ps", "-o", "state=", "-p", strconv.Itoa(pid)).Output()
	if err != nil || len(letters) == 0 {
		return ""
	}
	return string(letters[:1])
}

func eventually(t *testing.T, what string, done func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(15 * time.Second)
	for !done() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("in vain for 15 s: %s", what)
		}
	}
}
