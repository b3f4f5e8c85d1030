package main

import (
	"fmt"
	"log/slog"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
	"github.com/shumbooking/shumbooking/platform/kv/kvtest"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

// newLimited returns a client of an application of small budgets, on a Redis and a database of its own.
func newLimited(t *testing.T, vars map[string]string) *apitest.Client {
	t.Helper()
	redis := kvtest.Config(t)
	all := map[string]string{
		"REDIS_HOST": redis.Host, "REDIS_PORT": strconv.Itoa(redis.Port), "REDIS_DB": strconv.Itoa(redis.DB),
		"RATE_LIMIT_ENABLED": "true", "RATE_LIMIT_READ_PER_MINUTE": "20", "RATE_LIMIT_PER_MINUTE": "4", "RATE_LIMIT_AUTH_PER_MINUTE": "3",
	}
	maps.Copy(all, vars)
	s, err := readSettings(environmentFor(pgtest.Config(t), all), serving)
	if err != nil {
		t.Fatal(err)
	}
	// A Redis that is given up counts no more, which others on the machine must not bring about.
	s.redis.timeout = kvtest.Patience
	a, err := newApplication(t.Context(), s, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.close(); err != nil {
			t.Error(err)
		}
	})
	if err := a.start(t.Context(), adminSettings{}); err != nil {
		t.Fatal(err)
	}
	return apitest.Wrap(t, a.handler, a.api.Document()).Except("/riverui/")
}

// from sends a GET as if through a proxy that forwards for clients.
func from(c *apitest.Client, path, forwarded string) *apitest.Response {
	r := httptest.NewRequest(http.MethodGet, path, nil)
	r.Header.Set("X-Forwarded-For", forwarded)
	return c.Send(r)
}

func TestLimitedAnswers(t *testing.T) {
	t.Parallel()
	c := newLimited(t, nil)
	login := map[string]string{"email": "anna@example.com", "password": "seven-quiet-herons"}
	for _, want := range []string{`"auth";r=2;t=40`, `"auth";r=1;t=20`, `"auth";r=0;t=20`} {
		res := c.Do("POST", "/auth/login", login)
		res.WantProblem(http.StatusUnauthorized, "invalid_credentials")
		if got := res.Header.Get("RateLimit"); got != want {
			t.Errorf("RateLimit = %s, want %s", got, want)
		}
		if got := res.Header.Get("RateLimit-Policy"); got != `"auth";q=3;w=60` {
			t.Errorf("RateLimit-Policy = %s", got)
		}
	}
	refused := c.Do("POST", "/auth/login", login)
	refused.WantProblem(http.StatusTooManyRequests, "rate_limited")
	wait, err := strconv.Atoi(refused.Header.Get("Retry-After"))
	if want := fmt.Sprintf(`"auth";r=0;t=%d`, wait); err != nil || wait < 1 || wait > 20 || refused.Header.Get("RateLimit") != want {
		t.Errorf("Retry-After = %d, %v beside RateLimit = %s; want up to 20 in both", wait, err, refused.Header.Get("RateLimit"))
	}
	c.Do("POST", "/auth/register", login).WantProblem(http.StatusTooManyRequests, "rate_limited")
	form := httptest.NewRequest(http.MethodPost, "/riverui/sign-in", strings.NewReader(url.Values(nil).Encode()))
	form.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	c.Send(form).WantProblem(http.StatusTooManyRequests, "rate_limited")
	// Who is signed in goes on being so.
	c.Do("POST", "/auth/refresh", map[string]string{"refresh_token": "x"}).WantProblem(http.StatusUnauthorized, "invalid_refresh_token")
}

func TestRoutesWithoutLimits(t *testing.T) {
	t.Parallel()
	c := newLimited(t, map[string]string{"RATE_LIMIT_READ_PER_MINUTE": "1"})
	c.Do("GET", "/countries", nil).Want(http.StatusOK)
	c.Do("GET", "/countries", nil).WantProblem(http.StatusTooManyRequests, "rate_limited")
	image := "/static/images/12-" + strings.Repeat("0", 64) + ".jpg"
	for _, path := range []string{"/live", "/ready", "/health", "/metrics", "/docs/swagger-ui.css", image} {
		res := c.Do("GET", path, nil)
		if res.Status == http.StatusTooManyRequests || res.Header.Get("RateLimit") != "" {
			t.Errorf("GET %s is limited: %d, RateLimit %q", path, res.Status, res.Header.Get("RateLimit"))
		}
	}
}

// Whatever a client says of itself, it has one budget: the burst, and what was refilled meanwhile.
func TestForgedAddresses(t *testing.T) {
	t.Parallel()
	c := newLimited(t, nil)
	begun, passed := time.Now(), 0
	for i := range 1000 {
		if from(c, "/countries", fmt.Sprintf("203.0.%d.%d, 10.0.0.1", i/256, i%256)).Status == http.StatusOK {
			passed++
		}
	}
	refilled := int(math.Ceil(time.Since(begun).Seconds() * 20 / 60))
	if passed < 20 || passed > 20+refilled {
		t.Errorf("%d of a thousand requests passed, want 20 and up to %d more", passed, refilled)
	}
}

func TestTrustedProxies(t *testing.T) {
	t.Parallel()
	c := newLimited(t, map[string]string{"TRUSTED_PROXIES": "192.0.2.0/24, 10.0.0.1", "RATE_LIMIT_READ_PER_MINUTE": "1"})
	for _, tt := range []struct {
		forwarded string
		status    int
	}{
		{"203.0.113.1", http.StatusOK},
		{"203.0.113.1, 10.0.0.1", http.StatusTooManyRequests},
		{"203.0.113.7, 203.0.113.1", http.StatusTooManyRequests},
		{"203.0.113.2", http.StatusOK},
		{"2001:db8:0:1::1", http.StatusOK},
		{"2001:db8:0:1:ffff::2", http.StatusTooManyRequests},
		{"2001:db8:0:2::1", http.StatusOK},
	} {
		if got := from(c, "/countries", tt.forwarded).Status; got != tt.status {
			t.Errorf("for %s = %d, want %d", tt.forwarded, got, tt.status)
		}
	}
}
