package auth_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/auth"
)

func TestConsole(t *testing.T) {
	t.Parallel()
	b := setupConsole(t)
	b.user(t, "Anna@example.com", auth.Admin)
	br := b.browser(t)
	br.wantOut()
	p := br.ask("GET", signInPage, "").want(http.StatusOK)
	for _, want := range []string{"<h1>Test Console</h1>", `action="` + signInPage + `"`, `value="` + homePage + `"`} {
		if !strings.Contains(p.body, want) {
			t.Errorf("the sign-in page lacks %s:\n%s", want, p.body)
		}
	}

	br.signIn("anna@example.com", goodPassword).wantRedirect(homePage)
	br.wantIn()
	if got, want := br.ask("POST", homePage+"api/x?y=%2F", "z=1").body, behind+"POST "+homePage+"api/x?y=%2F admin z=1"; got != want {
		t.Errorf("POST = %q, want %q", got, want)
	}
	p = br.ask("GET", signInPage, "").want(http.StatusOK)
	if !strings.Contains(p.body, "signed in as <strong>Anna@example.com</strong>") || !strings.Contains(p.body, `action="`+signOutPage+`"`) {
		t.Errorf("the sign-in page of an admin who is signed in does not tell so:\n%s", p.body)
	}

	br.ask("POST", signOutPage, "").wantRedirect(signInPage)
	if br.cookie(homePage) != nil {
		t.Error("the browser still has the cookie")
	}
	br.wantOut()
	br.ask("POST", signOutPage, "").wantRedirect(signInPage)
}

// What the browser is told to keep is known to nobody else, and not even to the database.
func TestConsoleCookie(t *testing.T) {
	t.Parallel()
	b := setupConsole(t)
	b.user(t, "anna@example.com", auth.Admin)
	br := b.browser(t)
	set := br.signIn("anna@example.com", goodPassword).header.Values("Set-Cookie")
	value := br.cookie(homePage).Value
	if want := "__Secure-console=" + value + "; Path=" + consolePath + "; HttpOnly; Secure; SameSite=Strict"; len(set) != 1 || set[0] != want {
		t.Errorf("Set-Cookie: %s, want %s", set, want)
	}
	if len(value) != 43 {
		t.Errorf("the cookie holds %q, want 256 bits", value)
	}
	for path, sent := range map[string]bool{
		consolePath: true, homePage + "api/jobs": true, "/": false, "/apps/x/auth/me": false, "/apps/x/consoles": false, "/console/": false,
	} {
		if got := br.cookie(path) != nil; got != sent {
			t.Errorf("cookie sent to %s: %v, want %v", path, got, sent)
		}
	}
	var known bool
	err := b.db.QueryRow(t.Context(), `
SELECT EXISTS (SELECT FROM console_sessions WHERE encode(hash, 'base64') LIKE '%' || left($1, 20) || '%')`,
		strings.NewReplacer("-", "+", "_", "/").Replace(value)).Scan(&known)
	if err != nil || known {
		t.Errorf("the database has the cookie itself: %v, %v", known, err)
	}
	out := br.ask("POST", signOutPage, "").header.Get("Set-Cookie")
	if want := "__Secure-console=; Path=" + consolePath + "; Max-Age=0; HttpOnly; Secure; SameSite=Strict"; out != want {
		t.Errorf("Set-Cookie: %s, want %s", out, want)
	}
	if log := b.logged(); strings.Contains(log, value) || strings.Contains(log, goodPassword) {
		t.Errorf("the log tells the cookie or the password:\n%s", log)
	}
}

func TestConsoleOverPlainHTTP(t *testing.T) {
	t.Parallel()
	b := serveConsole(t, setup(t), auth.ConsoleConfig{PlainHTTP: true}, httptest.NewServer)
	_, br := b.admin(t, "anna@example.com")
	br.wantIn()
	again := br.signIn("anna@example.com", goodPassword).header.Get("Set-Cookie")
	if want := "console=" + br.cookie(homePage).Value + "; Path=" + consolePath + "; HttpOnly; SameSite=Strict"; again != want {
		t.Errorf("Set-Cookie: %s, want %s", again, want)
	}
}

// Whoever may not sign in learns nothing of why, and gets no session.
func TestConsoleRefuses(t *testing.T) {
	t.Parallel()
	b := setupConsole(t)
	b.user(t, "admin@example.com", auth.Admin)
	b.user(t, "manager@example.com", auth.Manager)
	b.user(t, "guest@example.com", auth.Guest)
	b.user(t, "disabled@example.com", auth.Admin)
	if err := b.auth.Disable(t.Context(), "disabled@example.com"); err != nil {
		t.Fatal(err)
	}
	var first string
	for _, tc := range []struct{ email, password, reason string }{
		{"admin@example.com", "seven-quiet-heron", "invalid_password"},
		{"nobody@example.com", goodPassword, "user_not_found"},
		{"disabled@example.com", goodPassword, "user_disabled"},
		{"manager@example.com", goodPassword, "not_an_admin"},
		{"guest@example.com", goodPassword, "not_an_admin"},
		{"guest@example.com", "wrong-password", "invalid_password"},
		{"", "", "user_not_found"},
	} {
		br, before := b.browser(t), b.count(t, "auth_failed_attempts_total", tc.reason)
		p := br.signIn(tc.email, tc.password).want(http.StatusUnprocessableEntity)
		br.wantOut()
		if cookie := p.header.Get("Set-Cookie"); cookie != "" || br.cookie(homePage) != nil {
			t.Errorf("%s got the cookie %s", tc.email, cookie)
		}
		if n := b.count(t, "auth_failed_attempts_total", tc.reason) - before; n != 1 {
			t.Errorf("%s: auth_failed_attempts_total{%s} rose by %v, want 1", tc.email, tc.reason, n)
		}
		for _, want := range []string{`value="` + tc.email + `"`, `id="error"`, `aria-invalid="true"`, `aria-describedby="error"`} {
			if !strings.Contains(p.body, want) {
				t.Errorf("the page for %s lacks %s", tc.email, want)
			}
		}
		body := strings.Replace(p.body, `value="`+tc.email+`"`, `value=""`, 1)
		if first == "" {
			first = body
		}
		if body != first || strings.Contains(body, tc.password) != (tc.password == "") {
			t.Errorf("%s is answered\n%s\nwant\n%s", tc.email, body, first)
		}
	}
	var sessions int
	if err := b.db.QueryRow(t.Context(), `SELECT count(*) FROM sessions`).Scan(&sessions); err != nil || sessions != 0 {
		t.Errorf("%d sessions, %v; want none", sessions, err)
	}
}

func TestConsoleTakesItsCookieOnly(t *testing.T) {
	t.Parallel()
	b := setupConsole(t)
	_, br := b.admin(t, "anna@example.com")
	tokens := b.login(t, "anna@example.com")
	cookie := br.cookie(homePage)
	flipped := []byte(cookie.Value)
	flipped[10] ^= 1
	for name, header := range map[string][]string{
		"bearer token":       {"Authorization", "Bearer " + tokens.AccessToken},
		"cookie as bearer":   {"Authorization", "Bearer " + cookie.Value},
		"other name":         {"Cookie", "console=" + cookie.Value},
		"access token":       {"Cookie", cookie.Name + "=" + tokens.AccessToken},
		"refresh token":      {"Cookie", cookie.Name + "=" + tokens.RefreshToken},
		"forged":             {"Cookie", cookie.Name + "=" + string(flipped)},
		"padded":             {"Cookie", cookie.Name + "=" + cookie.Value + "="},
		"cut":                {"Cookie", cookie.Name + "=" + cookie.Value[:42]},
		"empty":              {"Cookie", cookie.Name + "="},
		"zero":               {"Cookie", cookie.Name + "=" + strings.Repeat("A", 43)},
		"not base64":         {"Cookie", cookie.Name + "=%00'; DROP TABLE sessions--"},
		"wrong cookie first": {"Cookie", cookie.Name + "=x; " + cookie.Name + "=" + cookie.Value},
	} {
		b.browser(t).ask("GET", homePage, "", header...).wantRedirect(signInPage)
		p := b.browser(t).ask("POST", homePage+"api/jobs/cancel", "", header...)
		if got := p.header.Get("WWW-Authenticate"); p.status != http.StatusUnauthorized || got != `Cookie realm="console"` {
			t.Errorf("%s: %d with the challenge %q, want 401 and one for a cookie", name, p.status, got)
		}
	}
	b.api.As(cookie.Value).Do("GET", "/auth/me", nil).WantProblem(http.StatusUnauthorized, "unauthenticated")
	b.wantRefresh(t, cookie.Value, http.StatusUnauthorized)
	br.ask("GET", "/apps/x/auth/me", "", "Cookie", cookie.String()).want(http.StatusUnauthorized)
	br.wantIn()
}

// A new sign-in never takes over a session that was there before, and leaves none behind.
func TestConsoleSignsInAgain(t *testing.T) {
	t.Parallel()
	b := setupConsole(t)
	_, br := b.admin(t, "anna@example.com")
	b.user(t, "boris@example.com", auth.Admin)
	old := br.cookie(homePage)
	br.signIn("boris@example.com", goodPassword).wantRedirect(homePage)
	if br.cookie(homePage).Value == old.Value {
		t.Error("the cookie is the same as before")
	}
	b.browser(t).ask("GET", homePage, "", "Cookie", old.String()).wantRedirect(signInPage)
	if p := br.ask("GET", signInPage, ""); !strings.Contains(p.body, "boris@example.com") {
		t.Errorf("signed in as another than boris@example.com:\n%s", p.body)
	}
	refused := br.signIn("anna@example.com", "wrong-password")
	refused.want(http.StatusUnprocessableEntity)
	br.wantIn()
}

// Who used the console is in the log.
func TestConsoleIsLogged(t *testing.T) {
	t.Parallel()
	b := setupConsole(t)
	u, br := b.admin(t, "anna@example.com")
	br.ask("GET", homePage, "")
	br.ask("PUT", homePage+"api/queues/default/pause", "")
	log := b.logged()
	for _, want := range []string{
		fmt.Sprintf(`msg="an admin signed in to the console" user_id=%d session_id=`, u.ID),
		"method=GET route=/console/ status=200", "method=PUT route=/console/ status=200", fmt.Sprintf(" user_id=%d\n", u.ID),
	} {
		if !strings.Contains(log, want) {
			t.Errorf("log lacks %s:\n%s", want, log)
		}
	}
}

// What admins may have changed in the console is in the audit log, and so is that they left.
func TestConsoleIsAudited(t *testing.T) {
	t.Parallel()
	b := setupConsole(t)
	u, br := b.admin(t, "anna@example.com")
	for _, method := range []string{"GET", "HEAD", "OPTIONS"} {
		br.call(method, homePage+"api/jobs").want(http.StatusOK)
	}
	for _, method := range []string{"POST", "PUT", "PATCH", "DELETE"} {
		br.call(method, homePage+"api/jobs%00%FF?x=1").want(http.StatusOK)
	}
	br.ask("POST", homePage+"api/jobs", "", "Sec-Fetch-Site", "cross-site").want(http.StatusForbidden)
	b.browser(t).call("POST", homePage+"api/jobs").want(http.StatusUnauthorized)
	br.signIn("anna@example.com", goodPassword).want(http.StatusSeeOther)
	br.ask("POST", signOutPage, "").want(http.StatusSeeOther)
	br.ask("POST", signOutPage, "").want(http.StatusSeeOther)
	rows, err := b.db.Query(t.Context(), `
SELECT concat_ws(' ', action, object_type, after->>'method', after->>'path', CASE WHEN session_id = object_id THEN 'its own' END)
FROM audit_log WHERE actor_id = $1 AND actor_role = 'admin' AND session_id IS NOT NULL AND action NOT LIKE 'sign_in.%'
ORDER BY id`, u.ID)
	if err != nil {
		t.Fatal(err)
	}
	got, err := pgx.CollectRows(rows, pgx.RowTo[string])
	const deed = "console.request console %s " + homePage + "api/jobs%%00%%FF"
	want := []string{
		fmt.Sprintf(deed, "POST"), fmt.Sprintf(deed, "PUT"), fmt.Sprintf(deed, "PATCH"), fmt.Sprintf(deed, "DELETE"),
		"session.end session its own", "session.end session its own",
	}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("audit log: got %q, %v, want %q", got, err, want)
	}
}

// What cannot be written down is not done.
func TestConsoleNeedsTheAuditLog(t *testing.T) {
	t.Parallel()
	b := setupConsole(t)
	_, br := b.admin(t, "anna@example.com")
	if _, err := b.db.Exec(t.Context(), `ALTER TABLE audit_log ADD CONSTRAINT log_is_full CHECK (id < 0) NOT VALID`); err != nil {
		t.Fatal(err)
	}
	if p := br.call("POST", homePage+"api/jobs").want(http.StatusInternalServerError); strings.Contains(p.body, behind) {
		t.Errorf("%s is handed on: %s", p.what, p.body)
	}
	br.ask("POST", signOutPage, "").want(http.StatusInternalServerError)
	br.wantIn()
}
