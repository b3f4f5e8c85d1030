package auth_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

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

// The session is one of its user's, and whatever ends those ends it at once.
func TestConsoleSessionEnds(t *testing.T) {
	t.Parallel()
	for name, end := range map[string]func(t *testing.T, b *consoleBench, u *auth.User){
		"demoted": func(t *testing.T, b *consoleBench, u *auth.User) {
			t.Helper()
			if err := b.auth.SetRole(t.Context(), u.Email, auth.Manager); err != nil {
				t.Fatal(err)
			}
		},
		"disabled": func(t *testing.T, b *consoleBench, u *auth.User) {
			t.Helper()
			if err := b.auth.Disable(t.Context(), u.Email); err != nil {
				t.Fatal(err)
			}
		},
		"disabled by hand": func(t *testing.T, b *consoleBench, u *auth.User) {
			t.Helper()
			if _, err := b.db.Exec(t.Context(), `UPDATE users SET disabled_at = now() WHERE id = $1`, u.ID); err != nil {
				t.Fatal(err)
			}
		},
		"deleted": func(t *testing.T, b *consoleBench, u *auth.User) {
			t.Helper()
			if _, err := b.auth.DeleteUser(t.Context(), &auth.UserPath{ID: u.ID}); err != nil {
				t.Fatal(err)
			}
		},
		"password set": func(t *testing.T, b *consoleBench, u *auth.User) {
			t.Helper()
			if err := b.auth.SetPassword(t.Context(), u.Email, "eight-quiet-herons"); err != nil {
				t.Fatal(err)
			}
		},
		"password changed": func(t *testing.T, b *consoleBench, u *auth.User) {
			t.Helper()
			b.api.With(t).As(b.login(t, u.Email).AccessToken).Do("POST", "/auth/password",
				map[string]string{"current_password": goodPassword, "new_password": "eight-quiet-herons"}).Want(http.StatusNoContent)
		},
		"signed out everywhere": func(t *testing.T, b *consoleBench, u *auth.User) {
			t.Helper()
			b.api.With(t).As(b.login(t, u.Email).AccessToken).Do("POST", "/auth/logout-all", nil).Want(http.StatusNoContent)
		},
		"session revoked": func(t *testing.T, b *consoleBench, u *auth.User) {
			t.Helper()
			api := b.api.With(t).As(b.login(t, u.Email).AccessToken)
			sessions, _ := sessionsOf(t, api, "")
			if len(sessions) != 2 || sessions[0].Current {
				t.Fatalf("sessions = %+v, want the one of the console first", sessions)
			}
			api.Do("DELETE", fmt.Sprintf("/auth/sessions/%d", sessions[0].ID), nil).Want(http.StatusNoContent)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setupConsole(t)
			u, br := b.admin(t, "anna@example.com")
			_, other := b.admin(t, "boris@example.com")
			br.wantIn()
			end(t, b, u)
			br.wantOut()
			other.wantIn()
		})
	}
}

func TestConsoleSessionLastsWhileUsed(t *testing.T) {
	t.Parallel()
	b := setupConsole(t)
	_, br := b.admin(t, "anna@example.com")
	for range 8 {
		b.clock.advance(54 * time.Minute)
		br.wantIn()
	}
	b.clock.advance(8*time.Hour - 8*54*time.Minute - time.Second)
	br.wantIn()
	b.clock.advance(time.Second)
	br.wantOut()
}

func TestConsoleSessionIdles(t *testing.T) {
	t.Parallel()
	b := setupConsole(t)
	_, br := b.admin(t, "anna@example.com")
	b.clock.advance(time.Hour - time.Second)
	br.wantIn()
	b.clock.advance(time.Hour - time.Second)
	br.wantIn()
	b.clock.advance(time.Hour)
	br.wantOut()
}

// A page that asks every second does not write every second.
func TestConsoleSessionIsKeptRarely(t *testing.T) {
	t.Parallel()
	b := setupConsole(t)
	_, br := b.admin(t, "anna@example.com")
	version := func() (version string) {
		if err := b.db.QueryRow(t.Context(), `SELECT xmin::text || ctid::text FROM sessions`).Scan(&version); err != nil {
			t.Fatal(err)
		}
		return version
	}
	before := version()
	b.clock.advance(5*time.Minute - time.Second)
	br.wantIn()
	if version() != before {
		t.Error("a request within five minutes was written down")
	}
	b.clock.advance(time.Second)
	br.wantIn()
	if version() == before {
		t.Error("a request after five minutes was not written down")
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
		if p := b.browser(t).ask("POST", homePage+"api/jobs/cancel", "", header...); p.status != http.StatusUnauthorized {
			t.Errorf("%s: %d, want 401", name, p.status)
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

// Other sites can neither act for an admin nor sign them in as somebody else.
func TestConsoleRefusesOtherSites(t *testing.T) {
	t.Parallel()
	b := setupConsole(t)
	_, br := b.admin(t, "anna@example.com")
	for _, from := range [][]string{
		{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"},
		{"Sec-Fetch-Site", "", "Origin", "https://evil.example"}, {"Sec-Fetch-Site", "", "Origin", "null"},
		{"Sec-Fetch-Site", "", "Origin", "https://evil.example", "Referer", b.server.URL + homePage},
	} {
		for path, body := range map[string]string{
			homePage + "api/jobs/cancel": "", signOutPage: "",
			signInPage: url.Values{"email": {"anna@example.com"}, "password": {goodPassword}}.Encode(),
		} {
			p := br.ask("POST", path, body, from...).want(http.StatusForbidden)
			if !strings.Contains(p.body, `"code":"forbidden"`) || p.header.Get("Set-Cookie") != "" {
				t.Errorf("%s from %q = %s %v, want a problem and no cookie", p.what, from, p.body, p.header)
			}
		}
		if p := br.ask("GET", homePage+"api/jobs", "", from...).want(http.StatusOK); p.header.Get("Access-Control-Allow-Credentials") != "" {
			t.Errorf("scripts from %q may read %s", from, p.what)
		}
	}
	for _, from := range [][]string{
		{"Sec-Fetch-Site", "none"}, {"Sec-Fetch-Site", ""}, {"Sec-Fetch-Site", "", "Origin", b.server.URL},
	} {
		br.ask("POST", homePage+"api/jobs/cancel", "", from...).want(http.StatusOK)
		br.signIn("anna@example.com", goodPassword, from...).want(http.StatusSeeOther)
	}
}

func TestConsoleLeadsToThePageAskedFor(t *testing.T) {
	t.Parallel()
	b := setupConsole(t)
	_, br := b.admin(t, "anna@example.com")
	out := b.browser(t)
	out.ask("GET", homePage+"jobs/5?state=running&x=%2F%20", "").
		wantRedirect(signInPage + "?next=" + url.QueryEscape(homePage+"jobs/5?state=running&x=%2F%20"))
	out.ask("HEAD", homePage+"jobs", "").wantRedirect(signInPage + "?next=" + url.QueryEscape(homePage+"jobs"))
	out.ask("GET", "/console/jobs", "").wantRedirect(signInPage + "?next=" + url.QueryEscape(homePage+"jobs"))

	for next, to := range map[string]string{
		homePage + "jobs/5?state=running#log": homePage + "jobs/5?state=running",
		homePage + `a\..\b`:                   homePage + `a%5C..%5Cb`,
		"":                                    homePage,
		consolePath:                           homePage,
		consolePath + "s/":                    homePage,
		"/":                                   homePage,
		"/docs":                               homePage,
		"https://evil.example/":               homePage,
		"https://evil.example" + homePage:     homePage,
		"//evil.example" + homePage:           homePage,
		`/\evil.example` + homePage:           homePage,
		"javascript:alert(1)":                 homePage,
		homePage + "../../../docs":            homePage,
		homePage + "%2e%2e/docs":              homePage,
		homePage + "/evil.example":            homePage,
		homePage + "x\r\nSet-Cookie: a=b":     homePage,
		homePage + strings.Repeat("x", 2<<10): homePage,
		homePage + "jobs?\"><script>alert(1)</script>": homePage + `jobs?"><script>alert(1)</script>`,
	} {
		form := url.Values{"email": {"anna@example.com"}, "password": {goodPassword}, "next": {next}}.Encode()
		br.ask("POST", signInPage, form).wantRedirect(to)
		p := out.ask("GET", signInPage+"?next="+url.QueryEscape(next), "").want(http.StatusOK)
		if strings.Contains(p.body, "<script") || strings.Contains(p.body, "evil.example") {
			t.Errorf("next=%s is written as it is:\n%s", next, p.body)
		}
	}
}

// The browser keeps the cookie back when a link on another site leads to the console, so that the sign-in page sends
// on once, from its own site.
func TestConsoleIsReachedFromElsewhere(t *testing.T) {
	t.Parallel()
	b := setupConsole(t)
	_, br := b.admin(t, "anna@example.com")
	out := b.browser(t)
	asked := signInPage + "?next=" + url.QueryEscape(homePage+"jobs/5")
	for site, want := range map[string]string{
		"cross-site": "0; url=" + homePage + "jobs/5", "same-site": "0; url=" + homePage + "jobs/5", "same-origin": "", "none": "", "": "",
	} {
		if got := out.ask("GET", asked, "", "Sec-Fetch-Site", site).want(http.StatusOK).header.Get("Refresh"); got != want {
			t.Errorf("Refresh of the sign-in page from %q = %q, want %q", site, got, want)
		}
		if got := br.ask("GET", asked, "", "Sec-Fetch-Site", site).header.Get("Refresh"); got != "" {
			t.Errorf("Refresh of the sign-in page from %q when signed in = %q, want none", site, got)
		}
	}
}

func TestConsoleHeaders(t *testing.T) {
	t.Parallel()
	b := setupConsole(t)
	_, br := b.admin(t, "anna@example.com")
	pages := map[string]*webPage{
		"form":      b.browser(t).ask("GET", signInPage, ""),
		"refusal":   b.browser(t).signIn("anna@example.com", "wrong-password"),
		"gate":      b.browser(t).ask("GET", homePage, ""),
		"refused":   b.browser(t).call("GET", homePage),
		"signed in": br.ask("GET", signInPage, ""),
		"behind":    br.ask("GET", homePage, ""),
		"sign-in":   br.signIn("anna@example.com", goodPassword),
		"sign-out":  br.ask("POST", signOutPage, ""),
	}
	for name, p := range pages {
		for header, want := range map[string]string{
			"Cache-Control": "no-store", "X-Frame-Options": "DENY", "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
		} {
			if got := p.header.Get(header); got != want {
				t.Errorf("%s: %s: %q, want %q", name, header, got, want)
			}
		}
		policy := p.header.Get("Content-Security-Policy")
		if !strings.HasPrefix(policy, "default-src 'none'; ") || !strings.Contains(policy, "frame-ancestors 'none'") ||
			strings.Contains(policy, "script-src") || strings.Contains(policy, "unsafe") {
			t.Errorf("%s: Content-Security-Policy: %s", name, policy)
		}
	}
	if got := pages["form"].header.Get("Content-Type"); got != "text/html; charset=utf-8" {
		t.Errorf("the form is %s", got)
	}
}

func TestConsoleOddRequests(t *testing.T) {
	t.Parallel()
	b := setupConsole(t)
	_, br := b.admin(t, "anna@example.com")
	form := url.Values{"email": {"anna@example.com"}, "password": {goodPassword}}.Encode()
	for _, tc := range []struct {
		what, method, path, body, mediaType string
		status                              int
	}{
		{"JSON", "POST", signInPage, `{"email":"a","password":"b"}`, "application/json", http.StatusUnsupportedMediaType},
		{"no type", "POST", signInPage, form, "", http.StatusUnsupportedMediaType},
		{"charset", "POST", signInPage, form, "application/x-www-form-urlencoded; charset=utf-8", http.StatusSeeOther},
		{"8 KiB", "POST", signInPage, form + "&x=" + strings.Repeat("x", 8<<10-len(form)-3), "application/x-www-form-urlencoded", http.StatusSeeOther},
		{"over 8 KiB", "POST", signInPage, form + "&x=" + strings.Repeat("x", 8<<10-len(form)-2), "application/x-www-form-urlencoded", http.StatusRequestEntityTooLarge},
		{"bad escape", "POST", signInPage, form + "&x=%zz", "application/x-www-form-urlencoded", http.StatusBadRequest},
		{"NUL", "POST", signInPage, "email=a%00&password=b", "application/x-www-form-urlencoded", http.StatusBadRequest},
		{"not UTF-8", "POST", signInPage, "email=a&password=%ff", "application/x-www-form-urlencoded", http.StatusBadRequest},
		{"query only", "POST", signInPage + "?" + form, "x=1", "application/x-www-form-urlencoded", http.StatusUnprocessableEntity},
		{"PUT sign-in", "PUT", signInPage, "", "", http.StatusMethodNotAllowed},
		{"GET sign-out", "GET", signOutPage, "", "", http.StatusMethodNotAllowed},
		{"64 KiB behind", "POST", homePage, strings.Repeat("x", 64<<10), "text/plain", http.StatusOK},
		{"over 64 KiB behind", "POST", homePage, strings.Repeat("x", 64<<10+1), "text/plain", http.StatusRequestEntityTooLarge},
	} {
		p := br.ask(tc.method, tc.path, tc.body, "Content-Type", tc.mediaType)
		if p.status != tc.status {
			t.Errorf("%s = %d, want %d\n%s", tc.what, p.status, tc.status, p.body)
		}
		if allow := p.header.Get("Allow"); (allow == "") != (tc.status != http.StatusMethodNotAllowed) {
			t.Errorf("%s: Allow: %s", tc.what, allow)
		}
	}
	br.wantIn()
}

// Nobody is let in, and nobody told to sign in again, while the database does not answer.
func TestConsoleWithoutDatabase(t *testing.T) {
	t.Parallel()
	b := setupConsole(t)
	_, br := b.admin(t, "anna@example.com")
	b.db.Close()
	for _, p := range []*webPage{
		br.ask("GET", homePage, ""), br.call("POST", homePage+"api/jobs/cancel"), br.ask("GET", signInPage, ""),
		br.signIn("anna@example.com", goodPassword), br.ask("POST", signOutPage, ""),
	} {
		p.want(http.StatusInternalServerError)
	}
	if br.cookie(homePage) == nil {
		t.Error("the cookie is gone")
	}
}

// A demotion or a change of the password that comes between the look at the account and its session wins.
func TestConsoleSignInRace(t *testing.T) {
	t.Parallel()
	for name, meanwhile := range map[string]string{
		"demoted":  `UPDATE users SET role = 'manager'`,
		"disabled": `UPDATE users SET disabled_at = now()`,
		"password": `UPDATE users SET password_hash = password_hash || 'x'`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := setupConsole(t)
			b.user(t, "anna@example.com", auth.Admin)
			br := b.browser(t)
			var p *webPage
			b.whileHeld(t, "users", meanwhile, func() { p = br.signIn("anna@example.com", goodPassword) })
			if p.status == http.StatusSeeOther {
				t.Errorf("%s = %d, want a refusal", p.what, p.status)
			}
			br.wantOut()
		})
	}
}

// Who did what in the console is in the log.
func TestConsoleIsLogged(t *testing.T) {
	t.Parallel()
	b := setupConsole(t)
	u, br := b.admin(t, "anna@example.com")
	br.ask("GET", homePage, "")
	br.ask("PUT", homePage+"api/queues/default/pause", "")
	log := b.logged()
	for _, want := range []string{
		fmt.Sprintf(`msg="an admin signed in to the console" user_id=%d session_id=`, u.ID),
		fmt.Sprintf(`msg="an admin acts in the console" user_id=%d session_id=`, u.ID),
		"method=PUT path=" + homePage + "api/queues/default/pause request_id=",
		"method=GET route=/console/ status=200", "method=PUT route=/console/ status=200", fmt.Sprintf(" user_id=%d\n", u.ID),
	} {
		if !strings.Contains(log, want) {
			t.Errorf("log lacks %s:\n%s", want, log)
		}
	}
	if n := strings.Count(log, "acts in the console"); n != 1 {
		t.Errorf("%d actions are logged, want 1", n)
	}
}
