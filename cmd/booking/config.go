package main

import (
	"fmt"
	"log/slog"
	"net/mail"
	"strings"
	"time"

	"github.com/shumbooking/shumbooking/platform/config"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// The values of APP_ENV.
const (
	envLocal      = "local"
	envTest       = "test"
	envProduction = "production"
)

// settings are all that the environment decides.
type settings struct {
	environment string
	// database is for serving requests, owner for changing the schema.
	database, owner pg.Config
	redis           redisSettings
	limits          limitSettings
	tokens          tokenSettings
	admin           adminSettings
	images          imageSettings
	tracing         tracingSettings
	rootPath        string
	corsOrigins     []string
	logLevel        slog.Level
	logFormat       string
	// warnings are worth telling and keep nothing from starting.
	warnings []string
}

type redisSettings struct {
	host     string
	port, db int
	password config.Secret
	// encrypted is for TLS, with a certificate that the system trusts.
	encrypted bool
	// timeout is for a call; zero for that of package kv.
	timeout time.Duration
}

type tokenSettings struct {
	// secret makes everything, and previous is another one that is still taken.
	secret, previous config.Secret

	accessTTL   time.Duration
	refreshIdle time.Duration
}

// adminSettings name the admin that is made where there is none.
type adminSettings struct {
	email    string
	password config.Secret
}

// needs say what a command cannot do without. What it does not need is checked only where it is set.
type needs struct {
	environment string // the value of APP_ENV when it is not set
	database    bool
	serving     bool // Redis, the key of the tokens, and where images are kept
}

// readSettings reads the whole environment. Its error tells everything that is wrong with it.
func readSettings(getenv func(string) string, n needs) (settings, error) {
	r := config.NewReader(getenv)
	var s settings
	s.environment = r.OneOf("APP_ENV", environments(n.environment)...)
	s.database = s.readDatabase(r, n)
	s.owner = s.readOwner(r)
	s.redis = s.readRedis(r, n)
	s.limits = s.readLimits(r, n)
	s.tokens = s.readTokens(r, n)
	s.admin = s.readAdmin(r)
	s.images = s.readImages(r, n)
	s.tracing = s.readTracing(r)
	s.rootPath = r.Path("ROOT_PATH")
	s.corsOrigins = r.Origins("CORS_ORIGINS")
	s.logLevel = r.Level("LOG_LEVEL")
	s.logFormat = r.OneOf("LOG_FORMAT", "json", "text")
	if err := r.Err(); err != nil {
		return settings{}, fmt.Errorf("the environment variables are not right:\n%w", err)
	}
	return s, nil
}

func (s *settings) warn(text string) { s.warnings = append(s.warnings, text) }

// environments lists the values of APP_ENV, the one for a variable that is not set first. Where nothing else is
// said it is production, whose rules are the strictest.
func environments(unset string) []string {
	if unset == envLocal {
		return []string{envLocal, envTest, envProduction}
	}
	return []string{envProduction, envTest, envLocal}
}

func (s *settings) readDatabase(r *config.Reader, n needs) pg.Config {
	read := func(name string) string { return r.String(name, "") }
	if n.database || read("DB_HOST") != "" {
		read = r.Required
	}
	c := pg.Config{
		Host:     read("DB_HOST"),
		Port:     r.Int("DB_PORT", 5432, config.Limits{Min: 1, Max: 65535}),
		Name:     read("DB_NAME"),
		Username: read("DB_USERNAME"),
		Password: string(s.secret(r, "DB_PASSWORD")),
		SSLMode:  r.OneOf("DB_SSLMODE", "prefer", "disable", "allow", "require", "verify-ca", "verify-full"),

		SSLRootCert: r.Certificates("DB_SSLROOTCERT"),
	}
	if c.SSLRootCert != "" && !strings.HasPrefix(c.SSLMode, "verify-") {
		r.Reject("DB_SSLROOTCERT", "is set, and DB_SSLMODE=%s verifies nothing: want verify-full or verify-ca", c.SSLMode)
	}
	return c
}

// readOwner returns how to reach the database as the owner of its schema.
func (s *settings) readOwner(r *config.Reader) pg.Config {
	owner := s.database
	username, password := r.String("DB_MIGRATE_USERNAME", ""), s.secret(r, "DB_MIGRATE_PASSWORD")
	if username == "" {
		if password != "" {
			r.Reject("DB_MIGRATE_PASSWORD", "is set without DB_MIGRATE_USERNAME")
		}
		if s.environment != envLocal && s.database.Host != "" {
			s.warn("DB_MIGRATE_USERNAME is not set: the role that serves requests owns the schema")
		}
		return owner
	}
	owner.Username, owner.Password = username, string(password)
	return owner
}

func (s *settings) readRedis(r *config.Reader, n needs) redisSettings {
	host := r.String("REDIS_HOST", "")
	if n.serving {
		host = r.Required("REDIS_HOST")
	}
	password := s.secret(r, "REDIS_PASSWORD")
	if password == "" && n.serving && s.environment == envProduction {
		s.warn("REDIS_PASSWORD is not set: whoever reaches Redis can lift the limits")
	}
	return redisSettings{
		host:     host,
		port:     r.Int("REDIS_PORT", 6379, config.Limits{Min: 1, Max: 65535}),
		db:       r.Int("REDIS_DB", 0, config.Limits{Min: 0, Max: 65535}),
		password: password,

		encrypted: r.OneOf("REDIS_TLS", "false", "true") == "true",
	}
}

func (s *settings) readTokens(r *config.Reader, n needs) tokenSettings {
	const current, before = "JWT_SECRET_KEY", "JWT_SECRET_KEY_PREVIOUS"
	secret, previous := s.key(r, current), s.key(r, before)
	if secret == "" && n.serving {
		r.Reject(current, "is required")
	}
	if previous != "" && previous == secret {
		r.Reject(before, "is the same as %s", current)
	}
	minutes := r.Int("JWT_ACCESS_TOKEN_EXPIRE_MINUTES", 10, config.Limits{Min: 1, Max: 24 * 60})
	days := r.Int("JWT_REFRESH_TOKEN_EXPIRE_DAYS", 14, config.Limits{Min: 1, Max: 60})
	return tokenSettings{
		secret:      secret,
		previous:    previous,
		accessTTL:   time.Duration(minutes) * time.Minute,
		refreshIdle: time.Duration(days) * 24 * time.Hour,
	}
}

func (s *settings) readAdmin(r *config.Reader) adminSettings {
	a := adminSettings{email: r.String("ADMIN_EMAIL", ""), password: s.secret(r, "ADMIN_PASSWORD")}
	if a.email != "" {
		if parsed, err := mail.ParseAddress(a.email); err != nil || parsed.Address != a.email {
			r.Reject("ADMIN_EMAIL", "is not an e-mail address")
		}
	}
	if (a.email == "") != (a.password == "") {
		r.Reject("ADMIN_EMAIL", "and ADMIN_PASSWORD go together: one of them is not set")
	}
	return a
}

// LogValue shows the settings without what must not be seen.
func (s settings) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("app_env", s.environment),
		slog.Any("database", s.database),
		slog.String("schema_owner", s.owner.Username),
		slog.Group("redis", "host", s.redis.host, "port", s.redis.port, "db", s.redis.db, "password", s.redis.password,
			"tls", s.redis.encrypted),
		slog.Any("limits", s.limits),
		slog.Group("tokens", "secret", s.tokens.secret, "previous", s.tokens.previous, "access_ttl", s.tokens.accessTTL.String(),
			"refresh_idle", s.tokens.refreshIdle.String()),
		slog.Group("admin", "email", config.Secret(s.admin.email), "password", s.admin.password),
		slog.Any("images", s.images),
		slog.Any("tracing", s.tracing),
		slog.String("root_path", s.rootPath),
		slog.String("cors_origins", strings.Join(s.corsOrigins, ",")),
		slog.String("log_level", s.logLevel.String()),
		slog.String("log_format", s.logFormat),
	)
}
