package main

import (
	"net/http"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shumbooking/shumbooking/booking"
	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
	"github.com/shumbooking/shumbooking/platform/proctest"
)

// spawnWorker starts "booking worker" and returns it with its base URL.
func spawnWorker(t *testing.T, c pg.Config) (*process, string) {
	t.Helper()
	return spawnServer(t, environmentFor(c, nil), "worker")
}

// spawnServer starts "booking api" or "booking worker" and returns it with its base URL.
func spawnServer(t *testing.T, getenv func(string) string, command string) (*process, string) {
	t.Helper()
	var env []string
	for _, name := range []string{
		"APP_ENV", "DB_HOST", "DB_PORT", "DB_NAME", "DB_USERNAME", "DB_PASSWORD", "DB_SSLMODE",
		"REDIS_HOST", "REDIS_PORT", "REDIS_TLS", "SSL_CERT_FILE", "RATE_LIMIT_ENABLED", "JWT_SECRET_KEY", "ADMIN_EMAIL", "ADMIN_PASSWORD", "ROOT_PATH", "TMPDIR",
		"IMAGES_DIR", "S3_BUCKET", "S3_ENDPOINT", "S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY",
	} {
		env = append(env, name+"="+getenv(name))
	}
	p := execute(t, env, command, "--addr", "127.0.0.1:0")
	return p, "http://" + p.await(t, workerAddress)
}

// A recounted is a recount that is stored.
type recounted struct {
	ID      int64
	State   string
	Attempt int
}

// recountIn waits until the first recount is in a state.
func recountIn(t *testing.T, db *pgxpool.Pool, state string) (job recounted) {
	t.Helper()
	proctest.Eventually(t, "the recount is "+state, func() bool {
		found, err := pg.Collect[recounted](t.Context(), db,
			"SELECT id, state::text AS state, attempt FROM river_job WHERE kind = $1 ORDER BY id LIMIT 1", booking.RecountArgs{}.Kind())
		if err != nil {
			t.Fatal(err)
		}
		if len(found) == 1 {
			job = found[0]
		}
		return job.State == state
	})
	return job
}

// holdLedger keeps recounts from ending until release is called.
func holdLedger(t *testing.T, db *pgxpool.Pool) (release func()) {
	t.Helper()
	tx, err := db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := tx.Exec(t.Context(), "SET LOCAL idle_in_transaction_session_timeout = 0; LOCK TABLE booking_nights"); err != nil {
		t.Fatal(err)
	}
	return func() { rollBack(t, tx) }
}

func rollBack(t *testing.T, tx pgx.Tx) {
	t.Helper()
	if err := tx.Rollback(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// TestKilledWorker kills a worker in the middle of a job. Another does it.
func TestKilledWorker(t *testing.T) {
	t.Parallel()
	config := pgtest.Config(t)
	db := pgtest.Open(t, config)
	release := holdLedger(t, db)
	p, _ := spawnWorker(t, config)
	job := recountIn(t, db, "running")
	p.Kill()
	release()
	letAnHourPass(t, db)
	next, _ := spawnWorker(t, config)
	again := recountIn(t, db, "completed")
	if again.ID != job.ID || again.Attempt != 2 {
		t.Errorf("job after the kill: got %+v, want the second attempt at job %d", again, job.ID)
	}
	next.await(t, `"kind":"inventory_recount".*"outcome":"completed".*("rescues":1)`)
	var results int
	if err := db.QueryRow(t.Context(), "SELECT count(*) FROM inventory_recount").Scan(&results); err != nil || results != 1 {
		t.Errorf("results of the recount: got %d, %v, want 1", results, err)
	}
	terminate(t, next)
}

// TestWorkerStopsSoftly tells a worker to stop in the middle of a job, which it finishes.
func TestWorkerStopsSoftly(t *testing.T) {
	t.Parallel()
	config := pgtest.Config(t)
	db := pgtest.Open(t, config)
	release := holdLedger(t, db)
	p, base := spawnWorker(t, config)
	recountIn(t, db, "running")
	p.Signal(syscall.SIGTERM)
	proctest.Eventually(t, "/ready says 503", func() bool {
		status, _ := fetch(t, base+"/ready")
		return status == http.StatusServiceUnavailable
	})
	if status, _ := fetch(t, base+"/live"); status != http.StatusOK {
		t.Errorf("GET /live = %d while a job finishes, want 200", status)
	}
	release()
	p.WantSuccess()
	if job := recountIn(t, db, "completed"); job.Attempt != 1 {
		t.Errorf("job that ran: got attempt %d, want the first to finish", job.Attempt)
	}
}

// letAnHourPass ends the lease of a dead leader, and the time that the jobs of a dead worker may take.
func letAnHourPass(t *testing.T, db *pgxpool.Pool) {
	t.Helper()
	_, err := db.Exec(t.Context(), `
WITH led AS (UPDATE river_leader SET elected_at = elected_at - interval '1 hour', expires_at = expires_at - interval '1 hour')
UPDATE river_job SET attempted_at = attempted_at - interval '1 hour' WHERE state = 'running'`)
	if err != nil {
		t.Fatal(err)
	}
}

// terminate tells the process to stop, which must succeed.
func terminate(t *testing.T, p *process) {
	t.Helper()
	p.Signal(syscall.SIGTERM)
	p.WantSuccess()
}
