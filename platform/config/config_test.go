package config_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/platform/config"
	"github.com/shumbooking/shumbooking/platform/tlstest"
)

func reader(vars map[string]string) *config.Reader {
	return config.NewReader(func(name string) string { return vars[name] })
}

func TestUnsetVariablesFallBack(t *testing.T) {
	t.Parallel()
	r := reader(nil)
	if got := r.String("A", "x"); got != "x" {
		t.Errorf("String() = %q, want %q", got, "x")
	}
	if got := r.Int("A", 7, config.Limits{Min: 1, Max: 9}); got != 7 {
		t.Errorf("Int() = %d, want 7", got)
	}
	if got := r.OneOf("A", "first", "second"); got != "first" {
		t.Errorf("OneOf() = %q, want %q", got, "first")
	}
	if got := r.Level("A"); got != slog.LevelInfo {
		t.Errorf("Level() = %v, want info", got)
	}
	if r.List("A") != nil || r.Origins("A") != nil || r.Path("A") != "" {
		t.Error("a list or path that is not set is not empty")
	}
	if err := r.Err(); err != nil {
		t.Errorf("Err() = %v, want nil", err)
	}
}

func TestCertificates(t *testing.T) {
	t.Parallel()
	nonsense := filepath.Join(t.TempDir(), "nonsense")
	if err := os.WriteFile(nonsense, []byte("-----BEGIN CERTIFICATE-----"), 0o600); err != nil {
		t.Fatal(err)
	}
	for file, want := range map[string]string{
		"": "", tlstest.NewAuthority(t).File: "", nonsense: "no certificate in PEM", nonsense + "2": "no such file",
	} {
		r := reader(map[string]string{"CA": file})
		got := r.Certificates("CA")
		if got != file {
			t.Errorf("Certificates() = %q, want %q", got, file)
		}
		if err := r.Err(); (err != nil) != (want != "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got error %v, want %q", file, err, want)
		}
	}
}

func TestEveryProblemIsReportedAtOnce(t *testing.T) {
	t.Parallel()
	r := reader(map[string]string{
		"PORT": "70000", "MODE": "Test", "LEVEL": "loud", "ORIGINS": "example.com", "ROOT": "a",
	})
	r.Required("NAME")
	r.Int("PORT", 1, config.Limits{Min: 1, Max: 65535})
	r.OneOf("MODE", "local", "test")
	r.Level("LEVEL")
	r.Origins("ORIGINS")
	r.Path("ROOT")
	r.Reject("OTHER", "is %s", "odd")
	err := r.Err()
	if err == nil {
		t.Fatal("Err() = nil")
	}
	lines := strings.Split(err.Error(), "\n")
	for i, name := range []string{"NAME", "PORT", "MODE", "LEVEL", "ORIGINS", "ROOT", "OTHER"} {
		if i >= len(lines) || !strings.HasPrefix(lines[i], name+" ") {
			t.Errorf("line %d of Err() is not about %s:\n%v", i, name, err)
		}
	}
	if len(lines) != 7 {
		t.Errorf("Err() has %d lines, want 7:\n%v", len(lines), err)
	}
}

func TestInt(t *testing.T) {
	t.Parallel()
	for text, ok := range map[string]bool{"1": true, "9": true, "0": false, "10": false, "1.0": false, "1_0": false, "x": false} {
		r := reader(map[string]string{"N": text})
		if r.Int("N", 5, config.Limits{Min: 1, Max: 9}); (r.Err() == nil) != ok {
			t.Errorf("Int of %q: Err() = %v, want success %t", text, r.Err(), ok)
		}
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		value, want string
		ok          bool
	}{
		{"/", "", true},
		{"/apps/shum-booking", "/apps/shum-booking", true},
		{"/apps/shum-booking/", "/apps/shum-booking", true},
		{"apps", "", false},
		{"/a//b", "", false},
		{"/a/../b", "", false},
		{"/a b", "", false},
		{"/a{b}", "", false},
		{"/a?b", "", false},
		{"https://example.com", "", false},
	} {
		r := reader(map[string]string{"ROOT": tt.value})
		if got := r.Path("ROOT"); got != tt.want || (r.Err() == nil) != tt.ok {
			t.Errorf("Path of %q = %q, %v; want %q, success %t", tt.value, got, r.Err(), tt.want, tt.ok)
		}
	}
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	for value, ok := range map[string]bool{
		"https://a.example, http://localhost:3000": true, "*": false, "https://a.example, *": false, "null": false,
		"ftp://a.example": false, "https://a.example:443": false, "http://a.example:80": false, "http://a.example:443": true,
		"https://a.example/": false, "https://A.example": false, "a.example": false, "https://": false, "https://a@b": false,
	} {
		r := reader(map[string]string{"ORIGINS": value})
		if r.Origins("ORIGINS"); (r.Err() == nil) != ok {
			t.Errorf("Origins of %q: Err() = %v, want success %t", value, r.Err(), ok)
		}
	}
}

func TestSecretsAreNotSeen(t *testing.T) {
	t.Parallel()
	secret := reader(map[string]string{"KEY": "hunter2"}).Secret("KEY")
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "key", secret)
	out := log.String() + fmt.Sprintf("%v %s %q %#v %+v", secret, secret, secret, secret, struct{ S config.Secret }{secret})
	if strings.Contains(out, "hunter2") {
		t.Errorf("the secret shows: %s", out)
	}
	if string(secret) != "hunter2" {
		t.Errorf("string(secret) = %q, want %q", string(secret), "hunter2")
	}
	if unset := config.Secret(""); unset.String() != "" {
		t.Errorf("a secret that is not set prints as %q, want empty", unset)
	}
}

func TestNetworks(t *testing.T) {
	t.Parallel()
	value := " 10.0.0.0/8, 192.0.2.7,2001:db8::/32 ,::1, ::ffff:192.0.2.8"
	r := config.NewReader(func(string) string { return value })
	want := "[10.0.0.0/8 192.0.2.7/32 2001:db8::/32 ::1/128 192.0.2.8/32]"
	if got := fmt.Sprint(r.Networks("TRUSTED_PROXIES")); got != want || r.Err() != nil {
		t.Errorf("Networks(%q) = %s, %v; want %s", value, got, r.Err(), want)
	}
	for _, value := range []string{"proxy", "10.0.0.1/8", "10.0.0.0/33", "fe80::1%eth0", "*", "10.0.0.1:80", "::ffff:10.0.0.0/104"} {
		r := config.NewReader(func(string) string { return value })
		if got := r.Networks("TRUSTED_PROXIES"); len(got) != 0 || r.Err() == nil {
			t.Errorf("Networks(%q) = %v, %v; want a problem", value, got, r.Err())
		}
	}
}
