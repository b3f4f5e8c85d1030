package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/pg"
)

var kindInvalidCredentials = errs.Kind{
	Code: "invalid_credentials", Status: http.StatusUnauthorized, Title: "The e-mail or the password is wrong",
}

// SignUpParams is the body of POST /auth/register.
type SignUpParams struct {
	Email    string `json:"email" required:"true" format:"email" minLength:"3" maxLength:"254" example:"anna@example.com"`
	Password string `json:"password" required:"true" format:"password" minLength:"8" maxLength:"128" description:"Not one of those that are guessed first." example:"seven-quiet-herons"`
	Person
}

// Validate checks what the schema cannot say.
func (p *SignUpParams) Validate() error { return checkEmail(p.Email) }

// SignUp makes the caller a user with the role of a guest. It does not sign them in.
func (s *Service) SignUp(ctx context.Context, p *SignUpParams) (*User, error) {
	hash, err := s.newPassword(ctx, "password", p.Password, p.Email)
	if err != nil {
		return nil, fmt.Errorf("sign up: %w", err)
	}
	user, err := insertUser(ctx, s.db, newUser{email: p.Email, hash: hash, role: Guest, Person: p.Person})
	if err != nil {
		return nil, fmt.Errorf("sign up: %w", err)
	}
	s.metrics.registrations.Inc()
	return user, nil
}

// LoginParams is the body of POST /auth/login.
type LoginParams struct {
	Email    string `json:"email" required:"true" minLength:"1" maxLength:"254" example:"anna@example.com"`
	Password string `json:"password" required:"true" format:"password" minLength:"1" maxLength:"1024" example:"seven-quiet-herons"`
}

// Tokens is what a client signs its requests with.
type Tokens struct {
	AccessToken  string `json:"access_token" description:"Goes into the Authorization header of requests."`
	RefreshToken string `json:"refresh_token" description:"Is exchanged, once, for the next pair of tokens."`
	TokenType    string `json:"token_type" enum:"Bearer" example:"Bearer"`
	ExpiresIn    int64  `json:"expires_in" description:"Seconds for which the access token is valid." example:"600"`
}

// loginAttempts is how often a sign-in is begun when the account changes under it.
const loginAttempts = 3

// Login starts a session. The error is of kind invalid_credentials whether the e-mail is unknown, the password
// wrong or the user disabled, and takes as long to find.
func (s *Service) Login(ctx context.Context, p *LoginParams) (*Tokens, error) {
	var tokens *Tokens
	err := s.signIn(ctx, p, func(a account) error {
		var err error
		tokens, err = s.startSession(ctx, a)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("log in: %w", err)
	}
	return tokens, nil
}

// signIn calls start with the account that the e-mail and the password are of. Where that returns pgx.ErrNoRows,
// because the account changed since it was read, it looks again.
func (s *Service) signIn(ctx context.Context, p *LoginParams, start func(account) error) error {
	for range loginAttempts {
		a, err := s.checkCredentials(ctx, p)
		if err != nil {
			return err
		}
		err = start(a)
		if errors.Is(err, pgx.ErrNoRows) {
			continue
		}
		if err != nil {
			return err
		}
		s.metrics.logins.WithLabelValues(succeeded).Inc()
		s.rehash(ctx, a, p.Password)
		return nil
	}
	return s.refuseLogin(reasonWrongPassword)
}

// checkCredentials returns the account that the e-mail and the password are of.
func (s *Service) checkCredentials(ctx context.Context, p *LoginParams) (account, error) {
	a, err := findByEmail(ctx, s.db, p.Email)
	unknown := errors.Is(err, errs.NotFound.New(""))
	if err != nil && !unknown {
		return account{}, err
	}
	matches, err := s.passwords.verify(ctx, a.PasswordHash, p.Password)
	switch {
	case err != nil:
		return account{}, err
	case unknown:
		return account{}, s.refuseLogin(reasonUnknownUser)
	case !matches:
		return account{}, s.refuseLogin(reasonWrongPassword)
	case a.DisabledAt != nil:
		return account{}, s.refuseLogin(reasonDisabledUser)
	}
	return a, nil
}

func (s *Service) refuseLogin(reason string) error {
	s.metrics.logins.WithLabelValues(failed).Inc()
	s.metrics.failures.WithLabelValues(reason).Inc()
	return kindInvalidCredentials.New("").Because(errors.New(reason))
}

// startSession inserts a session of a and its first refresh token. The error is pgx.ErrNoRows if a was disabled or
// given another password since it was read: a session that the old password opens must not outlive it.
func (s *Service) startSession(ctx context.Context, a account) (*Tokens, error) {
	token, now := newOpaqueToken(), s.now()
	var sessionID int64
	err := s.db.QueryRow(ctx, insertSession, a.ID, a.PasswordHash, now,
		now.Add(min(s.refreshIdle, sessionLifetime)), token.hash()).Scan(&sessionID)
	if err != nil {
		return nil, err
	}
	return s.issue(a.ID, sessionID, token)
}

// The lock on the user makes whoever changes the password either wait, and then see this session and end it, or go
// first, and then this one is not inserted.
const insertSession = `
WITH session AS (
	INSERT INTO sessions (user_id, created_at, expires_at)
	SELECT id, $3, $4 FROM users WHERE id = $1 AND password_hash = $2 AND disabled_at IS NULL FOR SHARE
	RETURNING id
)
INSERT INTO refresh_tokens (session_id, hash, issued_at, expires_at)
SELECT id, $5, $3, $4 FROM session
RETURNING session_id`

// issue makes the reply that hands a pair of tokens over.
func (s *Service) issue(userID, sessionID int64, token opaqueToken) (*Tokens, error) {
	access, err := s.access.sign(userID, sessionID)
	if err != nil {
		return nil, err
	}
	return &Tokens{
		AccessToken: access, RefreshToken: token.String(), TokenType: "Bearer",
		ExpiresIn: int64(s.access.ttl.Seconds()),
	}, nil
}

// rehash stores the password at the cost that is set now. It is only for the better, so its failure is not one of
// the sign-in.
func (s *Service) rehash(ctx context.Context, a account, password string) {
	if !s.passwords.outdated(*a.PasswordHash) {
		return
	}
	hash, err := s.passwords.hash(ctx, password)
	if err == nil {
		_, err = s.db.Exec(ctx, `UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2`,
			a.ID, a.PasswordHash, hash)
	}
	if err != nil {
		s.log.WarnContext(ctx, "password not rehashed", "user_id", a.ID, "error", err)
	}
}

// Logout ends the caller's session.
func (s *Service) Logout(ctx context.Context, _ *httpapi.Empty) (*httpapi.Empty, error) {
	if err := endSession(ctx, s.db, CallerFrom(ctx).SessionID, s.now()); err != nil {
		return nil, fmt.Errorf("log out: %w", err)
	}
	return &httpapi.Empty{}, nil
}

// LogoutAll ends every session of the caller.
func (s *Service) LogoutAll(ctx context.Context, _ *httpapi.Empty) (*httpapi.Empty, error) {
	err := pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		return endSessions(ctx, tx, CallerFrom(ctx).UserID, 0, s.now())
	})
	if err != nil {
		return nil, fmt.Errorf("log out everywhere: %w", err)
	}
	return &httpapi.Empty{}, nil
}
