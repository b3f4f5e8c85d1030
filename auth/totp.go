package auth

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/audit"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/pg"
)

const totpIssuer = "Shum Booking"

// maxWrongCodes is how many wrong codes a secret takes that is not confirmed yet. Then it is gone.
const maxWrongCodes = 10

var (
	kindTOTPEnabled = errs.Kind{
		Code: "totp_enabled", Status: http.StatusConflict, Title: "One-time codes are already on",
	}
	kindTOTPNotPending = errs.Kind{
		Code: "totp_not_pending", Status: http.StatusConflict, Title: "There is no new secret to confirm",
	}
	kindTOTPNotEnabled = errs.Kind{
		Code: "totp_not_enabled", Status: http.StatusConflict, Title: "One-time codes are not on",
	}
)

// secondFactor is what the database has of the second factor of an account. It is zero where there is none.
type secondFactor struct {
	Secret   []byte
	KeyID    *string
	LastStep *int64
	// HasRecoveryCode is whether what was given as a code is one of the recovery codes.
	HasRecoveryCode bool
}

func (f *secondFactor) on() bool { return f.Secret != nil }

func (s *Service) registerTOTP(api *httpapi.API) {
	httpapi.Handle(api, httpapi.Route{
		Pattern: "POST /auth/totp", ID: "enrollTOTP", Tag: "Auth", Summary: "Begin to use one-time codes",
		Description: "Gives the secret for an authenticator app (RFC 6238). Signing in demands no code before a first one " +
			"was confirmed. Asked again before that, it gives another secret in place of the first.",
		Access: SignedIn, Budget: httpapi.SignIn, Errors: []errs.Kind{kindTOTPEnabled},
	}, s.EnrollTOTP)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "POST /auth/totp/confirm", ID: "confirmTOTP", Tag: "Auth", Summary: "Confirm the first one-time code",
		Description: "From now on, signing in demands a code. Sessions go on. The recovery codes are shown this once: each takes the " +
			"place of a code, one time. After 10 wrong codes the secret is gone and another one has to be asked for.",
		Access: SignedIn, Budget: httpapi.SignIn, Errors: []errs.Kind{kindTOTPNotPending},
	}, s.ConfirmTOTP)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "DELETE /auth/totp", ID: "removeTOTP", Tag: "Auth", Summary: "Stop using one-time codes",
		Description: "Needs the password and a code or a recovery code. Ends all other sessions of the caller.",
		Access:      SignedIn, Budget: httpapi.SignIn, Errors: []errs.Kind{kindTOTPNotEnabled},
	}, s.RemoveTOTP)
}

// A TOTPSecret is what an authenticator app makes codes from.
type TOTPSecret struct {
	Secret string `json:"secret" description:"For typing in, in base32 (RFC 4648)." example:"JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"`
	URI    string `json:"uri" description:"For a QR code." example:"otpauth://totp/Shum%20Booking:anna@example.com?secret=JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP&issuer=Shum%20Booking&algorithm=SHA1&digits=6&period=30"`
}

// EnrollTOTP makes a secret for the caller that waits to be confirmed, in place of one that waits already. The error
// is of kind totp_enabled if one was confirmed.
func (s *Service) EnrollTOTP(ctx context.Context, _ *httpapi.Empty) (*TOTPSecret, error) {
	a, err := findAccount(ctx, s.db, CallerFrom(ctx).UserID)
	if err != nil {
		return nil, fmt.Errorf("enroll TOTP: %w", goneSince(err))
	}
	secret := make([]byte, totpSecretSize)
	rand.Read(secret)
	sealed, keyID := s.sealer.seal(secret, a.ID)
	made, err := s.db.Exec(ctx, upsertTOTP, a.ID, sealed, keyID, s.now())
	if err != nil {
		return nil, fmt.Errorf("enroll TOTP: %w", err)
	}
	if made.RowsAffected() == 0 {
		return nil, kindTOTPEnabled.New("Turn one-time codes off first.")
	}
	text := base32Text.EncodeToString(secret)
	return &TOTPSecret{Secret: text, URI: fmt.Sprintf(
		"otpauth://totp/%[1]s:%[2]s?secret=%[3]s&issuer=%[1]s&algorithm=SHA1&digits=%[4]d&period=%[5]d",
		url.PathEscape(totpIssuer), url.PathEscape(a.Email), text, totpDigits, int(totpPeriod.Seconds()))}, nil
}

const upsertTOTP = `
INSERT INTO totp (user_id, secret, key_id, created_at) VALUES ($1, $2, $3, $4)
ON CONFLICT (user_id) DO UPDATE
SET secret = excluded.secret, key_id = excluded.key_id, created_at = excluded.created_at, wrong_codes = 0
WHERE totp.confirmed_at IS NULL`

// ConfirmTOTPParams is the body of POST /auth/totp/confirm.
type ConfirmTOTPParams struct {
	Code string `json:"code" required:"true" minLength:"1" maxLength:"64" description:"The code that the app shows now." example:"492039"`
}

// RecoveryCodes are shown once.
type RecoveryCodes struct {
	RecoveryCodes []string `json:"recovery_codes" nullable:"false" description:"Each takes the place of a code, one time." example:"[\"ABCD-EFGH-IJKL-MNOP-QRST-UVWX\"]"`
}

// ConfirmTOTP demands a code of the caller at every sign-in from now on. It takes no password, and so ends no session:
// a stolen token must not sign its owner out. The error is of kind totp_not_pending if no secret waits to be confirmed,
// and a validation error if the code is not one of it.
func (s *Service) ConfirmTOTP(ctx context.Context, p *ConfirmTOTPParams) (*RecoveryCodes, error) {
	codes := newRecoveryCodes()
	var confirmed bool
	err := pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		var err error
		confirmed, err = s.confirmTOTP(ctx, tx, p.Code, codes)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("confirm TOTP: %w", err)
	}
	if !confirmed {
		return nil, errWrongCode()
	}
	return &RecoveryCodes{RecoveryCodes: codes}, nil
}

// lockPendingSecret returns the secret that is to be confirmed. The error is of kind totp_not_pending if there is none.
func (s *Service) lockPendingSecret(ctx context.Context, tx pgx.Tx, userID int64) ([]byte, error) {
	// Whoever signs in meanwhile without a code has a session before, or sees that one is needed.
	if _, err := lockAccount(ctx, tx, userID); err != nil {
		return nil, goneSince(err)
	}
	var sealed []byte
	var keyID string
	err := tx.QueryRow(ctx, `
SELECT secret, key_id FROM totp WHERE user_id = $1 AND confirmed_at IS NULL FOR UPDATE`, userID).Scan(&sealed, &keyID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, kindTOTPNotPending.New("Ask for a secret first.")
	}
	if err != nil {
		return nil, err
	}
	secret, err := s.sealer.open(sealed, keyID, userID)
	if err != nil {
		return nil, fmt.Errorf("open the secret: %w", err)
	}
	return secret, nil
}

// confirmTOTP reports whether the code was right. That it was wrong is written down, and no error.
func (s *Service) confirmTOTP(ctx context.Context, tx pgx.Tx, code string, recovery []string) (bool, error) {
	userID, now := CallerFrom(ctx).UserID, s.now()
	secret, err := s.lockPendingSecret(ctx, tx, userID)
	if err != nil {
		return false, err
	}
	step, ok := matchStep(secret, code, now)
	if !ok {
		return false, countWrongCode(ctx, tx, userID)
	}
	hashes := make([][]byte, len(recovery))
	for i := range recovery {
		hashes[i] = hashRecoveryCode(&recovery[i])
	}
	if _, err := tx.Exec(ctx, `UPDATE totp SET confirmed_at = $2, last_step = $3 WHERE user_id = $1`, userID, now, step); err != nil {
		return false, err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO recovery_codes (user_id, hash) SELECT $1, unnest($2::bytea[])`, userID, hashes); err != nil {
		return false, err
	}
	return true, RecordChange(ctx, tx, totpChange("user.totp_enable", userID))
}

func countWrongCode(ctx context.Context, tx pgx.Tx, userID int64) error {
	if _, err := tx.Exec(ctx, `UPDATE totp SET wrong_codes = wrong_codes + 1 WHERE user_id = $1`, userID); err != nil {
		return err
	}
	_, err := tx.Exec(ctx, `DELETE FROM totp WHERE user_id = $1 AND wrong_codes >= $2`, userID, maxWrongCodes)
	return err
}

// RemoveTOTPParams is the body of DELETE /auth/totp.
type RemoveTOTPParams struct {
	Password string `json:"password" required:"true" format:"password" minLength:"1" maxLength:"1024" example:"seven-quiet-herons"`
	Code     string `json:"code" required:"true" minLength:"1" maxLength:"64" description:"A code of the app, or a recovery code." example:"492039"`
}

// ForceRequestBody has the body documented, which DELETE does without elsewhere.
func (*RemoveTOTPParams) ForceRequestBody() {}

// RemoveTOTP lets the caller sign in without codes again, and ends their other sessions. The error is of kind
// totp_not_enabled if they can already, and a validation error if the password or the code is wrong. Both are guarded as those of a sign-in are.
func (s *Service) RemoveTOTP(ctx context.Context, p *RemoveTOTPParams) (*httpapi.Empty, error) {
	_, reason, err := s.attempt(ctx, &try{
		look: lookByID, key: CallerFrom(ctx).UserID, password: p.Password, otp: &p.Code, proof: byEverything,
		action: "password_check",
		grant: func(ctx context.Context, tx *revokingTx, of *subject) (int64, error) {
			if err := deleteTOTP(ctx, tx, of.ID); err != nil {
				return 0, err
			}
			if err := RecordChange(ctx, tx, totpChange("user.totp_disable", of.ID)); err != nil {
				return 0, err
			}
			return 0, endSessions(ctx, tx, of.ID, CallerFrom(ctx).SessionID, s.now())
		},
	})
	if err != nil {
		return nil, fmt.Errorf("remove TOTP: %w", err)
	}
	if reason == "" {
		return &httpapi.Empty{}, nil
	}
	s.metrics.failures.WithLabelValues(reason).Inc()
	if reason == reasonWrongOTP {
		return nil, errWrongCode()
	}
	return nil, errs.InvalidBody("password", "incorrect", "is not the current password")
}

// deleteTOTP removes a second factor and its recovery codes. The error is of kind totp_not_enabled if there is none.
func deleteTOTP(ctx context.Context, tx pgx.Tx, userID int64) error {
	gone, err := tx.Exec(ctx, `DELETE FROM totp WHERE user_id = $1 AND confirmed_at IS NOT NULL`, userID)
	if err != nil {
		return err
	}
	if gone.RowsAffected() == 0 {
		return kindTOTPNotEnabled.New("There is nothing to turn off.")
	}
	return nil
}

func totpChange(action string, userID int64) audit.Entry {
	return audit.Entry{Action: action, Object: objectUser, ID: userID}
}

func errWrongCode() error {
	return errs.InvalidBody("code", "incorrect", "is not a valid code")
}

// useCode uses a code of the second factor up, and returns "" or why it cannot be used. The error is pgx.ErrNoRows if
// somebody else used it since the account was looked up, or the secret has changed.
func (s *Service) useCode(ctx context.Context, tx pgx.Tx, of *subject, otp *string, now time.Time) (string, error) {
	if otp == nil {
		return reasonNoOTP, nil
	}
	if of.HasRecoveryCode {
		used, err := tx.Exec(ctx, `DELETE FROM recovery_codes WHERE user_id = $1 AND hash = $2`, of.ID, hashRecoveryCode(otp))
		if err == nil && used.RowsAffected() == 0 {
			err = pgx.ErrNoRows
		}
		return "", err
	}
	secret, err := s.sealer.open(of.Secret, *of.KeyID, of.ID)
	if err != nil {
		// Recovery codes still work, and so does the command that resets the second factor.
		s.log.ErrorContext(ctx, "the secret of a second factor cannot be read", "user_id", of.ID, "error", err)
		return reasonWrongOTP, nil
	}
	step, ok := matchStep(secret, *otp, now)
	if !ok || step <= *of.LastStep {
		return reasonWrongOTP, nil
	}
	used, err := tx.Exec(ctx, `
UPDATE totp SET last_step = $2 WHERE user_id = $1 AND last_step < $2 AND secret = $3`, of.ID, step, of.Secret)
	if err == nil && used.RowsAffected() == 0 {
		err = pgx.ErrNoRows
	}
	return "", err
}
