package pg_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/platform/pg"
)

func TestConfig_URL(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		config pg.Config
		want   string
	}{
		{
			pg.Config{Host: "db.example.com", Port: 6432, Name: "shop", Username: "app", Password: "s'ecret@/:", SSLMode: "require"},
			"postgres://app:s%27ecret%40%2F%3A@db.example.com:6432/shop?sslmode=require",
		},
		{pg.Config{Host: "/run/pg", Name: "shop", Username: "app"}, "postgres://app@/shop?host=%2Frun%2Fpg&port=5432"},
		{pg.Config{Host: "::1", Port: 5432, Name: "a b"}, "postgres://[::1]:5432/a%20b"},
		{
			pg.Config{Host: "db", Name: "shop", SSLMode: "verify-full", SSLRootCert: "/etc/a b/ca.crt"},
			"postgres://db:5432/shop?sslmode=verify-full&sslrootcert=%2Fetc%2Fa%20b%2Fca.crt",
		},
	} {
		got := tt.config.URL()
		if got != tt.want {
			t.Errorf("URL of %+v: got %s, want %s", tt.config, got, tt.want)
		}
		back, err := pg.ParseURL(got)
		if err != nil {
			t.Errorf("parse %s: %v", got, err)
		}
		tt.config.Port, back.Port = 0, 0
		if back != tt.config {
			t.Errorf("parsed back: got %+v, want %+v", back, tt.config)
		}
	}
}

func TestParseURL_Errors(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ url, want string }{
		{"mysql://localhost/shop", "scheme"},
		{"postgres://u:topsecret@[::1/shop", "cannot be parsed"},
		{"postgres:///shop?port=http", "not a number"},
		{"postgres:///shop?pool_max_conns=4", "unknown parameter"},
	} {
		_, err := pg.ParseURL(tt.url)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got error %v, want %q", tt.url, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "topsecret") {
			t.Errorf("%s: the error shows the password", tt.url)
		}
	}
}

func TestConfig_LogsNoPassword(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	slog.New(slog.NewTextHandler(&out, nil)).Info("start", "db", pg.Config{Host: "db", Password: "topsecret"})
	if got := out.String(); !strings.Contains(got, "db.host=db") || strings.Contains(got, "topsecret") {
		t.Errorf("log: got %s, want the host and no password", got)
	}
}

// Every character of a name or password reaches the server as it is.
func TestConfig_Quoting(t *testing.T) {
	t.Parallel()
	c := pg.Config{Host: "/run/pg", Name: `a'b\c d`, Username: "u", Password: `p' host='evil`}
	cc, err := c.ConnConfig()
	if err != nil {
		t.Fatal(err)
	}
	if cc.Database != c.Name || cc.Password != c.Password || cc.Host != c.Host {
		t.Errorf("got database %q, password %q, host %q, want them as configured", cc.Database, cc.Password, cc.Host)
	}
}
