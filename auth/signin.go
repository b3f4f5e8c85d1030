package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/audit"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
)

var (
	kindInvalidCredentials = errs.Kind{
		Code: "invalid_credentials", Status: http.StatusUnauthorized, Title: "The e-mail, the password or the one-time code is wrong",
	}
	kindOTPRequired = errs.Kind{
		Code: "otp_required", Status: http.StatusUnauthorized, Title: "A one-time code is needed to sign in",
	}
)

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
	// OTP is a code of the second factor or a recovery code.
	OTP *string `json:"otp" minLength:"1" maxLength:"64" description:"The code of the authenticator app, or a recovery code, where the account demands one, such as 492039."`
}

// Tokens is what a client signs its requests with.
type Tokens struct {
	AccessToken  string `json:"access_token" description:"Goes into the Authorization header of requests."`
	RefreshToken string `json:"refresh_token" description:"Is exchanged, once, for the next pair of tokens."`
	TokenType    string `json:"token_type" enum:"Bearer" example:"Bearer"`
	ExpiresIn    int64  `json:"expires_in" description:"Seconds for which the access token is valid." example:"600"`
}

// Login starts a session. The error is of kind invalid_credentials, and takes as long to find, whether the e-mail is
// unknown, the password or the code wrong, the user disabled, or the account not to be tried at this moment. It is of
// kind otp_required where the password is right and the account demands a code that is missing.
func (s *Service) Login(ctx context.Context, p *LoginParams) (*Tokens, error) {
	token := newOpaqueToken()
	var sessionID int64
	userID, err := s.signIn(ctx, p, &try{grant: func(ctx context.Context, tx *revokingTx, of *subject) (int64, error) {
		var err error
		sessionID, err = s.startSession(ctx, tx, of, token)
		return sessionID, err
	}})
	if err != nil {
		return nil, fmt.Errorf("log in: %w", err)
	}
	return s.issue(userID, sessionID, token)
}

// signIn makes a try of what was typed into p, and returns the user who it lets in.
func (s *Service) signIn(ctx context.Context, p *LoginParams, t *try) (userID int64, err error) {
	t.look, t.key, t.password, t.otp, t.proof, t.action = lookByEmail, p.Email, p.Password, p.OTP, byEverything, "sign_in"
	found, reason, err := s.attempt(ctx, t)
	if err != nil {
		return 0, err
	}
	if reason != "" {
		return 0, s.refuseLogin(reason)
	}
	s.metrics.logins.WithLabelValues(succeeded).Inc()
	s.rehash(ctx, &found, p.Password)
	return found.ID, nil
}

func (s *Service) refuseLogin(reason string) error {
	s.metrics.logins.WithLabelValues(failed).Inc()
	s.metrics.failures.WithLabelValues(reason).Inc()
	if reason == reasonNoOTP {
		return kindOTPRequired.New("Enter the code from your authenticator app, or a recovery code (field otp).")
	}
	return kindInvalidCredentials.New("After several failures, wait before you try again.").Because(errors.New(reason))
}

// startSession inserts a session of the user and its first refresh token. The error is pgx.ErrNoRows if the user was
// disabled or given another password since they were looked up: a session that the old password opens must not
// outlive it.
func (s *Service) startSession(ctx context.Context, tx pgx.Tx, of *subject, token opaqueToken) (int64, error) {
	var sessionID int64
	now := s.now()
	err := tx.QueryRow(ctx, insertSession, of.ID, of.PasswordHash, now,
		now.Add(min(s.refreshIdle, sessionLifetime)), token.hash()).Scan(&sessionID)
	return sessionID, err
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
func (s *Service) rehash(ctx context.Context, a *subject, password string) {
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
	caller := CallerFrom(ctx)
	err := s.revoke(ctx, func(tx *revokingTx) error {
		if err := endSession(ctx, tx, caller.SessionID, s.now()); err != nil {
			return err
		}
		return RecordChange(ctx, tx, signOut(caller.SessionID))
	})
	if err != nil {
		return nil, fmt.Errorf("log out: %w", err)
	}
	return &httpapi.Empty{}, nil
}

// LogoutAll ends every session of the caller.
func (s *Service) LogoutAll(ctx context.Context, _ *httpapi.Empty) (*httpapi.Empty, error) {
	caller := CallerFrom(ctx)
	err := s.revoke(ctx, func(tx *revokingTx) error {
		if err := endSessions(ctx, tx, caller.UserID, 0, s.now()); err != nil {
			return err
		}
		return RecordChange(ctx, tx, audit.Entry{Action: "session.end_all", Object: objectUser, ID: caller.UserID})
	})
	if err != nil {
		return nil, fmt.Errorf("log out everywhere: %w", err)
	}
	return &httpapi.Empty{}, nil
}
