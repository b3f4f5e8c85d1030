package main

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

// riverUIBench is the application behind TLS, published at /apps/x, with a user of each role and a job that waits.
type riverUIBench struct {
	*application
	server *httptest.Server
	job    int64
}

// waitingArgs are those of a job that nobody runs.
type waitingArgs struct{}

func (waitingArgs) Kind() string { return "wait_for_the_test" }

func setupRiverUI(t *testing.T) *riverUIBench {
	t.Helper()
	s, err := readSettings(environmentFor(pgtest.Config(t), map[string]string{
		"ROOT_PATH": "/apps/x", "JWT_SECRET_KEY": strings.Repeat("k", minSecretSize),
	}), needs{database: true, serving: true})
	if err != nil {
		t.Fatal(err)
	}
	s.environment = envTest // Only now, since the password of the tests' database may be one that everybody knows.
	a, err := newApplication(t.Context(), s, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.close(); err != nil {
			t.Error(err)
		}
	})
	server := httptest.NewTLSServer(a.handler)
	t.Cleanup(server.Close)
	for _, account := range demoAccounts() {
		_, err := a.auth.CreateUser(t.Context(), &auth.CreateUserParams{
			Email: account.email, Password: account.password, Role: account.role,
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	job, err := a.jobs.Insert(t.Context(), waitingArgs{}, &river.InsertOpts{ScheduledAt: time.Now().Add(time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	return &riverUIBench{application: a, server: server, job: job.Job.ID}
}

// browser returns a client with cookies that shows redirects.
func (b *riverUIBench) browser(t *testing.T) *http.Client {
	t.Helper()
	client := *b.server.Client()
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	client.Jar = jar
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &client
}

// A browserAnswer is what came back to a browser.
type browserAnswer struct {
	status int
	header http.Header
	body   string
}

// send sends a request to the path below River UI.
func (b *riverUIBench) send(t *testing.T, client *http.Client, method, path, body string, header http.Header) browserAnswer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, b.server.URL+"/apps/x/riverui"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = header
	res, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return browserAnswer{res.StatusCode, res.Header, string(text)}
}

// admin returns a browser in which the admin is signed in.
func (b *riverUIBench) admin(t *testing.T) *http.Client {
	t.Helper()
	client := b.browser(t)
	account := demoAccounts()[0]
	form := url.Values{"email": {account.email}, "password": {account.password}}.Encode()
	got := b.send(t, client, "POST", "/sign-in", form, http.Header{"Content-Type": {"application/x-www-form-urlencoded"}})
	if got.status != http.StatusSeeOther || got.header.Get("Location") != "/apps/x/riverui/" {
		t.Fatalf("sign-in = %d %s\n%s", got.status, got.header.Get("Location"), got.body)
	}
	cookie := got.header.Get("Set-Cookie")
	if !strings.HasPrefix(cookie, "__Secure-console=") || !strings.HasSuffix(cookie, "; Path=/apps/x/riverui; HttpOnly; Secure; SameSite=Strict") {
		t.Errorf("Set-Cookie: %s, want a secure one for River UI only", cookie)
	}
	return client
}

func (b *riverUIBench) wantState(t *testing.T, want rivertype.JobState) {
	t.Helper()
	job, err := b.jobs.JobGet(t.Context(), b.job)
	if err != nil {
		t.Fatal(err)
	}
	if job.State != want {
		t.Errorf("the job is %s, want %s", job.State, want)
	}
}

func TestRiverUIIsForAdmins(t *testing.T) {
	t.Parallel()
	b := setupRiverUI(t)
	callers := map[string]http.Header{"anonymous": {}}
	for _, account := range demoAccounts() {
		tokens, err := b.auth.Login(t.Context(), &auth.LoginParams{Email: account.email, Password: account.password})
		if err != nil {
			t.Fatal(err)
		}
		callers[string(account.role)] = http.Header{"Authorization": {"Bearer " + tokens.AccessToken}}
	}
	ids := fmt.Sprintf(`{"ids":["%d"]}`, b.job)
	for who, header := range callers {
		for _, tc := range []struct{ method, path, body string }{
			{"GET", "/api/jobs", ""}, {"GET", fmt.Sprintf("/api/jobs/%d", b.job), ""}, {"GET", "/api/states", ""},
			{"GET", "/api/health-checks/complete", ""}, {"GET", "/favicon.ico", ""}, {"GET", "/.vite/manifest.json", ""},
			{"POST", "/api/jobs/cancel", ids}, {"POST", "/api/jobs/retry", ids}, {"POST", "/api/jobs/delete", ids},
			{"PUT", "/api/queues/default/pause", ""}, {"OPTIONS", "/api/jobs", ""},
		} {
			got := b.send(t, b.browser(t), tc.method, tc.path, tc.body, header)
			if got.status != http.StatusUnauthorized || got.header.Get("Content-Type") != "application/problem+json" {
				t.Errorf("%s: %s %s = %d, want a problem 401\n%s", who, tc.method, tc.path, got.status, got.body)
			}
		}
	}
	got := b.send(t, b.browser(t), "GET", "/", "", http.Header{"Accept": {"text/html"}})
	if to := got.header.Get("Location"); got.status != http.StatusSeeOther || to != "/apps/x/riverui/sign-in" {
		t.Errorf("a browser is led to %s (%d), want the sign-in page", to, got.status)
	}
	b.wantState(t, rivertype.JobStateScheduled)
}

func TestRiverUI(t *testing.T) {
	t.Parallel()
	b := setupRiverUI(t)
	admin := b.admin(t)
	if got := b.send(t, admin, "GET", "/api/jobs?state=scheduled", "", http.Header{}); !strings.Contains(got.body, "wait_for_the_test") {
		t.Errorf("the list lacks the job:\n%s", got.body)
	}
	ids := fmt.Sprintf(`{"ids":["%d"]}`, b.job)
	for _, tc := range []struct {
		action string
		state  rivertype.JobState
	}{{"cancel", rivertype.JobStateCancelled}, {"retry", rivertype.JobStateAvailable}} {
		got := b.send(t, admin, "POST", "/api/jobs/"+tc.action, ids, http.Header{"Sec-Fetch-Site": {"same-origin"}})
		if got.status != http.StatusOK {
			t.Errorf("%s = %d\n%s", tc.action, got.status, got.body)
		}
		b.wantState(t, tc.state)
	}
	got := b.send(t, admin, "POST", "/api/jobs/cancel", ids, http.Header{"Sec-Fetch-Site": {"cross-site"}})
	if got.status != http.StatusForbidden {
		t.Errorf("another site cancels a job: %d, want 403", got.status)
	}
	b.wantState(t, rivertype.JobStateAvailable)
}

// Pages are asked for anew, and what they are made of is kept.
func TestRiverUIPages(t *testing.T) {
	t.Parallel()
	b := setupRiverUI(t)
	admin := b.admin(t)
	bare := b.send(t, admin, "GET", "", "", http.Header{})
	if to := bare.header.Get("Location"); bare.status != http.StatusPermanentRedirect || to != "/apps/x/riverui/" {
		t.Errorf("GET without the last slash = %d %s", bare.status, to)
	}
	index := b.send(t, admin, "GET", "/", "", http.Header{"Accept": {"text/html"}})
	assets := regexp.MustCompile(`"/apps/x/riverui(/assets/[^"]+\.(?:js|css))"`).FindAllStringSubmatch(index.body, -1)
	if len(assets) < 2 {
		t.Fatalf("the page names %d assets, want a script and a style:\n%s", len(assets), index.body)
	}
	cached := map[string]string{
		"/": "no-store", "/jobs/1": "no-store", "/api/jobs": "no-store", "/assets/missing.js": "no-store", "/assets/": "no-store",
	}
	for _, asset := range assets {
		cached[asset[1]] = "private, max-age=31536000, immutable"
	}
	for path, want := range cached {
		got := b.send(t, admin, "GET", path, "", http.Header{})
		if caching := got.header.Get("Cache-Control"); got.status != http.StatusOK || caching != want {
			t.Errorf("GET %s = %d, Cache-Control: %s; want %s", path, got.status, caching, want)
		}
		policy, frame := got.header.Get("Content-Security-Policy"), got.header.Get("X-Frame-Options")
		if !strings.HasPrefix(policy, "default-src 'none'; script-src 'self'; ") || frame != "DENY" {
			t.Errorf("GET %s: Content-Security-Policy: %s, X-Frame-Options: %s", path, policy, frame)
		}
	}
}
