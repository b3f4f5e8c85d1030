package auth_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/errs"
)

// failTimes makes an account one that had so many failures in a row, the last of them now.
func (b *bench) failTimes(tb testing.TB, email string, failures int) {
	tb.Helper()
	next := "'infinity'"
	if failures < auth.LocksFrom {
		next = fmt.Sprintf("to_timestamp(%d)", b.clock.now().Add(time.Second).Unix())
	}
	_, err := b.db.Exec(tb.Context(), `
INSERT INTO sign_in_failures (user_id, failures, next_try_at)
SELECT id, $2, `+next+` FROM users WHERE email = $1
ON CONFLICT (user_id) DO UPDATE SET failures = excluded.failures, next_try_at = excluded.next_try_at`, email, failures)
	if err != nil {
		tb.Fatal(err)
	}
}

// failures returns how many failures in a row are counted on an account.
func (b *bench) failures(tb testing.TB, email string) int {
	tb.Helper()
	var n int
	err := b.db.QueryRow(tb.Context(), `
SELECT coalesce(max(f.failures), 0) FROM sign_in_failures f JOIN users u ON u.id = f.user_id WHERE u.email = $1`, email).Scan(&n)
	if err != nil {
		tb.Fatal(err)
	}
	return n
}

// Of ten failures in a row nothing comes; from then on each further try waits, twice as long every time.
func TestSignInWaits(t *testing.T) {
	t.Parallel()
	const email = "anna@example.com"
	b, running := signedInAnna(t)
	for range auth.WaitsFrom - 1 {
		b.wantLogin(t, email, "wrong-password", http.StatusUnauthorized)
	}
	b.wantLogin(t, email, goodPassword, http.StatusOK)
	if n := b.failures(t, email); n != 0 {
		t.Fatalf("%d failures after a success, want 0", n)
	}
	for range auth.WaitsFrom {
		b.wantLogin(t, email, "wrong-password", http.StatusUnauthorized)
	}
	wait := time.Second
	for failures := auth.WaitsFrom; failures < auth.LocksFrom; failures++ {
		b.clock.advance(wait - time.Millisecond)
		b.wantLogin(t, email, goodPassword, http.StatusUnauthorized)
		if n := b.failures(t, email); n != failures {
			t.Fatalf("%d failures after a try during the wait of %v, want %d", n, wait, failures)
		}
		b.clock.advance(time.Millisecond)
		b.wantLogin(t, email, "wrong-password", http.StatusUnauthorized)
		if n := b.failures(t, email); n != failures+1 {
			t.Fatalf("%d failures after the wait of %v and another one, want %d", n, wait, failures+1)
		}
		wait = min(2*wait, auth.MaxWait)
	}
	b.clock.advance(1000 * 24 * time.Hour)
	b.wantLogin(t, email, goodPassword, http.StatusUnauthorized)
	b.clock.advance(-1000 * 24 * time.Hour)
	b.wantRefresh(t, running.RefreshToken, http.StatusOK)
	if err := b.auth.Unlock(t.Context(), email); err != nil {
		t.Fatal(err)
	}
	b.wantLogin(t, email, goodPassword, http.StatusOK)
}

// The right password ends the waits, once it is looked at.
func TestSignInAfterWait(t *testing.T) {
	t.Parallel()
	b, _ := signedInAnna(t)
	b.failTimes(t, "anna@example.com", 50)
	b.wantLogin(t, "anna@example.com", goodPassword, http.StatusUnauthorized)
	b.clock.advance(time.Second)
	b.wantLogin(t, "anna@example.com", goodPassword, http.StatusOK)
	b.wantLogin(t, "anna@example.com", "wrong-password", http.StatusUnauthorized)
	b.wantLogin(t, "anna@example.com", goodPassword, http.StatusOK)
}

// guesses sends wrong passwords at once, through two replicas.
func (b *bench) guesses(t *testing.T, n int) {
	t.Helper()
	replicas := []*auth.Service{b.auth, b.service(t, auth.Config{})}
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			_, err := replicas[i%2].Login(t.Context(), &auth.LoginParams{Email: "anna@example.com", Password: "wrong-password"})
			wantKind(t, "Login(wrong)", err, "invalid_credentials")
		})
	}
	wg.Wait()
}

// However many guesses come at once, no more are looked at than came by the same count: one more than the slots of
// the replicas, once there are failures, and exactly one where a wait is over.
func TestSignInGuessesAtOnce(t *testing.T) {
	t.Parallel()
	b, _ := signedInAnna(t)
	b.guesses(t, 500)
	if looked, most := b.looks(t), auth.WaitsFrom+2*b.auth.HashingSlots()-1; looked < auth.WaitsFrom || looked > most {
		t.Errorf("%d of 500 guesses were looked at, want %d to %d", looked, auth.WaitsFrom, most)
	}
	if n := b.failures(t, "anna@example.com"); n != auth.WaitsFrom {
		t.Errorf("%d failures after 500 guesses at once, want %d: the first wait is the shortest", n, auth.WaitsFrom)
	}
	b.clock.advance(time.Second)
	b.wantLogin(t, "anna@example.com", goodPassword, http.StatusOK)
	b.failTimes(t, "anna@example.com", 20)
	b.clock.advance(time.Second)
	b.guesses(t, 100)
	if n := b.failures(t, "anna@example.com"); n != 21 {
		t.Errorf("%d failures after a wait and 100 guesses at once, want 21", n)
	}
}

// looks returns how many guesses were compared with the password.
func (b *bench) looks(t *testing.T) (n int) {
	t.Helper()
	const compared = `SELECT count(*) FROM audit_log WHERE action = 'sign_in.failure' AND after ->> 'reason' = 'invalid_password'`
	if err := b.db.QueryRow(t.Context(), compared).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestSignInsAtOnce(t *testing.T) {
	t.Parallel()
	b, _ := signedInAnna(t)
	replicas := []*auth.Service{b.auth, b.service(t, auth.Config{})}
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			p := &auth.LoginParams{Email: "anna@example.com", Password: goodPassword}
			if _, err := replicas[i%2].Login(t.Context(), p); err != nil {
				t.Errorf("Login() beside others = %v", err)
			}
		})
	}
	wg.Wait()
}

// Every password that is checked counts for the account, and none is looked at during a wait.
func TestPasswordChecksAreGuarded(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ method, path, body, field string }{
		"change of the password": {"POST", "/auth/password", `{"current_password": %q, "new_password": "nine-patient-otters"}`, "current_password"},
		"change of the e-mail":   {"PATCH", "/auth/me", `{"current_password": %q, "email": "new@example.com"}`, "current_password"},
		"end of one-time codes":  {"DELETE", "/auth/totp", `{"password": %q, "code": "123"}`, "password"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			_, api := b.signedIn(t, "anna@example.com", auth.Guest)
			for range auth.WaitsFrom {
				wantField(t, api.Do(tc.method, tc.path, fmt.Sprintf(tc.body, "wrong-password")), tc.field, "incorrect")
			}
			if n := b.failures(t, "anna@example.com"); n != auth.WaitsFrom {
				t.Errorf("%d failures counted, want %d", n, auth.WaitsFrom)
			}
			wantField(t, api.Do(tc.method, tc.path, fmt.Sprintf(tc.body, goodPassword)), tc.field, "incorrect")
			b.wantLogin(t, "anna@example.com", goodPassword, http.StatusUnauthorized)
			if n := b.failures(t, "anna@example.com"); n != auth.WaitsFrom {
				t.Errorf("%d failures counted after tries during the wait, want %d", n, auth.WaitsFrom)
			}
		})
	}
}

// A password alone does not make good for failures: who knows it could guess codes for ever in between.
func TestPasswordCheckForgetsNothing(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, api := b.signedIn(t, "anna@example.com", auth.Guest)
	b.failTimes(t, "anna@example.com", 5)
	api.Do("PATCH", "/auth/me", `{"current_password": "`+goodPassword+`", "email": "new@example.com"}`).Want(http.StatusOK)
	if n := b.failures(t, "new@example.com"); n != 5 {
		t.Errorf("%d failures after a password check, want 5", n)
	}
}

// However many sign in at once, no more passwords are hashed at a time than there are slots.
func TestHashesAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var now, most atomic.Int64
	b.auth.CountHashes(func(hash func()) {
		n := now.Add(1)
		for seen := most.Load(); n > seen && !most.CompareAndSwap(seen, n); seen = most.Load() {
		}
		hash()
		now.Add(-1)
	})
	var wg sync.WaitGroup
	for range 500 {
		wg.Go(func() {
			_, err := b.auth.Login(t.Context(), &auth.LoginParams{Email: "nobody@example.com", Password: goodPassword})
			wantKind(t, "Login(nobody)", err, "invalid_credentials")
		})
	}
	wg.Wait()
	if got, limit := most.Load(), int64(b.auth.HashingSlots()); got < 1 || got > limit {
		t.Errorf("%d passwords were hashed at a time, want 1 to %d", got, limit)
	}
}

// Who waits too long for a turn to hash is told to come back, and has cost no memory.
func TestHashingWaitEnds(t *testing.T) {
	t.Parallel()
	b, _ := signedInAnna(t)
	release := b.auth.TakeHashingTurns()
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	_, err := b.auth.Login(ctx, &auth.LoginParams{Email: "anna@example.com", Password: goodPassword})
	if e, ok := errors.AsType[*errs.Error](err); !ok || e.Kind != errs.Unavailable || e.RetryAfter <= 0 {
		t.Errorf("Login() without a turn = %v, want unavailable, with a time to come back", err)
	}
	release()
	b.wantLogin(t, "anna@example.com", goodPassword, http.StatusOK)
}

// A try on an account that changes every time it is looked at is neither let in nor taken for a guess.
func TestSignInOnAChangingAccount(t *testing.T) {
	t.Parallel()
	b, _ := signedInAnna(t)
	// Their hashes are of the same password, and differ.
	b.user(t, "boris@example.com", auth.Guest)
	b.user(t, "clara@example.com", auth.Guest)
	b.auth.CountHashes(func(hash func()) {
		hash()
		_, err := b.db.Exec(t.Context(), `
UPDATE users SET password_hash = (SELECT min(o.password_hash) FROM users o WHERE o.password_hash <> users.password_hash)
WHERE email = 'anna@example.com'`)
		if err != nil {
			t.Error(err)
		}
	})
	_, err := b.auth.Login(t.Context(), &auth.LoginParams{Email: "anna@example.com", Password: goodPassword})
	if e, ok := errors.AsType[*errs.Error](err); !ok || e.Kind != errs.Unavailable || e.RetryAfter <= 0 {
		t.Errorf("Login() = %v, want unavailable, with a time to come back", err)
	}
	if n := b.failures(t, "anna@example.com"); n != 0 {
		t.Errorf("%d failures counted, want 0", n)
	}
}

// A guess whose client leaves before the answer is counted all the same.
func TestSignInCountsWhoLeft(t *testing.T) {
	t.Parallel()
	b, _ := signedInAnna(t)
	ctx, leave := context.WithCancel(t.Context())
	b.auth.CountHashes(func(hash func()) { leave(); hash() })
	_, err := b.auth.Login(ctx, &auth.LoginParams{Email: "anna@example.com", Password: "wrong-password"})
	wantKind(t, "Login(wrong)", err, "invalid_credentials")
	if n := b.failures(t, "anna@example.com"); n != 1 {
		t.Errorf("%d failures counted, want 1", n)
	}
}

// Every attempt to sign in is in the audit log, with the reason for its failure and no e-mail.
func TestSignInIsAudited(t *testing.T) {
	t.Parallel()
	b, _ := signedInAnna(t)
	b.wantLogin(t, "anna@example.com", "wrong-password", http.StatusUnauthorized)
	b.wantLogin(t, "nobody@example.com", "wrong-password", http.StatusUnauthorized)
	rows, err := b.db.Query(t.Context(), `
SELECT concat_ws(' ', action,
	CASE WHEN actor_id = object_id AND session_id IS NOT NULL THEN 'by the user' ELSE 'by nobody' END,
	CASE WHEN object_id IS NOT NULL THEN 'on a user' END, after->>'reason')
FROM audit_log WHERE action LIKE 'sign_in.%' ORDER BY id`)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	want := []string{
		"sign_in.success by the user on a user", "sign_in.failure by nobody on a user invalid_password",
		"sign_in.failure by nobody user_not_found",
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("audit log: got %q, %v, want %q", got, err, want)
	}
}
