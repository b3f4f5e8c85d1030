package auth_test

import (
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
)

const (
	consolePath = "/apps/x/console"
	homePage    = consolePath + "/"
	signInPage  = consolePath + "/sign-in"
	signOutPage = consolePath + "/sign-out"
	// behind is what the pages behind the gate answer.
	behind = "behind the gate: "
)

// A consoleBench is a console behind TLS, published at /apps/x.
type consoleBench struct {
	*bench
	server *httptest.Server
	log    *strings.Builder
}

// logged returns what was logged once everything is answered. Nothing is served after that.
func (b *consoleBench) logged() string {
	b.server.Close()
	return b.log.String()
}

func setupConsole(tb testing.TB) *consoleBench {
	tb.Helper()
	return serveConsole(tb, setup(tb), auth.ConsoleConfig{}, httptest.NewTLSServer)
}

func serveConsole(tb testing.TB, b *bench, cfg auth.ConsoleConfig, start func(http.Handler) *httptest.Server) *consoleBench {
	tb.Helper()
	log := &strings.Builder{}
	logger := slog.New(slog.NewTextHandler(log, nil))
	api := httpapi.New(httpapi.Config{
		Title: "Test", Version: "0", RootPath: "/apps/x", CORSOrigins: []string{"*"},
		Admit: b.auth.Admit, Classify: classify, Log: logger, Metrics: prometheus.NewRegistry(),
		TrustedProxies: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")},
	})
	b.metrics = prometheus.NewRegistry()
	b.auth = b.service(tb, auth.Config{Metrics: b.metrics, Log: logger, Limits: b.limits})
	b.auth.Register(api)
	cfg.Name, cfg.Path, cfg.Fail = "Test Console", consolePath, api.Fail
	httpapi.Mount(api, "/console/", b.auth.Console(cfg, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			api.Fail(w, r, errs.BodyTooLarge.New("").Because(err))
			return
		}
		_, _ = io.WriteString(w, behind+r.Method+" "+r.URL.String()+" "+string(auth.CallerFrom(r.Context()).Role)+" "+string(body))
	})))
	handler, err := api.Build()
	if err != nil {
		tb.Fatal(err)
	}
	server := start(handler)
	tb.Cleanup(server.Close)
	return &consoleBench{bench: b, server: server, log: log}
}

// A browser keeps cookies, asks for pages, and shows redirects instead of following them.
type browser struct {
	tb     testing.TB
	client *http.Client
	base   string
}

func (b *consoleBench) browser(tb testing.TB) *browser {
	tb.Helper()
	client := *b.server.Client()
	jar, err := cookiejar.New(nil)
	if err != nil {
		tb.Fatal(err)
	}
	client.Jar = jar
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &browser{tb: tb, client: &client, base: b.server.URL}
}

// admin makes an admin and returns a browser in which they are signed in.
func (b *consoleBench) admin(tb testing.TB, email string) (*auth.User, *browser) {
	tb.Helper()
	u, br := b.user(tb, email, auth.Admin), b.browser(tb)
	br.signIn(email, goodPassword).want(http.StatusSeeOther)
	return u, br
}

// A webPage is an answer to a browser.
type webPage struct {
	tb     testing.TB
	what   string
	status int
	header http.Header
	body   string
}

// ask sends a request as a page of the console would, with further headers as pairs.
func (b *browser) ask(method, path, body string, header ...string) *webPage {
	b.tb.Helper()
	r, err := http.NewRequestWithContext(b.tb.Context(), method, b.base+path, strings.NewReader(body))
	if err != nil {
		b.tb.Fatal(err)
	}
	r.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if body != "" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Del(header[i])
		if header[i+1] != "" {
			r.Header.Set(header[i], header[i+1])
		}
	}
	res, err := b.client.Do(r)
	if err != nil {
		b.tb.Fatal(err)
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		b.tb.Fatal(err)
	}
	return &webPage{b.tb, method + " " + path, res.StatusCode, res.Header, string(answer)}
}

// call sends a request as the scripts of the console would.
func (b *browser) call(method, path string) *webPage {
	b.tb.Helper()
	return b.ask(method, path, "", "Accept", "*/*")
}

func (b *browser) signIn(email, password string, header ...string) *webPage {
	b.tb.Helper()
	return b.ask("POST", signInPage, url.Values{"email": {email}, "password": {password}}.Encode(), header...)
}

// cookie returns the one cookie that the browser would send to a path, or nil.
func (b *browser) cookie(path string) *http.Cookie {
	b.tb.Helper()
	u, err := url.Parse(b.base + path)
	if err != nil {
		b.tb.Fatal(err)
	}
	cookies := b.client.Jar.Cookies(u)
	if len(cookies) == 0 {
		return nil
	}
	return cookies[0]
}

// wantIn checks whether the browser is let through.
func (b *browser) wantIn() {
	b.tb.Helper()
	if p := b.ask("GET", homePage, "").want(http.StatusOK); !strings.HasPrefix(p.body, behind) {
		b.tb.Errorf("%s = %s, want the page behind the gate", p.what, p.body)
	}
}

// wantOut checks whether the browser is led to the sign-in page, and its scripts are refused, whatever they try.
func (b *browser) wantOut() {
	b.tb.Helper()
	b.ask("GET", homePage, "").wantRedirect(signInPage)
	for _, method := range []string{"GET", "POST", "PUT", "PATCH", "DELETE"} {
		p := b.call(method, homePage+"api/jobs/cancel").want(http.StatusUnauthorized)
		if !strings.Contains(p.body, `"code":"unauthenticated"`) {
			b.tb.Errorf("%s = %s, want a problem", p.what, p.body)
		}
	}
	b.ask("POST", homePage+"api/jobs/cancel", "ids=1").want(http.StatusUnauthorized)
}

func (p *webPage) want(status int) *webPage {
	p.tb.Helper()
	if p.status != status {
		p.tb.Fatalf("%s = %d, want %d\n%s", p.what, p.status, status, p.body)
	}
	return p
}

func (p *webPage) wantRedirect(to string) {
	p.tb.Helper()
	if got := p.want(http.StatusSeeOther).header.Get("Location"); got != to {
		p.tb.Errorf("%s leads to %s, want %s", p.what, got, to)
	}
}
