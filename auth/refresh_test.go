package auth_test

import (
	"encoding/base64"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/auth"
)

// signedInAnna returns a bench with one user and the tokens of their first session.
func signedInAnna(t *testing.T) (*bench, *auth.Tokens) {
	t.Helper()
	b := setup(t)
	b.user(t, "anna@example.com", auth.Guest)
	return b, b.login(t, "anna@example.com")
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	b, first := signedInAnna(t)
	second := b.wantRefresh(t, first.RefreshToken, http.StatusOK)
	if second.RefreshToken == first.RefreshToken || second.AccessToken == first.AccessToken || second.ExpiresIn != 600 {
		t.Errorf("refreshed to %+v from %+v", second, first)
	}
	b.wantAlive(t, second, http.StatusOK)
	third := b.wantRefresh(t, second.RefreshToken, http.StatusOK)
	b.wantAlive(t, third, http.StatusOK)
	if n := b.count(t, "auth_refresh_tokens_total", "success"); n != 2 {
		t.Errorf("auth_refresh_tokens_total{success} = %v, want 2", n)
	}
}

func TestRefreshAgainWithinGrace(t *testing.T) {
	t.Parallel()
	b, first := signedInAnna(t)
	second := b.wantRefresh(t, first.RefreshToken, http.StatusOK)
	b.clock.advance(auth.RefreshGrace)
	again := b.wantRefresh(t, first.RefreshToken, http.StatusOK)
	if again.RefreshToken != second.RefreshToken {
		t.Errorf("the reply that is repeated has the refresh token %s, want %s", again.RefreshToken, second.RefreshToken)
	}
	b.wantAlive(t, again, http.StatusOK)
	b.wantRefresh(t, second.RefreshToken, http.StatusOK)
}

func TestRefreshReuse(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(b *bench, first, second *auth.Tokens){
		"after the grace": func(b *bench, _, _ *auth.Tokens) { b.clock.advance(auth.RefreshGrace + time.Millisecond) },
		"after the successor was used": func(b *bench, _, second *auth.Tokens) {
			b.wantRefresh(t, second.RefreshToken, http.StatusOK)
		},
		"after it expired too": func(b *bench, _, _ *auth.Tokens) { b.clock.advance(15 * 24 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, first := signedInAnna(t)
			bystander := b.login(t, "anna@example.com")
			second := b.wantRefresh(t, first.RefreshToken, http.StatusOK)
			play(b, first, second)
			b.wantRefresh(t, first.RefreshToken, http.StatusUnauthorized)
			if n := b.count(t, "auth_failed_attempts_total", "refresh_token_reused"); n != 1 {
				t.Errorf("auth_failed_attempts_total{refresh_token_reused} = %v, want 1", n)
			}
			b.wantAlive(t, second, http.StatusUnauthorized)
			b.wantRefresh(t, second.RefreshToken, http.StatusUnauthorized)
			if name != "after it expired too" {
				b.wantRefresh(t, bystander.RefreshToken, http.StatusOK)
			}
		})
	}
}

func TestRefreshIdle(t *testing.T) {
	t.Parallel()
	b, tokens := signedInAnna(t)
	b.clock.advance(14*24*time.Hour - time.Second)
	tokens = b.wantRefresh(t, tokens.RefreshToken, http.StatusOK)
	b.clock.advance(14 * 24 * time.Hour)
	b.wantRefresh(t, tokens.RefreshToken, http.StatusUnauthorized)
	if n := b.count(t, "auth_failed_attempts_total", "refresh_token_invalid"); n != 1 {
		t.Errorf("auth_failed_attempts_total{refresh_token_invalid} = %v, want 1", n)
	}
}

func TestRefreshRefuses(t *testing.T) {
	t.Parallel()
	b, tokens := signedInAnna(t)
	for name, token := range map[string]string{
		"never made":      base64.RawURLEncoding.EncodeToString(make([]byte, 32)),
		"an access token": tokens.AccessToken,
		"short":           tokens.RefreshToken[:42],
		"padded":          tokens.RefreshToken + "=",
		"malleated":       malleate(tokens.RefreshToken),
		"line break":      tokens.RefreshToken + "\n",
		"a word":          "x",
	} {
		res := b.api.Do("POST", "/auth/refresh", map[string]string{"refresh_token": token})
		if p := res.Problem(); res.Status != http.StatusUnauthorized || p.Code != "invalid_refresh_token" {
			t.Errorf("%s: %d %s, want 401 invalid_refresh_token", name, res.Status, p.Code)
		}
	}
	b.wantRefresh(t, tokens.RefreshToken, http.StatusOK)
}

func TestRefreshTokensAreStoredHashed(t *testing.T) {
	t.Parallel()
	b, tokens := signedInAnna(t)
	raw, err := base64.RawURLEncoding.DecodeString(tokens.RefreshToken)
	if err != nil {
		t.Fatal(err)
	}
	var found bool
	err = b.db.QueryRow(t.Context(), `SELECT EXISTS (SELECT FROM refresh_tokens WHERE hash = $1 OR hash <> sha256($1))`, raw).Scan(&found)
	if err != nil || found {
		t.Errorf("the token is stored otherwise than as its SHA-256 (%v)", err)
	}
}

func TestRefreshOfDisabledUser(t *testing.T) {
	t.Parallel()
	b, tokens := signedInAnna(t)
	// The session is left as it is: the user alone must be enough.
	if _, err := b.db.Exec(t.Context(), `UPDATE users SET disabled_at = now()`); err != nil {
		t.Fatal(err)
	}
	b.wantRefresh(t, tokens.RefreshToken, http.StatusUnauthorized)
	b.wantAlive(t, tokens, http.StatusUnauthorized)
}

// Replicas that have one token before them at the same moment: the second must not judge it by what was true before
// the first.
func TestRefreshWaitsForItsSession(t *testing.T) {
	t.Parallel()
	b, first := signedInAnna(t)
	successors := make([]string, 3)
	var calls []func()
	for i := range successors {
		calls = append(calls, func() {
			successors[i] = b.wantRefresh(t, first.RefreshToken, http.StatusOK).RefreshToken
		})
	}
	b.whileHeld(t, "sessions", `SELECT`, calls...)
	if successors[1] != successors[0] || successors[2] != successors[0] {
		t.Errorf("successors of one token are %v, want one", successors)
	}
}

// A sign-out that comes between the token and its exchange wins.
func TestRefreshWhileSessionEnds(t *testing.T) {
	t.Parallel()
	b, tokens := signedInAnna(t)
	b.whileHeld(t, "sessions", `UPDATE sessions SET revoked_at = now()`, func() {
		b.wantRefresh(t, tokens.RefreshToken, http.StatusUnauthorized)
	})
}

// A client that sends one token many times at once, as tabs of a browser do, ends up with one successor.
func TestRefreshAllAtOnce(t *testing.T) {
	t.Parallel()
	b, first := signedInAnna(t)
	other := b.service(t, auth.Config{})
	successors := make([]string, 50)
	var wg sync.WaitGroup
	for i := range successors {
		wg.Go(func() {
			s := []*auth.Service{b.auth, other}[i%2]
			tokens, err := s.Refresh(t.Context(), &auth.RefreshParams{RefreshToken: first.RefreshToken})
			if err != nil {
				t.Errorf("Refresh() = %v", err)
				return
			}
			successors[i] = tokens.RefreshToken
		})
	}
	wg.Wait()
	for _, s := range successors {
		if s != successors[0] {
			t.Fatalf("successors %s and %s of one token", s, successors[0])
		}
	}
	var stored int
	if err := b.db.QueryRow(t.Context(), `SELECT count(*) FROM refresh_tokens`).Scan(&stored); err != nil || stored != 2 {
		t.Errorf("%d tokens are stored (%v), want 2", stored, err)
	}
	b.wantRefresh(t, successors[0], http.StatusOK)
	b.wantRefresh(t, first.RefreshToken, http.StatusUnauthorized)
	b.wantRefresh(t, successors[0], http.StatusUnauthorized)
}

// A thief and a victim who use a token and its successor at the same time: the old one either comes first, and
// is a repeated reply, or ends the session.
func TestRefreshOldAndNewAtOnce(t *testing.T) {
	t.Parallel()
	b, tokens := signedInAnna(t)
	for range 30 {
		next := b.wantRefresh(t, tokens.RefreshToken, http.StatusOK)
		var wg sync.WaitGroup
		var oldErr, newErr error
		var last *auth.Tokens
		wg.Go(func() {
			_, oldErr = b.auth.Refresh(t.Context(), &auth.RefreshParams{RefreshToken: tokens.RefreshToken})
		})
		wg.Go(func() {
			last, newErr = b.auth.Refresh(t.Context(), &auth.RefreshParams{RefreshToken: next.RefreshToken})
		})
		wg.Wait()
		switch {
		case newErr != nil:
			t.Fatalf("Refresh(successor) = %v", newErr)
		case oldErr == nil:
			b.wantAlive(t, last, http.StatusOK)
			tokens = last
		default:
			wantKind(t, "Refresh(replaced)", oldErr, "invalid_refresh_token")
			b.wantAlive(t, last, http.StatusUnauthorized)
			tokens = b.login(t, "anna@example.com")
		}
	}
}

func TestRefreshAndLogoutAtOnce(t *testing.T) {
	t.Parallel()
	b, _ := signedInAnna(t)
	for range 20 {
		tokens := b.login(t, "anna@example.com")
		var wg sync.WaitGroup
		var next *auth.Tokens
		wg.Go(func() { next, _ = b.auth.Refresh(t.Context(), &auth.RefreshParams{RefreshToken: tokens.RefreshToken}) })
		wg.Go(func() { b.api.As(tokens.AccessToken).Do("POST", "/auth/logout", nil).Want(http.StatusNoContent) })
		wg.Wait()
		if next != nil {
			b.wantAlive(t, next, http.StatusUnauthorized)
			b.wantRefresh(t, next.RefreshToken, http.StatusUnauthorized)
		}
	}
}

func FuzzReadRefreshToken(f *testing.F) {
	f.Add(base64.RawURLEncoding.EncodeToString(make([]byte, 32)))
	f.Add(strings.Repeat("_", 43))
	f.Fuzz(func(t *testing.T, s string) {
		if again, err := auth.ReadRefreshToken(s); err == nil && again != s {
			t.Errorf("%q is read as %q", s, again)
		}
	})
}

// A stolen token is exchanged by the thief and by its owner, one after the other. The service cannot tell who is who:
// whichever comes second, too late or after the successor was used, ends the session for both. Other sessions of the
// owner go on.
func TestTokenTheft(t *testing.T) {
	t.Parallel()
	for name, play := range map[string]func(t *testing.T, b *bench, stolen *auth.Tokens) (taken *auth.Tokens){
		"thief first, victim late": func(t *testing.T, b *bench, stolen *auth.Tokens) *auth.Tokens {
			t.Helper()
			thief := b.wantRefresh(t, stolen.RefreshToken, http.StatusOK)
			b.clock.advance(auth.RefreshGrace + time.Second)
			return thief
		},
		"thief first and again, victim at once": func(t *testing.T, b *bench, stolen *auth.Tokens) *auth.Tokens {
			t.Helper()
			thief := b.wantRefresh(t, stolen.RefreshToken, http.StatusOK)
			return b.wantRefresh(t, thief.RefreshToken, http.StatusOK)
		},
		"victim first, thief days later": func(t *testing.T, b *bench, stolen *auth.Tokens) *auth.Tokens {
			t.Helper()
			victim := b.wantRefresh(t, stolen.RefreshToken, http.StatusOK)
			for range 3 {
				b.clock.advance(24 * time.Hour)
				victim = b.wantRefresh(t, victim.RefreshToken, http.StatusOK)
			}
			return victim
		},
		"victim first, thief at once, both once more": func(t *testing.T, b *bench, stolen *auth.Tokens) *auth.Tokens {
			t.Helper()
			victim := b.wantRefresh(t, stolen.RefreshToken, http.StatusOK)
			thief := b.wantRefresh(t, stolen.RefreshToken, http.StatusOK) // within the grace: the same successor
			next := b.wantRefresh(t, victim.RefreshToken, http.StatusOK)
			b.clock.advance(auth.RefreshGrace + time.Second)
			b.wantRefresh(t, thief.RefreshToken, http.StatusUnauthorized)
			return next
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, stolen := signedInAnna(t)
			elsewhere := b.login(t, "anna@example.com")
			taken := play(t, b, stolen)
			b.wantRefresh(t, stolen.RefreshToken, http.StatusUnauthorized)
			b.wantRefresh(t, taken.RefreshToken, http.StatusUnauthorized)
			b.wantAlive(t, taken, http.StatusUnauthorized)
			b.wantAlive(t, stolen, http.StatusUnauthorized)
			b.wantRefresh(t, elsewhere.RefreshToken, http.StatusOK)
		})
	}
}

// However often it is refreshed, a session ends after 60 days.
func TestRefreshAbsoluteEnd(t *testing.T) {
	t.Parallel()
	b, tokens := signedInAnna(t)
	for range 4 {
		b.clock.advance(13 * day)
		tokens = b.wantRefresh(t, tokens.RefreshToken, http.StatusOK)
	}
	b.clock.advance(8*day - time.Second)
	tokens = b.wantRefresh(t, tokens.RefreshToken, http.StatusOK)
	b.clock.advance(time.Second)
	b.wantRefresh(t, tokens.RefreshToken, http.StatusUnauthorized)
	b.wantAlive(t, tokens, http.StatusUnauthorized)
}
