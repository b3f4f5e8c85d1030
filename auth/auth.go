package auth

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/keys"
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
	// DeriveKey does what argon2.IDKey does, which it is by default; optional.
	DeriveKey func(password, salt []byte, passes, memoryKiB uint32, lanes uint8, size uint32) []byte
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
	patience    time.Duration
	metrics     metrics
	log         *slog.Logger
	now         func() time.Time
}

// defaultPatience is how long the database may take for a sign-in or a refresh. It is well below refreshGrace: who is
// told in time that the reply is lost can ask again and is not taken for a thief. And what a client cannot break off
// must end by itself, as it keeps others from their turn.
const defaultPatience = 4 * time.Second

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
		patience:    defaultPatience,
		metrics:     newMetrics(cfg.Metrics),
		log:         cfg.Log,
		now:         cfg.Now,
	}
	var err error
	if s.passwords, err = newPasswordHasher(cfg.Argon2, hashingSlots(db)); err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	if cfg.DeriveKey != nil {
		s.passwords.derive = cfg.DeriveKey
	}
	if err := s.deriveKeys(cfg); err != nil {
		return nil, fmt.Errorf("auth: %w", err)
	}
	return s, nil
}

// deriveKeys makes what works with keys.
func (s *Service) deriveKeys(cfg Config) error {
	if size := len(cfg.SecretKey); size < minSecretSize {
		return fmt.Errorf("the secret key has %d bytes, want at least %d", size, minSecretSize)
	}
	if size := len(cfg.PreviousKey); size > 0 && size < minSecretSize {
		return fmt.Errorf("the previous secret key has %d bytes, want at least %d", size, minSecretSize)
	}
	ring := keys.NewRing(cfg.SecretKey, cfg.PreviousKey)
	s.access = newAccessTokens(newKeyset(ring.Derive("access token")), cmp.Or(cfg.AccessTTL, defaultAccessTTL), cfg.Now)
	s.refresh = refreshTokens{keys: ring.Derive("refresh token")}
	var err error
	s.sealer, err = newSealer(newKeyset(ring.Derive("second factor")))
	return err
}

// hashingSlots is how many passwords may be hashed at a time: one less than there are processors, which is left to all
// other requests. They take microseconds where a hash takes 25 ms, and would wait for 10 of those each time. Each hash has
// a connection in use meanwhile, and half of them are left to other requests.
func hashingSlots(db *pgxpool.Pool) int {
	slots := max(1, runtime.GOMAXPROCS(0)-1)
	if db == nil {
		return slots
	}
	return min(slots, max(1, int(db.Config().MaxConns)/2))
}
