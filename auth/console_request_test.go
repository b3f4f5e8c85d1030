package auth_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/auth"
)

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

// Every request of an address is charged, whether or not it is signed in, and refused before the database is asked.
func TestConsoleHasBudgets(t *testing.T) {
	t.Parallel()
	b := setup(t)
	b.limits = limits(t, nil, 3)
	c := serveConsole(t, b, auth.ConsoleConfig{}, httptest.NewTLSServer)
	b.user(t, "anna@example.com", auth.Admin)
	br := c.browser(t)
	credentials := url.Values{"email": {"anna@example.com"}, "password": {goodPassword}}.Encode()
	br.signIn("anna@example.com", goodPassword).want(http.StatusSeeOther)
	br.signIn("anna@example.com", "wrong-password").want(http.StatusUnprocessableEntity)
	br.signIn("anna@example.com", "wrong-password").want(http.StatusUnprocessableEntity)
	br.ask("POST", homePage+"api/x", "", "Sec-Fetch-Site", "cross-site").want(http.StatusForbidden)
	for i, method := range []string{"POST", "PUT", "DELETE"} {
		p := br.call(method, homePage+"api/x").want(http.StatusOK)
		if got, want := p.header.Get("RateLimit"), fmt.Sprintf(`"write";r=%d;`, 2-i); !strings.HasPrefix(got, want) {
			t.Errorf("%s: RateLimit: %s, want %s", p.what, got, want)
		}
	}
	br.call("HEAD", homePage+"api/x").want(http.StatusOK)
	br.ask("GET", signInPage, "").want(http.StatusOK)
	c.browser(t).ask("GET", homePage, "").want(http.StatusSeeOther)
	b.db.Close()
	for _, r := range []struct{ method, path, body, budget string }{
		{"GET", homePage, "", "read"}, {"HEAD", homePage + "api/x", "", "read"}, {"GET", signInPage, "", "read"},
		{"POST", homePage + "api/x", "", "write"}, {"OPTIONS", homePage, "", "write"}, {"POST", signOutPage, "", "write"},
		{"POST", signInPage, credentials, "auth"},
	} {
		p := br.ask(r.method, r.path, r.body).want(http.StatusTooManyRequests)
		policy, wait := p.header.Get("RateLimit-Policy"), p.header.Get("Retry-After")
		if policy != fmt.Sprintf("%q;q=3;w=86400", r.budget) || wait == "" {
			t.Errorf("%s: RateLimit-Policy: %s, Retry-After: %s; want the budget %s", p.what, policy, wait, r.budget)
		}
		// Another address gets as far as the database, which is gone.
		br.ask(r.method, r.path, r.body, "X-Forwarded-For", "198.51.100.7").want(http.StatusInternalServerError)
	}
}
