package auth

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/pg"
)

var kindInvalidRefreshToken = errs.Kind{
	Code: "invalid_refresh_token", Status: http.StatusUnauthorized, Title: "Sign in again",
}

// refreshGrace is how long a token that was exchanged may be presented again, for a reply that got lost.
const refreshGrace = 10 * time.Second

// RefreshParams is the body of POST /auth/refresh.
type RefreshParams struct {
	RefreshToken string `json:"refresh_token" required:"true" minLength:"1" maxLength:"512" example:"kZ0Vb2pH1l5H0nP8vYy0QW2q6r3t9u1xA7cD4eF5gHs"`
}

// Refresh exchanges a refresh token for the next pair. The error is of kind invalid_refresh_token if it is unknown
// or expired or its session is over, and also if it was exchanged before, in which case the session ends: either
// this caller or the one before stole the token, and nobody can tell which.
func (s *Service) Refresh(ctx context.Context, p *RefreshParams) (*Tokens, error) {
	token, err := parseOpaqueToken(p.RefreshToken)
	if err != nil {
		return nil, s.refuseRefresh(reasonDeadToken)
	}
	found, refusal, err := s.exchange(ctx, token)
	if err != nil {
		return nil, fmt.Errorf("refresh: %w", err)
	}
	if refusal != "" {
		return nil, s.refuseRefresh(refusal)
	}
	s.metrics.refreshes.WithLabelValues(succeeded).Inc()
	return s.issue(found.UserID, found.SessionID, found.next)
}

func (s *Service) refuseRefresh(reason string) error {
	s.metrics.refreshes.WithLabelValues(failed).Inc()
	s.metrics.failures.WithLabelValues(reason).Inc()
	return kindInvalidRefreshToken.New("The refresh token is not valid, or its session is over.").
		Because(errors.New(reason))
}

// exchange stores the successor of token, or ends its session, or returns the reason for which it does neither.
func (s *Service) exchange(ctx context.Context, token opaqueToken) (found presented, refusal string, err error) {
	ctx, cancel := context.WithTimeout(ctx, s.patience)
	defer cancel()
	err = s.revoke(ctx, func(tx *revokingTx) error {
		var err error
		if found, err = lockPresented(ctx, tx, token); err != nil {
			return err
		}
		now := s.now()
		var ok bool
		found.next, ok = s.refresh.successor(token, found.Successor)
		refusal = found.judge(now)
		switch {
		case refusal == reasonReusedToken:
			return endSession(ctx, tx, found.SessionID, now)
		case refusal == "" && !ok:
			refusal = reasonDeadToken
		case refusal == "" && found.ReplacedAt == nil:
			return s.rotate(ctx, tx, token, found, now)
		}
		return nil
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return presented{}, reasonDeadToken, nil
	}
	return found, refusal, err
}

// presented is what is known of a refresh token when it comes back.
type presented struct {
	SessionID        int64
	SessionExpiresAt time.Time
	RevokedAt        *time.Time
	UserID           int64
	DisabledAt       *time.Time
	ExpiresAt        time.Time
	ReplacedAt       *time.Time
	Successor        []byte
	SuccessorUsed    bool
	// next is the token that this one is exchanged for.
	next opaqueToken
}

// judge returns "" if the token may be exchanged, or exchanged again, or else the reason why not.
func (p *presented) judge(now time.Time) string {
	switch {
	case p.RevokedAt != nil || p.DisabledAt != nil:
		return reasonDeadToken
	case p.ReplacedAt != nil && (p.SuccessorUsed || now.Sub(*p.ReplacedAt) > refreshGrace):
		return reasonReusedToken
	case !now.Before(p.ExpiresAt) || !now.Before(p.SessionExpiresAt):
		return reasonDeadToken
	}
	return ""
}

// lockPresented locks the session of the token, so that its tokens are exchanged one after the other, and then
// reads what the one before left. It takes two statements because one would read as of before the lock.
// The error is pgx.ErrNoRows if the token is not known.
func lockPresented(ctx context.Context, tx pgx.Tx, token opaqueToken) (presented, error) {
	_, err := tx.Exec(ctx, `
SELECT id FROM sessions WHERE id = (SELECT session_id FROM refresh_tokens WHERE hash = $1) FOR NO KEY UPDATE`,
		token.hash())
	if err != nil {
		return presented{}, err
	}
	return pg.One[presented](ctx, tx, selectPresented, token.hash())
}

const selectPresented = `
SELECT s.id AS session_id, s.expires_at AS session_expires_at, s.revoked_at, s.user_id, u.disabled_at,
	t.expires_at, t.replaced_at, t.successor,
	EXISTS (SELECT FROM refresh_tokens next WHERE next.hash = t.successor AND next.replaced_at IS NOT NULL)
		AS successor_used
FROM refresh_tokens t JOIN sessions s ON s.id = t.session_id JOIN users u ON u.id = s.user_id
WHERE t.hash = $1`

// rotate stores the successor of token, and lets the session last as long as that one.
func (s *Service) rotate(ctx context.Context, tx pgx.Tx, token opaqueToken, p presented, now time.Time) error {
	next := p.next.hash()
	batch := &pgx.Batch{}
	batch.Queue(`UPDATE refresh_tokens SET replaced_at = $2, successor = $3 WHERE hash = $1`, token.hash(), now, next)
	batch.Queue(`INSERT INTO refresh_tokens (hash, session_id, issued_at, expires_at) VALUES ($1, $2, $3, $4)`,
		next, p.SessionID, now, now.Add(s.refreshIdle))
	batch.Queue(`UPDATE sessions SET expires_at = least($2, created_at + $3::interval) WHERE id = $1`,
		p.SessionID, now.Add(s.refreshIdle), sessionLifetime)
	return tx.SendBatch(ctx, batch).Close()
}

// refreshTokens makes tokens out of tokens. The first key is the current one.
type refreshTokens struct {
	keys [][]byte
}

// successor returns the token that t is exchanged for. It is the same every time, so that it need not be stored to
// be given again, and cannot be made without a key. Where the hash of one is stored already, it is made with the key
// that was the current one then; it cannot be made any more if that key is gone.
func (r refreshTokens) successor(t opaqueToken, stored []byte) (opaqueToken, bool) {
	for _, key := range r.keys {
		mac := hmac.New(sha256.New, key)
		mac.Write(t[:])
		next := opaqueToken(mac.Sum(nil))
		if stored == nil || bytes.Equal(next.hash(), stored) {
			return next, true
		}
	}
	return opaqueToken{}, false
}
