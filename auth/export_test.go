package auth

import (
	"context"
	"time"
)

// VerifyAccessToken is what Admit asks of a token before it asks the database.
func (s *Service) VerifyAccessToken(token string) (userID, sessionID int64, err error) {
	return s.access.verify(token)
}

// SignAccessToken makes a token as a sign-in does.
func (s *Service) SignAccessToken(userID, sessionID int64) (string, error) {
	return s.access.sign(userID, sessionID)
}

// AccessKey returns the key that signs access tokens, and its id.
func (s *Service) AccessKey() (id string, key []byte) {
	return s.access.keys.current, s.access.keys.keys[s.access.keys.current]
}

// ReadPasswordHash parses a PHC string and writes it again.
func ReadPasswordHash(phc string) (string, Argon2, error) {
	p, err := parsePasswordHash(phc)
	return p.String(), p.cost, err
}

// TakeHashingTurns waits until no password is hashed, and keeps all from being hashed until release is called.
func (s *Service) TakeHashingTurns() (release func()) {
	for range cap(s.passwords.slots) {
		s.passwords.slots <- struct{}{}
	}
	return func() {
		for range cap(s.passwords.slots) {
			<-s.passwords.slots
		}
	}
}

// CountHashes makes the hashing of passwords go through around, which is called with what hashes one.
func (s *Service) CountHashes(around func(hash func())) {
	derive := s.passwords.derive
	s.passwords.derive = func(password, salt []byte, passes, memoryKiB uint32, lanes uint8, size uint32) (sum []byte) {
		around(func() { sum = derive(password, salt, passes, memoryKiB, lanes, size) })
		return sum
	}
}

// LosePatience makes the service wait no longer than d for the database.
func (s *Service) LosePatience(d time.Duration) { s.patience = d }

// HashingSlots is how many passwords may be hashed at a time.
func (s *Service) HashingSlots() int { return cap(s.passwords.slots) }

// OneTimeCode is the code of a time step.
func OneTimeCode(secret []byte, step int64, digits int) string {
	return oneTimeCode(secret, step, digits)
}

// Purge does what the hourly job does.
func (s *Service) Purge(ctx context.Context) error { return (&purger{service: s}).Work(ctx, nil) }

// Seal is how secrets are kept.
func (s *Service) Seal(secret []byte, userID int64) (sealed []byte, keyID string) {
	return s.sealer.seal(secret, userID)
}

// Open reads what Seal returned.
func (s *Service) Open(sealed []byte, keyID string, userID int64) ([]byte, error) {
	return s.sealer.open(sealed, keyID, userID)
}

// What failures in a row lead to.
const (
	WaitsFrom     = waitsFrom
	LocksFrom     = locksFrom
	MaxWait       = maxWait
	MaxWrongCodes = maxWrongCodes
)

// DummyHashCost is the cost of the hash that is compared with where there is none.
func (s *Service) DummyHashCost() Argon2 { return s.passwords.dummy.cost }

// ReadRefreshToken parses a refresh token and writes it again.
func ReadRefreshToken(s string) (string, error) {
	t, err := parseOpaqueToken(s)
	return t.String(), err
}

// ListQuery is the statement behind ListUsers.
func ListQuery(p *ListUsersParams, after int64) (string, []any) { return listQuery(p, after) }

// RefreshGrace is how long a token that was exchanged may be presented again.
const RefreshGrace time.Duration = refreshGrace

// Patience is how long the database may take for a sign-in or a refresh.
const Patience time.Duration = defaultPatience

// PurgeSessions is the statement of a purge, and PurgeBatch how many sessions it deletes at most.
const (
	PurgeSessions = purgeSessions
	PurgeBatch    = purgeBatch
)
