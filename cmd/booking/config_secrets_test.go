package main

import (
	"strings"
	"testing"
)

func TestTokenSecret(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, environment, secret string
		ok                        bool
	}{
		{"absent", envProduction, "", false},
		{"31 bytes", envLocal, strings.Repeat("x", 31), false},
		{"32 bytes", envProduction, strings.Repeat("x", 32), true},
		{"template in production", envProduction, templateSecret, false},
		{"template in test", envTest, templateSecret, false},
		{"template locally", envLocal, templateSecret, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			_, err := readSettings(environmentWith(map[string]string{"APP_ENV": tt.environment, "JWT_SECRET_KEY": tt.secret}), serving)
			if (err == nil) != tt.ok {
				t.Errorf("readSettings() = %v, want success %t", err, tt.ok)
			}
		})
	}
}

func TestPreviousSecret(t *testing.T) {
	t.Parallel()
	other := strings.Repeat("y", 32)
	for _, tt := range []struct {
		name, previous string
		ok             bool
	}{
		{"absent", "", true},
		{"another", other, true},
		{"31 bytes", other[:31], false},
		{"the current one", strings.Repeat("x", 32), false},
		{"template", templateSecret, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s, err := readSettings(environmentWith(map[string]string{
				"APP_ENV": envProduction, "JWT_SECRET_KEY": strings.Repeat("x", 32), "JWT_SECRET_KEY_PREVIOUS": tt.previous,
			}), serving)
			if (err == nil) != tt.ok || err == nil && string(s.tokens.previous) != tt.previous {
				t.Errorf("readSettings() = %q, %v, want success %t", string(s.tokens.previous), err, tt.ok)
			}
		})
	}
}

// TestKnownSecrets puts each secret that a template has, and each password of the demo, where secrets go.
func TestKnownSecrets(t *testing.T) {
	t.Parallel()
	local := map[string]string{}
	for _, account := range demoAccounts() {
		local["ADMIN_PASSWORD of the "+string(account.role)] = account.password
	}
	tests := map[string]string{}
	for path, known := range map[string]map[string]string{".local.env.template": local, ".test.env.template": tests} {
		for name, value := range readTemplate(t, "../../"+path) {
			if value != "" && (strings.Contains(name, "PASSWORD") || strings.HasPrefix(name, "JWT_SECRET")) {
				known[name+" of "+path] = value
			}
		}
	}
	if len(local) != 6 || len(tests) != 3 {
		t.Fatalf("the templates have %d and %d secrets, want three each, with three of the demo", len(local)-3, len(tests))
	}
	for where, secret := range local {
		wantRefused(t, envProduction, where, secret)
		wantRefused(t, envTest, where, secret)
	}
	for where, secret := range tests {
		wantRefused(t, envProduction, where, secret)
	}
}

// wantRefused checks that an environment refuses a secret wherever one goes, without showing it.
func wantRefused(t *testing.T, environment, where, secret string) {
	t.Helper()
	for _, name := range []string{
		"DB_PASSWORD", "DB_MIGRATE_PASSWORD", "REDIS_PASSWORD", "JWT_SECRET_KEY", "JWT_SECRET_KEY_PREVIOUS", "ADMIN_PASSWORD",
		"S3_SECRET_ACCESS_KEY",
	} {
		_, err := readSettings(environmentWith(map[string]string{"APP_ENV": environment, name: secret}), serving)
		if err == nil || !strings.Contains(err.Error(), "\n"+name+" has a value of the templates") || strings.Contains(err.Error(), secret) {
			t.Errorf("%s, %s: %s is answered with %v, want that everybody knows it", environment, name, where, err)
		}
	}
}
