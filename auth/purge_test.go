package auth_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/riverqueue/river"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/jobs/jobstest"
)

const day = 24 * time.Hour

func TestPurge(t *testing.T) {
	t.Parallel()
	b := setup(t)
	user := b.user(t, "purged@example.com", auth.Guest)
	kept := []int64{
		b.session(t, user.ID, 10*day, 0),
		b.session(t, user.ID, -29*day, 0),
		b.session(t, user.ID, 10*day, -29*day),
		b.session(t, user.ID, -29*day, -29*day),
	}
	for range auth.PurgeBatch {
		b.session(t, user.ID, -31*day, 0)
		b.session(t, user.ID, 10*day, -31*day)
	}
	b.session(t, user.ID, -31*day, -40*day)
	b.purge(t)
	rows, err := b.db.Query(t.Context(), `
SELECT s.id FROM sessions s JOIN refresh_tokens r ON r.session_id = s.id ORDER BY s.id`)
	if err != nil {
		t.Fatal(err)
	}
	left, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil || !slices.Equal(left, kept) {
		t.Errorf("sessions left: got %v, %v, want %v", left, err, kept)
	}
	want := fmt.Sprintf(`
# HELP auth_sessions_purged_total Sessions deleted a month after they were over.
# TYPE auth_sessions_purged_total counter
auth_sessions_purged_total %d
`, 2*auth.PurgeBatch+1)
	if err := testutil.GatherAndCompare(b.metrics, strings.NewReader(want), "auth_sessions_purged_total"); err != nil {
		t.Error(err)
	}
}

// A session that somebody holds must not hold up the purge.
func TestPurge_LeavesOutWhatIsLocked(t *testing.T) {
	t.Parallel()
	b := setup(t)
	user := b.user(t, "locked@example.com", auth.Guest)
	locked := b.session(t, user.ID, -40*day, 0)
	b.session(t, user.ID, -31*day, 0)
	tx, err := b.db.Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer tx.Rollback(t.Context())
	if _, err := tx.Exec(t.Context(), "SELECT FROM sessions WHERE id = $1 FOR UPDATE", locked); err != nil {
		t.Fatal(err)
	}
	b.purge(t)
	var left int64
	if err := b.db.QueryRow(t.Context(), "SELECT id FROM sessions").Scan(&left); err != nil || left != locked {
		t.Errorf("session left: got %d, %v, want %d", left, err, locked)
	}
}

func TestPurge_UsesIndex(t *testing.T) {
	t.Parallel()
	b := setup(t)
	user := b.user(t, "many@example.com", auth.Guest)
	_, err := b.db.Exec(t.Context(), `
INSERT INTO sessions (user_id, created_at, expires_at) SELECT $1, now(), now() + '10 days' FROM generate_series(1, 5000)`, user.ID)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.db.Exec(t.Context(), "ANALYZE sessions"); err != nil {
		t.Fatal(err)
	}
	rows, err := b.db.Query(t.Context(), "EXPLAIN "+auth.PurgeSessions, time.Now(), auth.PurgeBatch)
	if err != nil {
		t.Fatal(err)
	}
	plan, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	if text := strings.Join(plan, "\n"); !strings.Contains(text, "sessions_over_idx") {
		t.Errorf("the plan of the purge does not use sessions_over_idx:\n%s", text)
	}
}

// session stores a session that ends, and is revoked unless that is 0, so long from now, with a refresh token.
func (b *bench) session(tb testing.TB, user int64, ends, revoked time.Duration) (id int64) {
	tb.Helper()
	now := b.clock.now()
	var revokedAt *time.Time
	if revoked != 0 {
		revokedAt = new(now.Add(revoked))
	}
	err := b.db.QueryRow(tb.Context(), `
WITH s AS (
	INSERT INTO sessions (user_id, created_at, expires_at, revoked_at) VALUES ($1, $2, $3, $4) RETURNING id, expires_at
)
INSERT INTO refresh_tokens (hash, session_id, expires_at) SELECT sha256(s.id::text::bytea), s.id, s.expires_at FROM s
RETURNING session_id`, user, now.Add(-60*day), now.Add(ends), revokedAt).Scan(&id)
	if err != nil {
		tb.Fatal(err)
	}
	return id
}

// purge runs the job.
func (b *bench) purge(t *testing.T) {
	t.Helper()
	kinds := river.NewWorkers()
	b.auth.AddWorkers(kinds)
	jobstest.RunPeriodic(t, b.db, kinds, auth.PeriodicJobs())
}
