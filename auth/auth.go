package auth

import (
	"cmp"
	"crypto/hkdf"
	"crypto/sha256"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/kv"
	"github.com/shumbooking/shumbooking/platform/page"
	"github.com/shumbooking/shumbooking/platform/ratelimit"
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
	// PreviousKey is another SecretKey, such as the one before: what was made with it is still taken; optional.
	PreviousKey []byte
	// AccessTTL is how long an access token is valid; optional, 10 minutes by default.
	AccessTTL time.Duration
	// RefreshIdle is how long a session lasts without being refreshed; optional, 14 days by default. However
	// often it is refreshed, a session ends after 60 days.
	RefreshIdle time.Duration
	// Argon2 is the cost of hashing a password; optional.
	Argon2 Argon2
	// Cursors signs the cursors of the list of users; optional where nothing is listed.
	Cursors page.Signer
	// Redis learns of sessions that are over, and refuses them early; optional.
	Redis *kv.Client
	// Limits are the budgets of requests. Routes of a budget that is not among them are not limited; optional.
	Limits map[httpapi.Budget]*ratelimit.Limiter
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
	sealer      sealer
	refreshIdle time.Duration
	passwords   *passwordHasher
	policy      passwordPolicy
	cursors     page.Signer
	redis       *kv.Client
	limits      map[httpapi.Budget]*ratelimit.Limiter
	metrics     metrics
	log         *slog.Logger
	now         func() time.Time
}

// New returns a Service over db. It is an error if a secret is too short or a duration or cost is out of range.
func New(db *pgxpool.Pool, cfg Config) (*Service, error) {
	if cfg.AccessTTL < 0 || cfg.RefreshIdle < 0 {
		return nil, errors.New("auth: a token cannot live for a negative time")
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	s := &Service{
		db:          db,
		refreshIdle: cmp.Or(cfg.RefreshIdle, defaultRefreshIdle),
		policy:      newPasswordPolicy(),
		cursors:     cfg.Cursors,
		redis:       cfg.Redis,
		limits:      cfg.Limits,
		metrics:     newMetrics(cfg.Metrics),
		log:         cfg.Log,
		now:         cfg.Now,
	}
	var err error
	if s.passwords, err = newPasswordHasher(cfg.Argon2, hashingSlots(db)); err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	if err := s.deriveKeys(cfg); err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	return s, nil
}

// deriveKeys makes what works with keys.
func (s *Service) deriveKeys(cfg Config) error {
	secrets := [][]byte{cfg.SecretKey}
	if len(cfg.PreviousKey) > 0 {
		secrets = append(secrets, cfg.PreviousKey)
	}
	access, err := deriveKeys(secrets, "access token")
	if err != nil {
		return err
	}
	refresh, err := deriveKeys(secrets, "refresh token")
	if err != nil {
		return err
	}
	totp, err := deriveKeys(secrets, "second factor")
	if err != nil {
		return err
	}
	s.access = newAccessTokens(newKeyset(access), cmp.Or(cfg.AccessTTL, defaultAccessTTL), cfg.Now)
	s.refresh = refreshTokens{keys: refresh}
	s.sealer, err = newSealer(newKeyset(totp))
	return err
}

// deriveKeys returns the keys for one purpose (HKDF, RFC 5869), so that what is made for one is worth nothing for
// another. They are in the order of the secrets.
func deriveKeys(secrets [][]byte, purpose string) ([][]byte, error) {
	keys := make([][]byte, len(secrets))
	for i, secret := range secrets {
		if len(secret) < minSecretSize {
			return nil, fmt.Errorf("a secret key has %d bytes, want at least %d", len(secret), minSecretSize)
		}
		var err error
		keys[i], err = hkdf.Key(sha256.New, secret, nil, "shum booking "+purpose+" v1", sha256.Size)
		if err != nil {
			return nil, err
		}
	}
	return keys, nil
}

// hashingSlots is how many passwords may be hashed at a time: as many as there are processors, because more would only
// make all of them late. Each has a connection in use meanwhile, and half of them are left to other requests.
func hashingSlots(db *pgxpool.Pool) int {
	slots := runtime.GOMAXPROCS(0)
	if db == nil {
		return slots
	}
	return min(slots, max(1, int(db.Config().MaxConns)/2))
}
