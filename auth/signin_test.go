package auth_test

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/auth"
)

func TestSignUp(t *testing.T) {
	t.Parallel()
	b := setup(t)
	res := b.api.Do("POST", "/auth/register", `{"email": "Anna@Example.com", "password": "`+goodPassword+`",
		"first_name": "Anna", "last_name": null, "telegram_id": 9223372036854775807}`).Want(http.StatusCreated)
	var got auth.User
	res.Decode(&got)
	if got.Email != "Anna@Example.com" || got.Role != auth.Guest || *got.FirstName != "Anna" || got.LastName != nil ||
		*got.TelegramID != 9223372036854775807 || got.PachcaID != nil || got.DisabledAt != nil {
		t.Errorf("registered %+v", got)
	}
	if want := userPath(&got); res.Header.Get("Location") != want {
		t.Errorf("Location = %q, want %q", res.Header.Get("Location"), want)
	}
	if strings.Contains(string(res.Body), "hash") || strings.Contains(string(res.Body), goodPassword) {
		t.Errorf("the answer tells a secret: %s", res.Body)
	}
	if !strings.Contains(string(res.Body), `Z","disabled_at"`) {
		t.Errorf("created_at is not in UTC: %s", res.Body)
	}
	if n := b.count(t, "auth_registrations_total", ""); n != 1 {
		t.Errorf("auth_registrations_total = %v, want 1", n)
	}
	b.wantLogin(t, "anna@EXAMPLE.com", goodPassword, http.StatusOK)
}

func TestSignUpRefusesBadInput(t *testing.T) {
	t.Parallel()
	b := setup(t)
	body := func(email, password, more string) string {
		return `{"email": "` + email + `", "password": "` + password + `"` + more + `}`
	}
	for name, tc := range map[string]struct{ body, field, code string }{
		"space before":       {body(" a@example.com", goodPassword, ""), "email", "format"},
		"space after":        {body("a@example.com ", goodPassword, ""), "email", "format"},
		"no at":              {body("example.com", goodPassword, ""), "email", "format"},
		"null e-mail":        {`{"email": null, "password": "` + goodPassword + `"}`, "email", "type"},
		"no password":        {`{"email": "a@example.com"}`, "password", "required"},
		"seven characters":   {body("a@example.com", "пароля7", ""), "password", "min_length"},
		"129 characters":     {body("a@example.com", strings.Repeat("абвг", 32)+"д", ""), "password", "max_length"},
		"short once NFC":     {body("a@example.com", "e\u0301abcdef", ""), "password", "min_length"},
		"common":             {body("a@example.com", "Password", ""), "password", "too_common"},
		"common with ending": {body("a@example.com", "Dragon2026!", ""), "password", "too_common"},
		"common in disguise": {body("a@example.com", "p@$$w0rd", ""), "password", "too_common"},
		"walk":               {body("a@example.com", "1qaz2wsx", ""), "password", "too_common"},
		"product":            {body("a@example.com", "ShumBooking1", ""), "password", "too_common"},
		"one character":      {body("a@example.com", "zzzzzzzzzz", ""), "password", "too_simple"},
		"local part":         {body("agatha.lim@example.com", "Agatha.Lim", ""), "password", "too_personal"},
		"local part, ending": {body("agathalim@example.com", "agathalim1!", ""), "password", "too_personal"},
		"whole e-mail":       {body("agatha@example.com", "agatha@example.com", ""), "password", "too_personal"},
		"blank name":         {body("a@example.com", goodPassword, `, "first_name": "  "`), "first_name", "pattern"},
		"long name":          {body("a@example.com", goodPassword, `, "last_name": "`+strings.Repeat("я", 101)+`"`), "last_name", "max_length"},
		"telegram zero":      {body("a@example.com", goodPassword, `, "telegram_id": 0`), "telegram_id", "minimum"},
		"role":               {body("a@example.com", goodPassword, `, "role": "admin"`), "role", "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantField(t, b.api.With(t).Do("POST", "/auth/register", tc.body), tc.field, tc.code)
		})
	}
}

func TestSignUpTakesLongPasswords(t *testing.T) {
	t.Parallel()
	b := setup(t)
	password := strings.Repeat("абвг", 32)
	b.api.Do("POST", "/auth/register", map[string]string{"email": "a@example.com", "password": password}).Want(http.StatusCreated)
	b.wantLogin(t, "a@example.com", password, http.StatusOK)
	b.wantLogin(t, "a@example.com", password[:len(password)-2], http.StatusUnauthorized)
}

func TestPasswordsAreNormalised(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.api.Do("POST", "/auth/register", `{"email": "a@example.com", "password": "cafe\u0301-au-lait"}`).Want(http.StatusCreated)
	b.wantLogin(t, "a@example.com", "caf\u00e9-au-lait", http.StatusOK)
}

func TestSignUpTakenEmail(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.user(t, "anna@example.com", auth.Guest)
	b.api.Do("POST", "/auth/register", map[string]string{"email": "ANNA@example.com", "password": goodPassword}).
		WantProblem(http.StatusConflict, "email_taken")
	if n := b.count(t, "auth_registrations_total", ""); n != 0 {
		t.Errorf("auth_registrations_total = %v, want 0", n)
	}
}

func TestSignUpRace(t *testing.T) {
	t.Parallel()
	b := setup(t)
	var wg sync.WaitGroup
	statuses := make([]int, 16)
	for i := range statuses {
		wg.Go(func() {
			body := map[string]string{"email": "anna@example.com", "password": goodPassword}
			statuses[i] = b.api.Do("POST", "/auth/register", body).Status
		})
	}
	wg.Wait()
	created := 0
	for _, s := range statuses {
		switch s {
		case http.StatusCreated:
			created++
		case http.StatusConflict:
		default:
			t.Errorf("status %d, want 201 or 409", s)
		}
	}
	if created != 1 {
		t.Errorf("%d registrations of one e-mail succeeded, want 1", created)
	}
}

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

func TestLoginWaitsItsTurnOnly(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.user(t, "anna@example.com", auth.Guest)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := b.auth.Login(ctx, &auth.LoginParams{Email: "anna@example.com", Password: goodPassword})
	if err == nil {
		t.Error("Login() of a client that left succeeded")
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
