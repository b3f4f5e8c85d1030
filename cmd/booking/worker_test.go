package main

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
	"github.com/shumbooking/shumbooking/platform/proctest"
)

// workerAddress finds where a worker listens in its log.
const workerAddress = `"msg":"starting".*"address":"([^"]+)"`

// beginWorker runs "booking worker" and returns its base URL.
func beginWorker(t *testing.T, c pg.Config) (*running, string) {
	t.Helper()
	p := begin(t, environmentFor(c, nil), "worker", "--addr", "127.0.0.1:0")
	return p, "http://" + p.stderr.Await(t, workerAddress)
}

// A worker looks after the inventory, and every process tells what it found.
func TestWorker(t *testing.T) {
	t.Parallel()
	config := pgtest.Config(t)
	must(t, environmentFor(config, nil), "", "seed", "--hotels", "5")
	spoilCounter(t, pgtest.Open(t, config))
	a, _, _ := newTestApplication(t, config)
	api := apitest.Wrap(t, a.handler, a.api.Document())
	if got := string(api.Do("GET", "/metrics", nil).Body); !strings.Contains(got, `jobs_queue_depth{queue="default",state="available"} 0`) ||
		strings.Contains(got, "inventory_drift") {
		t.Error("the metrics of the API lack the depth of the queues, or have a drift that nobody counted")
	}
	p, base := beginWorker(t, config)
	for _, pattern := range []string{`("kind":"inventory_recount".*"outcome":"completed")`, `("kind":"sessions_purge".*"outcome":"completed")`} {
		p.stderr.Await(t, pattern)
	}
	for _, want := range []string{
		"\ninventory_drift 1\n", `jobs_completed_total{kind="inventory_recount"} 1`, `jobs_failed_total{kind="sessions_purge"} 0`,
		`jobs_queue_depth{queue="images",state="available"} 0`, "\npgxpool_max_conns ",
	} {
		if _, got := fetch(t, base+"/metrics"); !strings.Contains(got, want) {
			t.Errorf("the metrics of the worker lack %q", want)
		}
	}
	proctest.Eventually(t, "the API tells what the worker found", func() bool {
		return strings.Contains(string(api.Do("GET", "/metrics", nil).Body), "\ninventory_drift 1\n")
	})
	for path, want := range map[string]int{"/live": 200, "/ready": 200, "/health": 200, "/hotels": 404, "/openapi.json": 404} {
		if status, body := fetch(t, base+path); status != want {
			t.Errorf("GET %s of a worker = %d %s, want %d", path, status, body, want)
		}
	}
	p.end()
	if status, _ := fetch(t, base+"/live"); status != 0 {
		t.Errorf("GET /live = %d after the end, want no answer", status)
	}
}

// A worker that starts before the schema is there waits for it.
func TestWorkerWaitsForTheSchema(t *testing.T) {
	t.Parallel()
	config := pgtest.Empty(t)
	p, base := beginWorker(t, config)
	p.stderr.Await(t, `"for":"(the current schema)"`)
	for path, want := range map[string]int{"/live": http.StatusOK, "/ready": http.StatusServiceUnavailable} {
		if status, _ := fetch(t, base+path); status != want {
			t.Errorf("GET %s before the schema = %d, want %d", path, status, want)
		}
	}
	must(t, environmentFor(config, nil), "", "migrate", "up")
	p.stderr.Await(t, `"kind":"sessions_purge".*"outcome":"(completed)"`)
	if status, _ := fetch(t, base+"/ready"); status != http.StatusOK {
		t.Errorf("GET /ready with the schema = %d, want 200", status)
	}
}

// A worker whose database goes away is there when it comes back.
func TestWorkerSurvivesTheLossOfTheDatabase(t *testing.T) {
	t.Parallel()
	config := pgtest.Config(t)
	db := pgtest.Open(t, config)
	w, through := wireTo(t, config)
	p, base := beginWorker(t, through)
	p.stderr.Await(t, `"kind":"sessions_purge".*"outcome":"(completed)"`)
	w.cut()
	proctest.Eventually(t, "/ready says 503", func() bool {
		status, _ := fetch(t, base+"/ready")
		return status == http.StatusServiceUnavailable
	})
	purgeSessions(t, db)
	w.mend(t)
	proctest.Eventually(t, "the job inserted meanwhile is done", func() bool { return done(t, db) == 2 })
	if status, _ := fetch(t, base+"/ready"); status != http.StatusOK {
		t.Errorf("GET /ready = %d, want 200", status)
	}
}

// purgeSessions asks for a purge of the sessions.
func purgeSessions(t *testing.T, db *pgxpool.Pool) {
	t.Helper()
	_, err := db.Exec(t.Context(), "INSERT INTO river_job (args, kind, max_attempts) VALUES ('{}', $1, 3)", auth.PurgeArgs{}.Kind())
	if err != nil {
		t.Fatal(err)
	}
}

// done returns how many purges are done.
func done(t *testing.T, db *pgxpool.Pool) (n int) {
	t.Helper()
	err := db.QueryRow(t.Context(), "SELECT count(*) FROM river_job WHERE state = 'completed' AND kind = $1",
		auth.PurgeArgs{}.Kind()).Scan(&n)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// An application that never ran gives everything back.
func TestWorkerApplicationCloses(t *testing.T) {
	t.Parallel()
	s, err := readSettings(environmentFor(pgtest.Config(t), nil), serving)
	if err != nil {
		t.Fatal(err)
	}
	a, err := newWorkerApplication(t.Context(), s, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.close(); err != nil {
		t.Error(err)
	}
	if err := a.queue.Ping(context.WithoutCancel(t.Context())); err == nil {
		t.Error("the pool of River is open after close()")
	}
}
