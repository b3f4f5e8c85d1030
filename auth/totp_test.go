package auth_test

import (
	"cmp"
	"encoding/base32"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

// An authenticator is the app of a user, with the recovery codes written on a sheet beside it.
type authenticator struct {
	clock    *clock
	secret   []byte
	recovery []string
}

// code returns what the app shows so many steps from now.
func (a *authenticator) code(steps int64) string {
	return auth.OneTimeCode(a.secret, a.clock.now().Unix()/30+steps, 6)
}

// withTOTP makes a user who has a second factor, and returns its app. The code of this time step is used up.
func (b *bench) withTOTP(tb testing.TB, email string, role auth.Role) *authenticator {
	tb.Helper()
	_, api := b.signedIn(tb, email, role)
	return b.enroll(tb, api)
}

func (b *bench) enroll(tb testing.TB, api *apitest.Client) *authenticator {
	tb.Helper()
	app := &authenticator{clock: b.clock, secret: askSecret(tb, api)}
	var codes auth.RecoveryCodes
	api.Do("POST", "/auth/totp/confirm", map[string]string{"code": app.code(0)}).Want(http.StatusOK).Decode(&codes)
	app.recovery = codes.RecoveryCodes
	return app
}

func askSecret(tb testing.TB, api *apitest.Client) []byte {
	tb.Helper()
	var made auth.TOTPSecret
	api.Do("POST", "/auth/totp", nil).Want(http.StatusOK).Decode(&made)
	secret, err := base32.StdEncoding.WithPadding(base32.NoPadding).DecodeString(made.Secret)
	if err != nil || len(secret) != 20 {
		tb.Fatalf("secret %q: %d bytes, %v; want 20", made.Secret, len(secret), err)
	}
	return secret
}

// wantOTP checks how a sign-in with goodPassword and a code is answered: by tokens where code is "".
func (b *bench) wantOTP(tb testing.TB, email, otp, code string) {
	tb.Helper()
	body := map[string]string{"email": email, "password": goodPassword}
	if otp != "" {
		body["otp"] = otp
	}
	res := b.api.With(tb).Do("POST", "/auth/login", body)
	if code == "" {
		res.Want(http.StatusOK)
		return
	}
	res.WantProblem(http.StatusUnauthorized, code)
}

// The vectors of RFC 6238, appendix B, for SHA-1.
func TestOneTimeCode(t *testing.T) {
	t.Parallel()
	for seconds, want := range map[int64]string{
		59: "94287082", 1111111109: "07081804", 1111111111: "14050471",
		1234567890: "89005924", 2000000000: "69279037", 20000000000: "65353130",
	} {
		if got := auth.OneTimeCode([]byte("12345678901234567890"), seconds/30, 8); got != want {
			t.Errorf("code at %d s: got %s, want %s", seconds, got, want)
		}
	}
	// Appendix D of RFC 4226 has codes of six digits.
	if got := auth.OneTimeCode([]byte("12345678901234567890"), 9, 6); got != "520489" {
		t.Errorf("code of step 9: got %s, want 520489", got)
	}
}

func TestEnrollTOTP(t *testing.T) {
	t.Parallel()
	const email = "anna+x@example.com"
	b := setup(t)
	_, api := b.signedIn(t, email, auth.Guest)
	api.Do("POST", "/auth/totp/confirm", map[string]string{"code": "123456"}).WantProblem(http.StatusConflict, "totp_not_pending")
	replaced := &authenticator{clock: b.clock, secret: askSecret(t, api)}
	var made auth.TOTPSecret
	api.Do("POST", "/auth/totp", nil).Want(http.StatusOK).Decode(&made)
	want := "otpauth://totp/Shum%20Booking:" + email + "?secret=" + made.Secret + "&issuer=Shum%20Booking&algorithm=SHA1&digits=6&period=30"
	if made.URI != want {
		t.Errorf("uri = %s, want %s", made.URI, want)
	}
	wantField(t, api.Do("POST", "/auth/totp/confirm", map[string]string{"code": replaced.code(0)}), "code", "incorrect")
	b.wantOTP(t, email, "", "")
	app := b.enroll(t, api)
	if len(app.recovery) != 10 {
		t.Errorf("%d recovery codes, want 10: %s", len(app.recovery), app.recovery)
	}
	api.Do("POST", "/auth/totp", nil).WantProblem(http.StatusConflict, "totp_enabled")
	api.Do("POST", "/auth/totp/confirm", map[string]string{"code": app.code(0)}).WantProblem(http.StatusConflict, "totp_not_pending")
	var me auth.User
	if api.Do("GET", "/auth/me", nil).Want(http.StatusOK).Decode(&me); !me.TOTPEnabled {
		t.Error("the profile does not tell that one-time codes are on")
	}
	var known int
	err := b.db.QueryRow(t.Context(), `SELECT count(*) FROM totp WHERE position($1::bytea in secret) > 0`, app.secret).Scan(&known)
	if err != nil || known != 0 {
		t.Errorf("the database has the secret itself: %d, %v", known, err)
	}
}

// A sign-in that began before the second factor was confirmed, and ends after, must not do without it.
func TestSignInWhileTOTPIsConfirmed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, api := b.signedIn(t, "anna@example.com", auth.Guest)
	var once sync.Once
	b.auth.CountHashes(func(hash func()) {
		once.Do(func() { b.enroll(t, api) })
		hash()
	})
	b.wantOTP(t, "anna@example.com", "", "otp_required")
}

// A secret that waits to be confirmed is gone after some wrong codes.
func TestConfirmTOTPGuessed(t *testing.T) {
	t.Parallel()
	b := setup(t)
	_, api := b.signedIn(t, "anna@example.com", auth.Guest)
	app := &authenticator{clock: b.clock, secret: askSecret(t, api)}
	for range auth.MaxWrongCodes {
		wantField(t, api.Do("POST", "/auth/totp/confirm", map[string]string{"code": "12345"}), "code", "incorrect")
	}
	api.Do("POST", "/auth/totp/confirm", map[string]string{"code": app.code(0)}).WantProblem(http.StatusConflict, "totp_not_pending")
	b.enroll(t, api)
}

func TestSignInWithTOTP(t *testing.T) {
	t.Parallel()
	const email = "anna@example.com"
	b := setup(t)
	app := b.withTOTP(t, email, auth.Manager)
	b.wantOTP(t, email, "", "otp_required")
	b.wantLogin(t, email, "wrong-password", http.StatusUnauthorized)
	b.wantOTP(t, email, app.code(0), "invalid_credentials") // confirmed the secret
	b.wantOTP(t, email, app.code(-1), "invalid_credentials")
	b.wantOTP(t, email, app.code(2), "invalid_credentials")
	if n := b.failures(t, email); n != 4 {
		t.Errorf("%d failures counted, want 4: a code that is missing is none", n)
	}
	b.wantOTP(t, email, app.code(1), "")
	if n := b.failures(t, email); n != 0 {
		t.Errorf("%d failures after a success, want 0", n)
	}
	b.wantOTP(t, email, app.code(1), "invalid_credentials")
	b.clock.advance(3 * 30 * time.Second)
	b.wantOTP(t, email, app.code(-2), "invalid_credentials")
	spaced := app.code(-1)
	b.wantOTP(t, email, spaced[:3]+" "+spaced[3:], "")
	b.wantOTP(t, email, app.code(0), "")
}

func TestRecoveryCodes(t *testing.T) {
	t.Parallel()
	const email = "anna@example.com"
	b := setup(t)
	app := b.withTOTP(t, email, auth.Guest)
	b.wantOTP(t, email, app.recovery[0], "")
	b.wantOTP(t, email, app.recovery[0], "invalid_credentials")
	b.wantOTP(t, email, strings.ToLower(strings.ReplaceAll(app.recovery[1], "-", "")), "")
	b.wantOTP(t, email, strings.Repeat("A", 24), "invalid_credentials")
	var left int
	if err := b.db.QueryRow(t.Context(), `SELECT count(*) FROM recovery_codes`).Scan(&left); err != nil || left != 8 {
		t.Errorf("%d recovery codes left (%v), want 8", left, err)
	}
}

// A code works once, also where several come with it at the same time and all of them have seen it unused.
func TestTOTPCodeUsedAtOnce(t *testing.T) {
	t.Parallel()
	b := setup(t)
	app := b.withTOTP(t, "anna@example.com", auth.Guest)
	replicas := []*auth.Service{b.auth, b.service(t, auth.Config{})}
	for table, code := range map[string]string{"totp": app.code(1), "recovery_codes": app.recovery[0]} {
		results := make([]error, 2)
		var calls []func()
		for i := range results {
			calls = append(calls, func() {
				p := &auth.LoginParams{Email: "anna@example.com", Password: goodPassword, OTP: &code}
				_, results[i] = replicas[i].Login(t.Context(), p)
			})
		}
		b.whileHeld(t, table, `SELECT`, calls...)
		if (results[0] == nil) == (results[1] == nil) {
			t.Fatalf("two sign-ins with one code of %s: %v and %v, want one refused", table, results[0], results[1])
		}
		wantKind(t, "Login() with a used code", cmp.Or(results[0], results[1]), "invalid_credentials")
	}
}

func TestRemoveTOTP(t *testing.T) {
	t.Parallel()
	for name, choose := range map[string]func(*authenticator) string{
		"code":          func(a *authenticator) string { return a.code(1) },
		"recovery code": func(a *authenticator) string { return a.recovery[3] },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setup(t)
			_, api := b.signedIn(t, "anna@example.com", auth.Guest)
			remove := func(password, code string) *apitest.Response {
				return api.Do("DELETE", "/auth/totp", map[string]string{"password": password, "code": code})
			}
			remove(goodPassword, "123456").WantProblem(http.StatusConflict, "totp_not_enabled")
			app := b.enroll(t, api)
			wantField(t, remove("wrong-password", app.code(1)), "password", "incorrect")
			wantField(t, remove(goodPassword, app.code(0)), "code", "incorrect")
			if n := b.failures(t, "anna@example.com"); n != 2 {
				t.Errorf("%d failures counted, want 2", n)
			}
			remove(goodPassword, choose(app)).Want(http.StatusNoContent)
			b.wantOTP(t, "anna@example.com", "", "")
			remove(goodPassword, app.recovery[0]).WantProblem(http.StatusConflict, "totp_not_enabled")
			b.enroll(t, api)
			b.wantOTP(t, "anna@example.com", app.recovery[5], "invalid_credentials")
		})
	}
}

func TestResetTOTP(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.withTOTP(t, "anna@example.com", auth.Guest)
	b.wantOTP(t, "anna@example.com", "", "otp_required")
	if err := b.auth.ResetTOTP(t.Context(), "Anna@example.com"); err != nil {
		t.Fatal(err)
	}
	b.wantOTP(t, "anna@example.com", "", "")
	wantKind(t, "ResetTOTP() again", b.auth.ResetTOTP(t.Context(), "anna@example.com"), "totp_not_enabled")
	wantKind(t, "ResetTOTP(nobody)", b.auth.ResetTOTP(t.Context(), "nobody@example.com"), "not_found")
}

// Whoever begins to use codes, or stops, stays signed in, and nobody else does. After a reset nobody does.
func TestTOTPEndsSessions(t *testing.T) {
	t.Parallel()
	const email = "anna@example.com"
	b := setupConsole(t)
	_, br := b.admin(t, email)
	mine, other := b.login(t, email), b.login(t, email)
	// Turning codes on takes no password: whoever stole a token must not sign the owner out by it.
	app := b.enroll(t, b.api.As(mine.AccessToken))
	b.wantAlive(t, other, http.StatusOK)

	removal := map[string]string{"password": goodPassword, "code": "123"}
	wantField(t, b.api.As(mine.AccessToken).Do("DELETE", "/auth/totp", removal), "code", "incorrect")
	b.wantAlive(t, other, http.StatusOK)
	removal["code"] = app.recovery[1]
	b.api.As(mine.AccessToken).Do("DELETE", "/auth/totp", removal).Want(http.StatusNoContent)
	b.wantAlive(t, other, http.StatusUnauthorized)
	b.wantRefresh(t, other.RefreshToken, http.StatusUnauthorized)
	br.wantOut()
	b.wantAlive(t, mine, http.StatusOK)

	b.enroll(t, b.api.As(mine.AccessToken))
	if err := b.auth.ResetTOTP(t.Context(), email); err != nil {
		t.Fatal(err)
	}
	b.wantAlive(t, mine, http.StatusUnauthorized)
}

// Whoever takes an account over or deletes it leaves nothing of its second factor.
func TestTOTPGoesWithItsUser(t *testing.T) {
	t.Parallel()
	b := setup(t)
	u, _ := b.signedIn(t, "anna@example.com", auth.Guest)
	b.withTOTP(t, "boris@example.com", auth.Guest)
	b.failTimes(t, "boris@example.com", auth.LocksFrom)
	b.enroll(t, b.api.As(b.login(t, "anna@example.com").AccessToken))
	if err := b.auth.EnsureAdmin(t.Context(), "boris@example.com", goodPassword); err != nil {
		t.Fatal(err)
	}
	b.wantOTP(t, "boris@example.com", "", "")
	admin := b.api.As(b.login(t, "boris@example.com").AccessToken)
	admin.Do("DELETE", userPath(u), nil).Want(http.StatusNoContent)
	var left int
	if err := b.db.QueryRow(t.Context(), `SELECT count(*) FROM totp`).Scan(&left); err != nil || left != 0 {
		t.Errorf("%d second factors left (%v), want 0", left, err)
	}
}

// What is sealed opens with the key it was sealed with, for the user it was sealed for, and not otherwise.
func TestSeal(t *testing.T) {
	t.Parallel()
	s := offline(t, time.Now)
	sealed, keyID := s.Seal([]byte("a secret"), 7)
	if got, err := s.Open(sealed, keyID, 7); err != nil || string(got) != "a secret" {
		t.Errorf("Open() = %q, %v", got, err)
	}
	if again, _ := s.Seal([]byte("a secret"), 7); string(again) == string(sealed) {
		t.Error("sealed twice to the same bytes")
	}
	changed := append([]byte{}, sealed...)
	changed[len(changed)-1] ^= 1
	other := offlineWith(t, "another secret of thirty-two byte", time.Now)
	_, otherID := other.Seal(nil, 7)
	for name, err := range map[string]error{
		"another user":   second(s.Open(sealed, keyID, 8)),
		"changed":        second(s.Open(changed, keyID, 7)),
		"cut":            second(s.Open(sealed[:8], keyID, 7)),
		"another key":    second(other.Open(sealed, otherID, 7)),
		"an unknown key": second(other.Open(sealed, keyID, 7)),
	} {
		if err == nil {
			t.Errorf("%s: opened", name)
		}
	}
}

func second(_ []byte, err error) error { return err }

// A second factor outlives the rotation of the secret key: the hourly purge seals it anew.
func TestTOTPAfterRotation(t *testing.T) {
	t.Parallel()
	const email = "anna@example.com"
	b := setup(t)
	app := b.withTOTP(t, email, auth.Guest)
	rotated := b.rotated(t)
	login := func(s *auth.Service, code string) error {
		_, err := s.Login(t.Context(), &auth.LoginParams{Email: email, Password: goodPassword, OTP: &code})
		return err
	}
	if err := login(rotated, app.code(1)); err != nil {
		t.Errorf("Login() with a secret under the previous key = %v", err)
	}
	if err := rotated.Purge(t.Context()); err != nil {
		t.Fatal(err)
	}
	b.clock.advance(time.Minute)
	if err := login(b.onlyNew(t), app.code(0)); err != nil {
		t.Errorf("Login() once the previous key is gone = %v", err)
	}
	wantKind(t, "Login() without the key", login(b.auth, app.code(1)), "invalid_credentials")
	if err := login(b.auth, app.recovery[0]); err != nil {
		t.Errorf("Login() with a recovery code without the key = %v", err)
	}
}

// The form of the console demands the code of those who have a second factor, without telling anybody else.
func TestConsoleWithTOTP(t *testing.T) {
	t.Parallel()
	b := setupConsole(t)
	const email = "anna@example.com"
	app := b.withTOTP(t, email, auth.Admin)
	b.withTOTP(t, "manager@example.com", auth.Manager)
	br := b.browser(t)
	submit := func(email, password, otp string) *webPage {
		return br.ask("POST", signInPage, url.Values{"email": {email}, "password": {password}, "otp": {otp}}.Encode())
	}
	p := submit(email, goodPassword, "").want(http.StatusUnprocessableEntity)
	for _, want := range []string{"needs a one-time code", `value="` + email + `"`, `maxlength="64" required aria-invalid="true"`} {
		if !strings.Contains(p.body, want) {
			t.Errorf("the page lacks %s:\n%s", want, p.body)
		}
	}
	for what, p := range map[string]*webPage{
		"wrong code":     submit(email, goodPassword, "123"),
		"wrong password": submit(email, "wrong-password", ""),
		"no admin":       submit("manager@example.com", goodPassword, ""),
	} {
		if p.want(http.StatusUnprocessableEntity); strings.Contains(p.body, "needs a one-time code") || strings.Contains(p.body, goodPassword) {
			t.Errorf("%s: the page tells that a code is needed, or the password:\n%s", what, p.body)
		}
	}
	br.wantOut()
	submit(email, goodPassword, app.code(1)).wantRedirect(homePage)
	br.wantIn()
	var sessions struct{ Items []auth.Session }
	b.api.As(b.tokensWith(t, email, app.recovery[0]).AccessToken).Do("GET", "/auth/sessions", nil).Want(http.StatusOK).Decode(&sessions)
	kinds := make([]string, 0, 3)
	for _, s := range sessions.Items {
		kinds = append(kinds, s.Kind)
	}
	if got, want := fmt.Sprint(kinds), "[api console api]"; got != want {
		t.Errorf("kinds of sessions: got %s, want %s", got, want)
	}
}

func (b *bench) tokensWith(tb testing.TB, email, otp string) *auth.Tokens {
	tb.Helper()
	tokens, err := b.auth.Login(tb.Context(), &auth.LoginParams{Email: email, Password: goodPassword, OTP: &otp})
	if err != nil {
		tb.Fatalf("Login(%s) = %v", email, err)
	}
	return tokens
}
