package auth

import (
	"cmp"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/shumbooking/shumbooking/platform/page"
)

const (
	minSecretSize      = 32
	defaultAccessTTL   = 10 * time.Minute
	defaultRefreshIdle = 14 * 24 * time.Hour
	sessionLifetime    = 60 * 24 * time.Hour
)

// Config is what a Service needs to know. Fields without "optional" are required.
type Config struct {
	// SecretKey is what every key of the service is derived from: 32 random bytes or more.
	SecretKey []byte
	// AccessTTL is how long an access token is valid; optional, 10 minutes by default.
	AccessTTL time.Duration
	// RefreshIdle is how long a session lasts without being refreshed; optional, 14 days by default. However
	// often it is refreshed, a session ends after 60 days.
	RefreshIdle time.Duration
	// Argon2 is the cost of hashing a password; optional.
	Argon2 Argon2
	// Cursors signs the cursors of the list of users; optional where nothing is listed.
	Cursors page.Signer
	// Metrics takes the counters; optional.
	Metrics prometheus.Registerer
	// Log is told of what no caller can be told; optional.
	Log *slog.Logger
	// Now is the clock; optional, time.Now by default.
	Now func() time.Time
}

// Service keeps the users and their sessions, and serves the endpoints about them.
type Service struct {
	db          *pgxpool.Pool
	access      *accessTokens
	refresh     refreshTokens
	refreshIdle time.Duration
	passwords   *passwordHasher
	policy      passwordPolicy
	cursors     page.Signer
	metrics     metrics
	log         *slog.Logger
	now         func() time.Time
}

// New returns a Service over db. It is an error if the secret is too short or a duration or cost is out of range.
func New(db *pgxpool.Pool, cfg Config) (*Service, error) {
	if len(cfg.SecretKey) < minSecretSize {
		return nil, fmt.Errorf("auth: the secret key has %d bytes, want at least %d", len(cfg.SecretKey), minSecretSize)
	}
	if cfg.AccessTTL < 0 || cfg.RefreshIdle < 0 {
		return nil, errors.New("auth: a token cannot live for a negative time")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	accessKey, err := deriveKey(cfg.SecretKey, "access token")
	if err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	refreshKey, err := deriveKey(cfg.SecretKey, "refresh token")
	if err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	passwords, err := newPasswordHasher(cfg.Argon2)
	if err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	return &Service{
		db:          db,
		access:      newAccessTokens(newKeyset(accessKey), cmp.Or(cfg.AccessTTL, defaultAccessTTL), cfg.Now),
		refresh:     refreshTokens{key: refreshKey},
		refreshIdle: cmp.Or(cfg.RefreshIdle, defaultRefreshIdle),
		passwords:   passwords,
		policy:      newPasswordPolicy(),
		cursors:     cfg.Cursors,
		metrics:     newMetrics(cfg.Metrics),
		log:         cfg.Log,
		now:         cfg.Now,
	}, nil
}

// deriveKey returns the key for one purpose (HKDF, RFC 5869), so that what is signed for one is worth nothing
// for another.
func deriveKey(secret []byte, purpose string) ([]byte, error) {
	return hkdf.Key(sha256.New, secret, nil, "shum booking "+purpose+" v1", sha256.Size)
}
