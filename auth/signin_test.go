package auth_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

func TestLogin(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.user(t, "anna@example.com", auth.Guest)
	var tokens auth.Tokens
	b.api.Do("POST", "/auth/login", map[string]string{"email": "anna@example.com", "password": goodPassword}).
		Want(http.StatusOK).Decode(&tokens)
	if tokens.TokenType != "Bearer" || tokens.ExpiresIn != 600 || len(tokens.RefreshToken) != 43 {
		t.Errorf("tokens = %+v", tokens)
	}
	b.wantAlive(t, &tokens, http.StatusOK)
	if n := b.count(t, "auth_logins_total", "success"); n != 1 {
		t.Errorf("auth_logins_total{success} = %v, want 1", n)
	}
}

func TestLoginRefusalsAreAlike(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.user(t, "anna@example.com", auth.Guest)
	b.user(t, "gone@example.com", auth.Guest)
	b.user(t, "later@example.com", auth.Guest)
	if err := b.auth.Disable(t.Context(), "gone@example.com"); err != nil {
		t.Fatal(err)
	}
	if _, err := b.db.Exec(t.Context(), `UPDATE users SET password_hash = NULL WHERE email = 'later@example.com'`); err != nil {
		t.Fatal(err)
	}
	var first string
	for _, tc := range []struct{ email, password, reason string }{
		{"nobody@example.com", goodPassword, "user_not_found"},
		{"anna@example.com", goodPassword + "!", "invalid_password"},
		{"later@example.com", goodPassword, "invalid_password"},
		{"gone@example.com", goodPassword, "user_disabled"},
	} {
		before := b.count(t, "auth_failed_attempts_total", tc.reason)
		res := b.api.Do("POST", "/auth/login", map[string]string{"email": tc.email, "password": tc.password})
		p := res.WantProblem(http.StatusUnauthorized, "invalid_credentials")
		if answer := p.Title + p.Detail; first == "" {
			first = answer
		} else if answer != first {
			t.Errorf("%s: answered %q, others %q", tc.reason, answer, first)
		}
		if n := b.count(t, "auth_failed_attempts_total", tc.reason); n != before+1 {
			t.Errorf("auth_failed_attempts_total{%s} = %v, want %v", tc.reason, n, before+1)
		}
	}
	if n := b.count(t, "auth_logins_total", "failure"); n != 4 {
		t.Errorf("auth_logins_total{failure} = %v, want 4", n)
	}
}

// Tokens are for nobody's cache, and every 401 names the scheme that is taken (RFC 9110, section 11.6.1).
func TestTokensAreNotCached(t *testing.T) {
	t.Parallel()
	b, tokens := signedInAnna(t)
	for _, res := range []*apitest.Response{
		b.api.Do("POST", "/auth/login", map[string]string{"email": "anna@example.com", "password": goodPassword}).Want(http.StatusOK),
		b.api.Do("POST", "/auth/refresh", map[string]string{"refresh_token": tokens.RefreshToken}).Want(http.StatusOK),
	} {
		if got := res.Header.Get("Cache-Control"); got != "no-store" {
			t.Errorf("Cache-Control = %q, want no-store", got)
		}
	}
	for _, res := range []*apitest.Response{
		b.api.Do("POST", "/auth/login", map[string]string{"email": "anna@example.com", "password": "wrong"}).Want(http.StatusUnauthorized),
		b.api.Do("POST", "/auth/refresh", map[string]string{"refresh_token": "x"}).Want(http.StatusUnauthorized),
	} {
		if got := res.Header.Get("WWW-Authenticate"); got != "Bearer" {
			t.Errorf("WWW-Authenticate = %q, want Bearer", got)
		}
	}
}

func TestMetricsStartAtZero(t *testing.T) {
	t.Parallel()
	b := setup(t)
	for _, series := range [][2]string{
		{"auth_registrations_total", ""}, {"auth_logins_total", "success"}, {"auth_logins_total", "failure"},
		{"auth_refresh_tokens_total", "success"}, {"auth_refresh_tokens_total", "failure"},
		{"auth_failed_attempts_total", "user_not_found"}, {"auth_failed_attempts_total", "invalid_password"},
		{"auth_failed_attempts_total", "user_disabled"}, {"auth_failed_attempts_total", "refresh_token_invalid"},
		{"auth_failed_attempts_total", "refresh_token_reused"},
	} {
		if n := b.count(t, series[0], series[1]); n != 0 {
			t.Errorf("%s{%s} = %v, want 0", series[0], series[1], n)
		}
	}
}

func TestLoginRehashes(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.user(t, "anna@example.com", auth.Guest)
	dearer := b.service(t, auth.Config{Argon2: auth.Argon2{MemoryKiB: 16, Passes: 2, Lanes: 1}})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			p := &auth.LoginParams{Email: "anna@example.com", Password: goodPassword}
			if _, err := dearer.Login(t.Context(), p); err != nil {
				t.Errorf("Login() while others rehash = %v", err)
			}
		})
	}
	wg.Wait()
	var hash string
	if err := b.db.QueryRow(t.Context(), `SELECT password_hash FROM users`).Scan(&hash); err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=16,t=2,p=1$") {
		t.Errorf("after the sign-in the hash is %s", hash)
	}
	b.wantLogin(t, "anna@example.com", goodPassword, http.StatusOK)
}

// A sign-in that finds the account changed under it looks again: another replica may only have rehashed.
func TestLoginWhileHashChanges(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		hash   string
		status int
	}{
		"same password":  {`(SELECT password_hash FROM users WHERE email = 'twin@example.com')`, http.StatusOK},
		"other password": {`(SELECT password_hash FROM users WHERE email = 'other@example.com')`, http.StatusUnauthorized},
		"disabled":       {`password_hash, disabled_at = now()`, http.StatusUnauthorized},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			b.user(t, "anna@example.com", auth.Guest)
			b.user(t, "twin@example.com", auth.Guest)
			b.user(t, "other@example.com", auth.Guest)
			if err := b.auth.SetPassword(t.Context(), "other@example.com", "nine-patient-otters"); err != nil {
				t.Fatal(err)
			}
			b.whileHeld(t, "users", `UPDATE users SET password_hash = `+tc.hash+` WHERE email = 'anna@example.com'`, func() {
				b.wantLogin(t, "anna@example.com", goodPassword, tc.status)
			})
		})
	}
}

// A session that the old password opened must not survive the change of the password, however the two interleave.
func TestLoginWhilePasswordChanges(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.user(t, "anna@example.com", auth.Guest)
	passwords := []string{goodPassword, "nine-patient-otters"}
	for round := range 20 {
		before, after := passwords[round%2], passwords[(round+1)%2]
		var wg sync.WaitGroup
		opened := make([]*auth.Tokens, 6)
		for i := range opened {
			wg.Go(func() {
				opened[i], _ = b.auth.Login(t.Context(), &auth.LoginParams{Email: "anna@example.com", Password: before})
			})
		}
		wg.Go(func() {
			if err := b.auth.SetPassword(t.Context(), "anna@example.com", after); err != nil {
				t.Errorf("SetPassword() = %v", err)
			}
		})
		wg.Wait()
		for _, tokens := range opened {
			if tokens != nil {
				b.wantAlive(t, tokens, http.StatusUnauthorized)
			}
		}
	}
}

func TestLogout(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.user(t, "anna@example.com", auth.Guest)
	left, stays := b.login(t, "anna@example.com"), b.login(t, "anna@example.com")
	b.api.As(left.AccessToken).Do("POST", "/auth/logout", nil).Want(http.StatusNoContent)
	b.wantAlive(t, left, http.StatusUnauthorized)
	b.wantRefresh(t, left.RefreshToken, http.StatusUnauthorized)
	b.wantAlive(t, stays, http.StatusOK)
	b.wantRefresh(t, stays.RefreshToken, http.StatusOK)
}

func TestLogoutAll(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.user(t, "anna@example.com", auth.Guest)
	b.user(t, "boris@example.com", auth.Guest)
	one, two, other := b.login(t, "anna@example.com"), b.login(t, "anna@example.com"), b.login(t, "boris@example.com")
	b.api.As(one.AccessToken).Do("POST", "/auth/logout-all", nil).Want(http.StatusNoContent)
	for _, tokens := range []*auth.Tokens{one, two} {
		b.wantAlive(t, tokens, http.StatusUnauthorized)
		b.wantRefresh(t, tokens.RefreshToken, http.StatusUnauthorized)
	}
	b.wantAlive(t, other, http.StatusOK)
}

func TestNewRefusesBadConfig(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]auth.Config{
		"short secret":    {SecretKey: make([]byte, 31)},
		"negative time":   {SecretKey: secret, AccessTTL: -time.Second},
		"too much memory": {SecretKey: secret, Argon2: auth.Argon2{MemoryKiB: 1 << 21}},
	} {
		if _, err := auth.New(nil, cfg); err == nil {
			t.Errorf("%s: New() succeeded", name)
		}
	}
}
