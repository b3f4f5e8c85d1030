package main

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/tlstest"
)

// serving is what "booking api" needs.
var serving = needs{database: true, serving: true}

// environmentWith returns a complete environment for production with some variables set otherwise.
func environmentWith(changed map[string]string) func(string) string {
	vars := map[string]string{
		"DB_HOST": "db", "DB_NAME": "booking", "DB_USERNAME": "app", "DB_PASSWORD": "database-password",
		"DB_MIGRATE_USERNAME": "owner", "DB_MIGRATE_PASSWORD": "owner-password",
		"REDIS_HOST": "cache", "REDIS_PASSWORD": "redis-password",
		"JWT_SECRET_KEY": "a-secret-of-thirty-two-bytes-or-more",
		"ADMIN_EMAIL":    "admin@example.com", "ADMIN_PASSWORD": "admin-password",
		"IMAGES_DIR": "/var/lib/images", "TRUSTED_PROXIES": "10.0.0.0/8",
	}
	return func(name string) string {
		if value, ok := changed[name]; ok {
			return value
		}
		return vars[name]
	}
}

func TestDefaults(t *testing.T) {
	t.Parallel()
	s, err := readSettings(environmentWith(nil), serving)
	if err != nil {
		t.Fatal(err)
	}
	if s.environment != envProduction || s.database.Port != 5432 || s.redis.port != 6379 || s.logFormat != "json" {
		t.Errorf("settings are %+v, want the defaults of production", s)
	}
	if s.tokens.accessTTL != 10*time.Minute || s.tokens.refreshIdle != 14*24*time.Hour {
		t.Errorf("tokens live %v and %v, want 10m and 336h", s.tokens.accessTTL, s.tokens.refreshIdle)
	}
	if l := s.limits; l.perMinute[httpapi.Reads] != 600 || l.perMinute[httpapi.Writes] != 120 || l.perMinute[httpapi.SignIn] != 20 {
		t.Errorf("limits are %+v, want 600, 120 and 20", l)
	}
	if s.images.dir != "/var/lib/images" || s.images.maxFileSize != 10<<20 {
		t.Errorf("images are %+v, want the directory with files of up to 10 MiB", s.images)
	}
	if s.owner.Username != "owner" || s.owner.Host != "db" || len(s.warnings) != 0 {
		t.Errorf("the owner is %+v with warnings %q, want owner on db without any", s.owner, s.warnings)
	}
}

func TestEveryProblemIsTold(t *testing.T) {
	t.Parallel()
	wrong := map[string]string{
		"APP_ENV": "staging", "DB_HOST": "", "DB_PORT": "0", "DB_SSLMODE": "on", "DB_SSLROOTCERT": "/nowhere/ca.crt", "DB_MIGRATE_USERNAME": "",
		"REDIS_HOST": "", "REDIS_DB": "-1", "REDIS_TLS": "yes", "JWT_SECRET_KEY": "short", "JWT_ACCESS_TOKEN_EXPIRE_MINUTES": "0",
		"JWT_REFRESH_TOKEN_EXPIRE_DAYS": "61", "ROOT_PATH": "x", "CORS_ORIGINS": "example.com",
		"LOG_LEVEL": "loud", "LOG_FORMAT": "xml", "ADMIN_EMAIL": "nobody",
		"IMAGES_DIR": "", "MAX_IMAGE_FILE_SIZE_MB": "51",
		"RATE_LIMIT_ENABLED": "maybe", "RATE_LIMIT_READ_PER_MINUTE": "0", "RATE_LIMIT_PER_MINUTE": "-1",
		"RATE_LIMIT_AUTH_PER_MINUTE": "1000001", "TRUSTED_PROXIES": "10.0.0.1/8",
	}
	_, err := readSettings(environmentWith(wrong), serving)
	if err == nil {
		t.Fatal("readSettings() = nil error")
	}
	for name := range wrong {
		if name == "DB_MIGRATE_USERNAME" {
			name = "DB_MIGRATE_PASSWORD" // It is the one that is left alone.
		}
		if !strings.Contains(err.Error(), "\n"+name+" ") {
			t.Errorf("the error does not tell about %s:\n%v", name, err)
		}
	}
	if strings.Contains(err.Error(), "short") || strings.Contains(err.Error(), "-password") {
		t.Errorf("the error shows a secret:\n%v", err)
	}
}

func TestCommandsNeedOnlyTheirOwn(t *testing.T) {
	t.Parallel()
	if _, err := readSettings(func(string) string { return "" }, needs{environment: envLocal}); err != nil {
		t.Errorf("dev needs something: %v", err)
	}
	without := environmentWith(map[string]string{"REDIS_HOST": "", "JWT_SECRET_KEY": ""})
	if _, err := readSettings(without, needs{database: true}); err != nil {
		t.Errorf("a command about the database needs more than that: %v", err)
	}
	keyless := environmentWith(map[string]string{"IMAGES_DIR": "", "S3_BUCKET": "photographs", "S3_ENDPOINT": "https://s3.example.com"})
	if _, err := readSettings(keyless, needs{database: true}); err != nil {
		t.Errorf("a command about the database needs the keys of the bucket: %v", err)
	}
	half := func(name string) string { return map[string]string{"DB_HOST": "db"}[name] }
	if _, err := readSettings(half, needs{environment: envLocal}); err == nil || !strings.Contains(err.Error(), "DB_NAME") {
		t.Errorf("readSettings() with DB_HOST alone = %v, want a word on DB_NAME", err)
	}
}

// TestAuthorityOfTheDatabase says when the file is refused, and that the owner of the schema looks at it too.
func TestAuthorityOfTheDatabase(t *testing.T) {
	t.Parallel()
	authority := tlstest.NewAuthority(t).File
	nonsense := filepath.Join(t.TempDir(), "ca.crt")
	if err := os.WriteFile(nonsense, []byte("not a certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ mode, file, want string }{
		{"verify-full", authority, ""},
		{"verify-ca", authority, ""},
		{"verify-full", "", ""},
		{"require", authority, "DB_SSLROOTCERT is set, and DB_SSLMODE=require"},
		{"", authority, "DB_SSLROOTCERT is set, and DB_SSLMODE=prefer"},
		{"verify-full", nonsense, "no certificate in PEM"},
		{"verify-full", nonsense + ".none", "cannot be read"},
		{"verify-full", filepath.Dir(nonsense), "cannot be read"},
	} {
		s, err := readSettings(environmentWith(map[string]string{"DB_SSLMODE": tt.mode, "DB_SSLROOTCERT": tt.file}), serving)
		if tt.want != "" {
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s with %s: got error %v, want %q", tt.mode, tt.file, err, tt.want)
			}
			continue
		}
		if err != nil || s.database.SSLRootCert != tt.file || s.owner.SSLRootCert != tt.file || s.owner.SSLMode != tt.mode {
			t.Errorf("%s with %s: got %+v and %+v, error %v; want it for both roles", tt.mode, tt.file, s.database, s.owner, err)
		}
	}
}

func TestOwnerOfTheSchema(t *testing.T) {
	t.Parallel()
	s, err := readSettings(environmentWith(map[string]string{"DB_MIGRATE_USERNAME": "", "DB_MIGRATE_PASSWORD": ""}), serving)
	if err != nil {
		t.Fatal(err)
	}
	if s.owner != s.database {
		t.Errorf("the owner is %v, want the role of the requests", s.owner.Username)
	}
}

// TestDoubtfulSettings leaves out what may be left out, though seldom wisely.
func TestDoubtfulSettings(t *testing.T) {
	t.Parallel()
	everywhere := []string{envTest, envProduction}
	for _, tt := range []struct {
		name   string
		needs  needs
		warned []string
	}{
		{"DB_MIGRATE_USERNAME", serving, everywhere},
		{"DB_MIGRATE_USERNAME", needs{database: true}, everywhere},
		{"REDIS_PASSWORD", serving, []string{envProduction}},
		{"REDIS_PASSWORD", needs{database: true}, nil},
		{"TRUSTED_PROXIES", serving, []string{envProduction}},
		{"TRUSTED_PROXIES", needs{database: true}, nil},
	} {
		for _, environment := range []string{envLocal, envTest, envProduction} {
			s, err := readSettings(environmentWith(map[string]string{
				"APP_ENV": environment, "DB_MIGRATE_PASSWORD": "", tt.name: "",
			}), tt.needs)
			if err != nil {
				t.Fatal(err)
			}
			warned := len(s.warnings) == 1 && strings.HasPrefix(s.warnings[0], tt.name+" is not set: ")
			if want := slices.Contains(tt.warned, environment); warned != want || !want && len(s.warnings) > 0 {
				t.Errorf("%s, %+v without %s: warnings %q, want one of it: %t", environment, tt.needs, tt.name, s.warnings, want)
			}
		}
	}
}

func TestSettingsAreLoggedRedacted(t *testing.T) {
	t.Parallel()
	s, err := readSettings(environmentWith(nil), serving)
	if err != nil {
		t.Fatal(err)
	}
	var log bytes.Buffer
	newLogger(&log, s).Info("starting", "settings", s)
	for _, secret := range []string{"-password", "a-secret-of"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("the log shows %q: %s", secret, &log)
		}
	}
	for _, shown := range []string{`"host":"db"`, `"secret":"[redacted]"`, `"app_env":"production"`} {
		if !strings.Contains(log.String(), shown) {
			t.Errorf("the log lacks %s: %s", shown, &log)
		}
	}
}

func TestLogFormats(t *testing.T) {
	t.Parallel()
	for format, prefix := range map[string]string{"json": `{"time":"`, "text": "time="} {
		var log bytes.Buffer
		l := newLogger(&log, settings{logFormat: format, logLevel: slog.LevelInfo})
		l.Debug("hidden")
		l.Info("shown")
		if !strings.HasPrefix(log.String(), prefix) || strings.Contains(log.String(), "hidden") {
			t.Errorf("%s: %q, want one line beginning with %s", format, &log, prefix)
		}
	}
}
