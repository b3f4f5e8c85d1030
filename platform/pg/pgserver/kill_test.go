//go:build unix

package pgserver_test

import (
	"context"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/pg/pgserver"
)

// What was committed before a kill is there after it, at the same address.
func TestKill(t *testing.T) {
	t.Parallel()
	c := pgserver.Config{DataDir: filepath.Join(tempDir(t), "data"), Listen: pgserver.Loopback, Database: "shop"}
	first := start(t, c)
	db := connect(t, first.URL(""))
	c.Port = int(db.Config().Port)
	mustExec(t, db, "CREATE TABLE kept (n int)")
	mustExec(t, db, "INSERT INTO kept VALUES (42)")
	pids := value[[]int](t, db, "SELECT array_agg(pid) FROM pg_stat_activity")
	if len(pids) < 3 {
		t.Fatalf("processes of the server: got %d, want several", len(pids))
	}
	if err := first.Kill(t.Context()); err != nil {
		t.Fatal(err)
	}
	if i := slices.IndexFunc(append(pids, first.PID()), alive); i >= 0 {
		t.Errorf("a process of the killed server is alive: number %d of %v", i, pids)
	}
	second := start(t, c)
	if first.URL("") != second.URL("") {
		t.Errorf("address after the kill: got %s, want %s", second.URL(""), first.URL(""))
	}
	again := connect(t, first.URL(""))
	if got := value[int](t, again, "SELECT n FROM kept"); got != 42 {
		t.Errorf("committed row: got %d, want 42", got)
	}
	// There is nothing left to kill.
	if err := first.Kill(t.Context()); err != nil {
		t.Errorf("kill again: %v", err)
	}
}

// A paused server keeps its connections and answers on none of them.
func TestPause(t *testing.T) {
	t.Parallel()
	s := start(t, pgserver.Config{Durability: pgserver.Volatile})
	db := connect(t, s.URL(""))
	pid := value[int](t, db, "SELECT pg_backend_pid()")
	if err := s.Pause(); err != nil {
		t.Fatal(err)
	}
	for _, p := range []int{s.PID(), pid} {
		eventually(t, "a process of the paused server stands still", func() bool { return stateOf(p) == "T" })
	}
	brief, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if conn, err := pgx.Connect(brief, s.URL("")); err == nil {
		t.Errorf("a paused server answers: %v", conn.Close(t.Context()))
	}
	if err := s.Resume(); err != nil {
		t.Fatal(err)
	}
	if got := value[int](t, db, "SELECT pg_backend_pid()"); got != pid {
		t.Errorf("session after the pause: got %d, want that of before, %d", got, pid)
	}
}
