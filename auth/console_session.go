package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/pg"
)

const (
	// consoleLifetime is how long a session of the console lasts at most, and consoleIdle how long without a request.
	consoleLifetime = 8 * time.Hour
	consoleIdle     = time.Hour
	// consolePause is how much of consoleIdle may pass before a request is written down, so that a page that asks
	// every second does not write as often.
	consolePause = 5 * time.Minute
)

// startConsoleSession signs an admin in with a browser and returns what its cookie holds. The errors are those of
// Login; the one of kind invalid_credentials is also for a right password of a user who is no admin.
//
// The session has no refresh token and is never put into an access token: it opens the console and nothing else.
func (s *Service) startConsoleSession(ctx context.Context, p *LoginParams) (opaqueToken, error) {
	token := newOpaqueToken()
	var sessionID int64
	userID, err := s.signIn(ctx, p, &try{
		refuse: func(of *subject) string {
			if of.Role != Admin {
				return reasonNotAdmin
			}
			return ""
		},
		grant: func(ctx context.Context, tx *revokingTx, of *subject) (int64, error) {
			now := s.now()
			err := tx.QueryRow(ctx, insertConsoleSession, of.ID, of.PasswordHash, now, now.Add(consoleIdle),
				token.hash()).Scan(&sessionID)
			return sessionID, err
		},
	})
	if err != nil {
		return opaqueToken{}, fmt.Errorf("sign in to the console: %w", err)
	}
	s.log.InfoContext(ctx, "an admin signed in to the console", "user_id", userID, "session_id", sessionID)
	return token, nil
}

// The lock on the user is there for what insertSession says.
const insertConsoleSession = `
WITH session AS (
	INSERT INTO sessions (user_id, created_at, expires_at)
	SELECT id, $3, $4 FROM users
	WHERE id = $1 AND password_hash = $2 AND role = 'admin' AND disabled_at IS NULL FOR SHARE
	RETURNING id
)
INSERT INTO console_sessions (session_id, hash)
SELECT id, $5 FROM session
RETURNING session_id`

// A consoleSession is what one sign-in to the console started.
type consoleSession struct {
	ID        int64
	UserID    int64
	Email     string
	CreatedAt time.Time
	ExpiresAt time.Time
}

// end is when the session is over even if it is used.
func (c *consoleSession) end() time.Time { return c.CreatedAt.Add(consoleLifetime) }

func (c *consoleSession) caller() Caller {
	return Caller{UserID: c.UserID, SessionID: c.ID, Role: Admin}
}

// findConsoleSession returns the live session of an admin that the cookie's value is of. The error is of kind
// errs.Unauthenticated if there is none.
func (s *Service) findConsoleSession(ctx context.Context, cookie string) (consoleSession, error) {
	token, err := parseOpaqueToken(cookie)
	if err != nil {
		return consoleSession{}, errNoConsoleSession(err)
	}
	now := s.now()
	found, err := pg.One[consoleSession](ctx, s.db, selectConsoleSession, token.hash(), now)
	if errors.Is(err, pgx.ErrNoRows) {
		return consoleSession{}, errNoConsoleSession(errors.New("the session is over, or its user no admin"))
	}
	if err != nil {
		return consoleSession{}, fmt.Errorf("find the session of the console: %w", err)
	}
	if err := s.keepConsoleSession(ctx, found, now); err != nil {
		return consoleSession{}, fmt.Errorf("keep the session of the console: %w", err)
	}
	return found, nil
}

const selectConsoleSession = `
SELECT s.id, s.user_id, u.email, s.created_at, s.expires_at
FROM console_sessions c JOIN sessions s ON s.id = c.session_id JOIN users u ON u.id = s.user_id
WHERE c.hash = $1 AND s.revoked_at IS NULL AND s.expires_at > $2
	AND u.role = 'admin' AND u.disabled_at IS NULL`

// keepConsoleSession lets a session that is in use last on.
func (s *Service) keepConsoleSession(ctx context.Context, c consoleSession, now time.Time) error {
	until := now.Add(consoleIdle)
	if until.After(c.end()) {
		until = c.end()
	}
	if until.Sub(c.ExpiresAt) < consolePause {
		return nil
	}
	_, err := s.db.Exec(ctx, `UPDATE sessions SET expires_at = $2 WHERE id = $1`, c.ID, until)
	return err
}

// session returns the live session that the request is made in. The error is of kind errs.Unauthenticated if there is
// none.
func (c *console) session(r *http.Request) (consoleSession, error) {
	cookie, err := r.Cookie(c.cookieName())
	if err != nil {
		return consoleSession{}, errNoConsoleSession(err)
	}
	return c.findConsoleSession(r.Context(), cookie.Value)
}

// What cookie takes for the seconds that a cookie lasts.
const (
	untilBrowserEnds = 0
	deleteCookie     = -1
)

// cookie returns the cookie of the console with a value. The database says how long its session lasts.
func (c *console) cookie(value string, maxAge int) *http.Cookie {
	return &http.Cookie{ //nolint:gosec // without Secure only where PlainHTTP says so
		Name: c.cookieName(), Value: value, MaxAge: maxAge, Path: c.cfg.Path,
		Secure: !c.cfg.PlainHTTP, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
}

// cookieName has the prefix with which a browser takes a cookie over TLS only.
func (c *console) cookieName() string {
	if c.cfg.PlainHTTP {
		return "console"
	}
	return "__Secure-console"
}
