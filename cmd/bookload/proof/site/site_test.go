package site_test

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/proctest"

	"github.com/shumbooking/shumbooking/cmd/bookload/proof/site"
)

func TestMain(m *testing.M) { os.Exit(site.Main(m)) }

// What is killed serves again at its address, and the database has what was committed.
func TestKill(t *testing.T) {
	t.Parallel()
	s := site.Start(t, site.Config{Settings: []string{"LOG_LEVEL=error"}})
	exec(t, s, "CREATE TABLE kept AS SELECT 42 AS n")
	for _, server := range append(s.APIs[:], s.Worker) {
		server.Kill()
		if status, _ := proctest.Get(t.Context(), server.URL("/live")); status != 0 {
			t.Errorf("a killed server answers with %d", status)
		}
		s.WantRunning()
		server.Start()
		server.WantReady()
	}
	for _, end := range []func(){s.Postgres.Kill, s.Postgres.Stop} {
		end()
		proctest.Eventually(t, "an API misses its database", func() bool {
			status, _ := proctest.Get(t.Context(), s.APIs[0].URL("/ready"))
			return status == http.StatusServiceUnavailable
		})
		s.Postgres.Start()
		s.APIs[0].WantReady()
	}
	exec(t, s, "UPDATE kept SET n = 1 / (n - 41)") // A division by zero where it is not 42.
	s.Redis.Kill()
	s.Redis.Start()
	if got := s.Metric(2, "go_goroutines"); got < 1 {
		t.Errorf("goroutines of an API: got %v, want some", got)
	}
	s.WantRunning()
}

// The program reaches what it stands on through what a test puts in between, and has its images where it is told.
func TestReach(t *testing.T) {
	t.Parallel()
	var at site.Addresses
	s := site.Start(t, site.Config{Bucket: true, Reach: func(tb testing.TB, a site.Addresses) site.Addresses {
		tb.Helper()
		at = a
		a.Redis = proctest.FreeAddress(tb)
		return a
	}})
	for name, addr := range map[string]string{"PostgreSQL": at.Postgres, "Redis": at.Redis, "the bucket": at.Bucket} {
		if !proctest.Accepts(t.Context(), addr) {
			t.Errorf("%s does not accept connections at %q", name, addr)
		}
	}
	proctest.Eventually(t, "an API misses the Redis that is not where it was told", func() bool {
		_, health := proctest.Get(t.Context(), s.APIs[1].URL("/health"))
		return strings.Contains(health, `"status":"degraded"`)
	})
}

// A program with an edit does what the edit says, and the source stays as it is.
func TestBuild(t *testing.T) {
	t.Parallel()
	const file, word = "cmd/booking/worker.go", `summary: "runs jobs",`
	before, err := os.ReadFile("../../../../" + file)
	if err != nil {
		t.Fatal(err)
	}
	changed := site.Build(t, site.Edit{File: file, Old: word, New: `summary: "runs away",`},
		site.Edit{File: file, Old: `"runs away"`, New: `"runs away, twice edited"`})
	help := proctest.Start(t, nil, changed, "help")
	help.Wait()
	if !strings.Contains(help.Output(), "runs away, twice edited") {
		t.Errorf("help of the edited program: %s", help.Output())
	}
	if after, err := os.ReadFile("../../../../" + file); err != nil || string(after) != string(before) {
		t.Errorf("the edit changed %s, %v", file, err)
	}
}

func exec(t *testing.T, s *site.Site, sql string) {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.DatabaseURL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	if _, err := conn.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}
