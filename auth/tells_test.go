package auth_test

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shumbooking/shumbooking/auth"
)

// A statementLog is a pgx.QueryTracer that writes down every statement.
type statementLog struct {
	mu  sync.Mutex
	sql []string
}

var _ pgx.QueryTracer = &statementLog{}

func (l *statementLog) TraceQueryStart(ctx context.Context, _ *pgx.Conn, d pgx.TraceQueryStartData) context.Context {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sql = append(l.sql, strings.TrimSpace(d.SQL))
	return ctx
}

func (l *statementLog) TraceQueryEnd(context.Context, *pgx.Conn, pgx.TraceQueryEndData) {}

// take returns what was written down, and begins anew.
func (l *statementLog) take() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	sql := l.sql
	l.sql = nil
	return sql
}

// traced opens another pool on the database of b, with a log of its statements.
func (b *bench) traced(tb testing.TB) (*pgxpool.Pool, *statementLog) {
	tb.Helper()
	log := &statementLog{}
	config := b.db.Config()
	config.ConnConfig.Tracer = log
	pool, err := pgxpool.NewWithConfig(tb.Context(), config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(pool.Close)
	return pool, log
}

// refusals makes one account for each reason to be refused, and returns how to be refused for it.
func (b *bench) refusals(tb testing.TB) map[string]*auth.LoginParams {
	tb.Helper()
	for _, name := range []string{"anna", "off", "blank", "waits", "locked"} {
		b.user(tb, name+"@example.com", auth.Guest)
	}
	if err := b.auth.Disable(tb.Context(), "off@example.com"); err != nil {
		tb.Fatal(err)
	}
	if _, err := b.db.Exec(tb.Context(), `UPDATE users SET password_hash = NULL WHERE email = 'blank@example.com'`); err != nil {
		tb.Fatal(err)
	}
	b.failTimes(tb, "waits@example.com", auth.WaitsFrom)
	b.failTimes(tb, "locked@example.com", auth.LocksFrom)
	b.withTOTP(tb, "second@example.com", auth.Guest)
	return map[string]*auth.LoginParams{
		"user_not_found":   {Email: "nobody@example.com", Password: goodPassword},
		"invalid_password": {Email: "anna@example.com", Password: "wrong-password"},
		"no password":      {Email: "blank@example.com", Password: goodPassword},
		"user_disabled":    {Email: "off@example.com", Password: goodPassword},
		"account_waiting":  {Email: "waits@example.com", Password: goodPassword},
		"account_locked":   {Email: "locked@example.com", Password: goodPassword},
		"invalid_otp":      {Email: "second@example.com", Password: goodPassword, OTP: new("123")},
	}
}

// Whatever a sign-in is refused for, it hashes one password at the same cost, runs the same statements in one
// transaction, and says the same: neither the answer nor its time tells what was wrong.
func TestSignInTellsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	refusals := b.refusals(t)
	pool, log := b.traced(t)
	db := b.db
	b.db = pool
	s := b.service(t, auth.Config{})
	b.db = db
	var hashes atomic.Int64
	s.CountHashes(func(hash func()) { hashes.Add(1); hash() })
	var first []string
	var answer string
	for reason, p := range refusals {
		log.take()
		hashes.Store(0)
		_, err := s.Login(t.Context(), p)
		wantKind(t, reason, err, "invalid_credentials")
		if n := hashes.Load(); n != 1 {
			t.Errorf("%s: %d passwords hashed, want 1", reason, n)
		}
		statements := log.take()
		if first == nil {
			first = statements
		}
		if !slices.Equal(statements, first) || len(first) != 5 {
			t.Errorf("%s: statements %q, want as for others %q", reason, statements, first)
		}
		res := b.api.Do("POST", "/auth/login", map[string]any{"email": p.Email, "password": p.Password, "otp": p.OTP})
		problem := res.WantProblem(http.StatusUnauthorized, "invalid_credentials")
		if answer == "" {
			answer = problem.Title + problem.Detail
		}
		if got := problem.Title + problem.Detail; got != answer {
			t.Errorf("%s: answered %q, others %q", reason, got, answer)
		}
	}
	if got, want := s.DummyHashCost(), cheap; got != want {
		t.Errorf("no hash is compared with at the cost %+v, want %+v", got, want)
	}
}

// BenchmarkSignInTells measures sign-ins that are refused for different reasons, one of each in turn, and reports
// their medians and by how much those differ, in microseconds.
func BenchmarkSignInTells(b *testing.B) {
	w := setup(b)
	w.auth = w.service(b, auth.Config{Argon2: auth.Argon2{MemoryKiB: 19 << 10, Passes: 2, Lanes: 1}})
	refusals := w.refusals(b)
	delete(refusals, "no password")
	const tries = 200
	for b.Loop() {
		times := make(map[string][]time.Duration)
		for range tries {
			for reason, p := range refusals {
				start := time.Now()
				if _, err := w.auth.Login(b.Context(), p); err == nil {
					b.Fatalf("%s signed in", reason)
				}
				times[reason] = append(times[reason], time.Since(start))
			}
			// A guess that is not counted would be one that waits, after ten of them.
			if _, err := w.db.Exec(b.Context(), `UPDATE sign_in_failures SET failures = 1, next_try_at = to_timestamp(0) WHERE failures < 10`); err != nil {
				b.Fatal(err)
			}
		}
		var medians []time.Duration
		for reason, list := range times {
			slices.Sort(list)
			medians = append(medians, list[tries/2])
			b.ReportMetric(float64(list[tries/2].Microseconds()), reason+"-µs")
		}
		b.ReportMetric(float64((slices.Max(medians) - slices.Min(medians)).Microseconds()), "difference-µs")
	}
}
