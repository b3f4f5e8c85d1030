package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/audit"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// Failures in a row on an account, and what they lead to. From waitsFrom on each further try has to wait, a second
// first and twice as long every time; from locksFrom on an operator has to unlock the account.
const (
	waitsFrom = 10
	locksFrom = 100
	maxWait   = 15 * time.Minute
)

// maxChanges is how often a try is begun when the account changes under it.
const maxChanges = 3

// What a try has to prove.
type proof int

const (
	byPassword proof = iota
	// byEverything is the password and, where the account has one, the second factor.
	byEverything
)

// A try is somebody's attempt to prove that an account is theirs. What is wrong with it must not be found out from
// the time it takes, so that every try runs the same statements in one transaction and hashes a password once.
type try struct {
	// look is lookByEmail or lookByID, and key what it looks for.
	look     string
	key      any
	password string
	// otp is a code of the second factor or a recovery code; nil if none was given.
	otp    *string
	proof  proof
	action string // for the audit log
	// refuse returns why the account is not one to let in although all is proven, or ""; optional.
	refuse func(*subject) string
	// grant does, in the transaction, what the try was made for; optional. It returns the session it started, or 0.
	// The error is pgx.ErrNoRows if the account has changed since it was looked up. Failures are forgotten only
	// where something is granted: a password alone does not make good for wrong codes.
	grant func(ctx context.Context, tx *revokingTx, of *subject) (sessionID int64, err error)
}

// A subject is the account that a try is about. It is zero where there is none.
type subject struct {
	ID           int64
	Role         Role
	PasswordHash *string
	DisabledAt   *time.Time
	Failures     int
	// Waiting is whether no try is let through at this moment.
	Waiting bool
	secondFactor
}

// attempt makes a try and returns "", or the reason for which it is refused. The error is of kind errs.Unavailable if
// the account changes again and again, so that nothing can be said of it.
//
// It looks at the failures only when it is its turn to hash, so that of many tries at once no more than are hashed
// at a time go by the same count. A try that has begun is finished and counted, whether or not its client waits.
func (s *Service) attempt(ctx context.Context, t *try) (subject, string, error) {
	release, err := s.passwords.turn(ctx)
	if err != nil {
		return subject{}, "", err
	}
	defer release()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.patience)
	defer cancel()
	for range maxChanges {
		var found subject
		var reason string
		err = s.revoke(ctx, func(tx *revokingTx) error {
			var err error
			found, reason, err = s.tryOnce(ctx, tx, t)
			return err
		})
		if !errors.Is(err, pgx.ErrNoRows) {
			return found, reason, err
		}
	}
	busy := errs.Unavailable.New("").Because(errors.New("the account changed during every try"))
	busy.RetryAfter = time.Second
	return subject{}, "", busy
}

func (s *Service) tryOnce(ctx context.Context, tx *revokingTx, t *try) (subject, string, error) {
	now := s.now()
	found, err := s.lookUp(ctx, tx, t, now)
	if err != nil {
		return subject{}, "", err
	}
	matches, err := s.passwords.verify(found.PasswordHash, t.password)
	if err != nil {
		return subject{}, "", err
	}
	reason := found.judge(t, matches)
	if reason == "" && t.proof == byEverything && found.on() {
		reason, err = s.useCode(ctx, tx, &found, t.otp, now)
		if err != nil {
			return subject{}, "", err
		}
	}
	if reason != "" {
		return found, reason, s.fail(ctx, tx, t, &found, reason, now)
	}
	return found, "", s.succeed(ctx, tx, t, &found)
}

// lookUp reads the account. Where a wait is over, the try takes the turn of the account by locking its failures until
// it is decided; others that come meanwhile find it taken, and wait on.
func (s *Service) lookUp(ctx context.Context, tx pgx.Tx, t *try, now time.Time) (subject, error) {
	found, err := pg.One[subject](ctx, tx, t.look, t.key, now, waitsFrom, hashRecoveryCode(t.otp))
	if errors.Is(err, pgx.ErrNoRows) {
		return subject{}, nil
	}
	return found, err
}

const (
	lookByEmail = lookFor + `lower(email) = lower($1)` + lookAt
	lookByID    = lookFor + `id = $1 AND deleted_at IS NULL` + lookAt

	lookFor = `
WITH account AS (
	SELECT id, role, password_hash, disabled_at FROM users WHERE `
	lookAt = `
), turn AS (
	SELECT user_id FROM sign_in_failures
	WHERE user_id = (SELECT id FROM account) AND failures >= $3 AND next_try_at <= $2
	FOR UPDATE SKIP LOCKED
)
SELECT a.id, a.role, a.password_hash, a.disabled_at, coalesce(f.failures, 0) AS failures,
	coalesce(f.failures >= $3 AND NOT EXISTS (SELECT FROM turn), false) AS waiting,
	t.secret, t.key_id, t.last_step,
	EXISTS (SELECT FROM recovery_codes r WHERE r.user_id = a.id AND r.hash = $4) AS has_recovery_code
FROM account a
LEFT JOIN sign_in_failures f ON f.user_id = a.id
LEFT JOIN totp t ON t.user_id = a.id AND t.confirmed_at IS NOT NULL`
)

// judge returns why the try is refused whatever the code, or "".
func (f *subject) judge(t *try, matches bool) string {
	switch {
	case f.ID == 0:
		return reasonUnknownUser
	case f.Waiting && f.Failures >= locksFrom:
		return reasonLocked
	case f.Waiting:
		return reasonWaiting
	case !matches:
		return reasonWrongPassword
	case f.DisabledAt != nil:
		return reasonDisabledUser
	case t.refuse != nil:
		return t.refuse(f)
	}
	return ""
}

// fail counts the failure, if it was a guess, and records it.
func (s *Service) fail(ctx context.Context, tx pgx.Tx, t *try, of *subject, reason string, now time.Time) error {
	guessed := reason == reasonWrongPassword || reason == reasonWrongOTP
	_, err := tx.Exec(ctx, countFailure, of.ID, now, guessed, waitsFrom, locksFrom, maxWait.Seconds(), of.Failures)
	if err != nil {
		return err
	}
	return audit.Record(ctx, tx, audit.Entry{
		Action: t.action + ".failure", Object: objectUser, ID: of.ID, After: map[string]string{"reason": reason},
	})
}

// Of guesses at once, those that began before the account had to wait and end after that count no more: each of them
// would double the wait, so that one burst would make it the longest.
const countFailure = `
INSERT INTO sign_in_failures AS f (user_id, failures, next_try_at)
SELECT id, 1, $2 FROM users WHERE id = $1 AND $3 AND deleted_at IS NULL
ON CONFLICT (user_id) DO UPDATE
SET failures = f.failures + 1, next_try_at = CASE
	WHEN f.failures + 1 >= $5 THEN 'infinity'
	WHEN f.failures + 1 >= $4 THEN $2 + least(power(2, f.failures + 1 - $4), $6) * interval '1 second'
	ELSE $2 END
WHERE f.failures < $4 OR $7 >= $4`

// succeed grants what was asked for and records it. Whoever locks failures and the row of a user locks them in this
// order.
func (s *Service) succeed(ctx context.Context, tx *revokingTx, t *try, of *subject) error {
	actor := audit.Actor{UserID: of.ID, Role: string(of.Role)}
	if t.grant != nil {
		if err := forgetFailures(ctx, tx, of.ID); err != nil {
			return err
		}
		var err error
		if actor.SessionID, err = t.grant(ctx, tx, of); err != nil {
			return err
		}
		if err := s.checkFactor(ctx, tx, of); err != nil {
			return err
		}
	}
	if caller := CallerFrom(ctx); caller.UserID != 0 {
		actor.SessionID = caller.SessionID
	}
	return audit.Record(audit.WithActor(ctx, actor), tx, audit.Entry{
		Action: t.action + ".success", Object: objectUser, ID: of.ID,
	})
}

// checkFactor returns pgx.ErrNoRows if the account got a second factor since it was looked up: what was granted did not
// ask for it. Confirming one locks the user, as granting a session does, so that this is known by then.
func (s *Service) checkFactor(ctx context.Context, tx pgx.Tx, of *subject) error {
	if of.on() {
		return nil
	}
	var on bool
	err := tx.QueryRow(ctx, `SELECT EXISTS (SELECT FROM totp WHERE user_id = $1 AND confirmed_at IS NOT NULL)`, of.ID).Scan(&on)
	if err == nil && on {
		return pgx.ErrNoRows
	}
	return err
}

// forgetFailures lets the tries on an account begin anew.
func forgetFailures(ctx context.Context, db querier, userID int64) error {
	_, err := db.Exec(ctx, `DELETE FROM sign_in_failures WHERE user_id = $1`, userID)
	return err
}

// prove returns a validation error unless password is that of a, who is signed in. It is guarded as a sign-in is.
func (s *Service) prove(ctx context.Context, a account, password string) error {
	_, reason, err := s.attempt(ctx, &try{
		look: lookByID, key: a.ID, password: password, proof: byPassword, action: "password_check",
	})
	if err != nil {
		return fmt.Errorf("check the password: %w", err)
	}
	if reason != "" {
		s.metrics.failures.WithLabelValues(reason).Inc()
		return errWrongPassword()
	}
	return nil
}
