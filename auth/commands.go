package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/audit"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// SetPassword gives the user of that e-mail another password, ends all their sessions and forgets failed attempts.
// It returns an error of kind errs.NotFound or errs.Invalid.
func (s *Service) SetPassword(ctx context.Context, email, password string) error {
	hash, err := s.newPassword(ctx, "password", password, email)
	if err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	err = s.revoke(ctx, func(tx *revokingTx) error {
		// Before the row of the user, as a sign-in does.
		if _, err := tx.Exec(ctx, forgetFailuresByEmail, email); err != nil {
			return err
		}
		return storePassword(ctx, tx, s.now(), `
UPDATE users SET password_hash = $2 WHERE lower(email) = lower($1) RETURNING id`, email, hash)
	})
	if errors.Is(err, pgx.ErrNoRows) {
		err = errNoUser()
	}
	if err != nil {
		return fmt.Errorf("set password: %w", err)
	}
	return nil
}

const forgetFailuresByEmail = `
DELETE FROM sign_in_failures WHERE user_id = (SELECT id FROM users WHERE lower(email) = lower($1))`

// storePassword runs a statement that returns the user whose password it stored, and ends all their sessions, in
// this order: a sign-in that is under way either waits for the first, or its session is seen by the second.
func storePassword(ctx context.Context, tx *revokingTx, now time.Time, sql string, args ...any) error {
	var userID int64
	if err := tx.QueryRow(ctx, sql, args...).Scan(&userID); err != nil {
		return err
	}
	if err := audit.Record(ctx, tx, passwordChange(userID)); err != nil {
		return err
	}
	return endSessions(ctx, tx, userID, 0, now)
}

// SetRole gives the user of that e-mail another role.
// It returns an error of kind errs.NotFound, errs.Invalid or last_admin.
func (s *Service) SetRole(ctx context.Context, email string, role Role) error {
	if err := checkRole(role); err != nil {
		return fmt.Errorf("set role: %w", err)
	}
	if err := s.changeByEmail(ctx, email, func(p *UserParams) { p.Role = role }); err != nil {
		return fmt.Errorf("set role: %w", err)
	}
	return nil
}

// Disable keeps the user of that e-mail from signing in and ends their sessions.
// It returns an error of kind errs.NotFound or last_admin.
func (s *Service) Disable(ctx context.Context, email string) error {
	if err := s.changeByEmail(ctx, email, func(p *UserParams) { p.Disabled = true }); err != nil {
		return fmt.Errorf("disable user: %w", err)
	}
	return nil
}

// Unlock lets the user of that e-mail sign in again who was kept from it by Disable or by failed attempts. It returns
// an error of kind errs.NotFound.
func (s *Service) Unlock(ctx context.Context, email string) error {
	err := s.withUser(ctx, email, func(tx *revokingTx, userID int64) error {
		// Before the row of the user, as a sign-in does.
		if err := forgetFailures(ctx, tx, userID); err != nil {
			return err
		}
		if err := audit.Record(ctx, tx, audit.Entry{Action: "user.unlock", Object: objectUser, ID: userID}); err != nil {
			return err
		}
		_, err := s.changeLocked(ctx, tx, userID, func(p *UserParams) error {
			p.Disabled = false
			return nil
		})
		return err
	})
	if err != nil {
		return fmt.Errorf("unlock user: %w", err)
	}
	return nil
}

// ResetTOTP lets the user of that e-mail sign in without a code who has lost what makes them, and ends all their
// sessions. It returns an error of kind errs.NotFound or totp_not_enabled.
func (s *Service) ResetTOTP(ctx context.Context, email string) error {
	err := s.withUser(ctx, email, func(tx *revokingTx, userID int64) error {
		if err := deleteTOTP(ctx, tx, userID); err != nil {
			return err
		}
		if err := audit.Record(ctx, tx, totpChange("user.totp_disable", userID)); err != nil {
			return err
		}
		return endSessions(ctx, tx, userID, 0, s.now())
	})
	if err != nil {
		return fmt.Errorf("reset TOTP: %w", err)
	}
	return nil
}

// withUser runs fn in a transaction, for the user of that e-mail.
func (s *Service) withUser(ctx context.Context, email string, fn func(tx *revokingTx, userID int64) error) error {
	return s.revoke(ctx, func(tx *revokingTx) error {
		a, err := findByEmail(ctx, tx, email)
		if err != nil {
			return err
		}
		return fn(tx, a.ID)
	})
}

func (s *Service) changeByEmail(ctx context.Context, email string, change func(*UserParams)) error {
	return s.withUser(ctx, email, func(tx *revokingTx, userID int64) error {
		_, err := s.changeLocked(ctx, tx, userID, func(p *UserParams) error {
			change(p)
			return nil
		})
		return err
	})
}

// EnsureAdmin makes an active admin of that e-mail and password when there is no active admin at all; otherwise it
// does nothing, so that several replicas may call it at their start.
//
// A user who has the e-mail already is taken over, and the log says so. Anybody may have registered it, so that
// nothing of theirs stays on the account but its id and bookings: the password is the given one, the sessions end,
// the second factor is gone, and names and messengers are erased.
func (s *Service) EnsureAdmin(ctx context.Context, email, password string) error {
	exists, err := hasAdmin(ctx, s.db, 0)
	if err != nil {
		return fmt.Errorf("ensure admin: %w", err)
	}
	if exists {
		return nil
	}
	if err := checkEmail(email); err != nil {
		return fmt.Errorf("ensure admin: %w", err)
	}
	hash, err := s.newPassword(ctx, "password", password, email)
	if err != nil {
		return fmt.Errorf("ensure admin: %w", err)
	}
	made, err := s.makeFirstAdmin(ctx, email, hash)
	if err != nil {
		return fmt.Errorf("ensure admin: %w", err)
	}
	switch {
	case made.TakenOver:
		s.log.WarnContext(ctx, "a registered user became the first admin", "user_id", made.ID)
	case made.ID != 0:
		s.log.InfoContext(ctx, "made the first admin", "user_id", made.ID)
	}
	return nil
}

// firstAdmin is the user whom EnsureAdmin made an admin; it is zero where another replica was faster.
type firstAdmin struct {
	ID        int64
	TakenOver bool
}

func (s *Service) makeFirstAdmin(ctx context.Context, email, hash string) (made firstAdmin, err error) {
	err = s.revoke(ctx, func(tx *revokingTx) error {
		made = firstAdmin{}
		if _, err := tx.Exec(ctx, adminsLock); err != nil {
			return err
		}
		exists, err := hasAdmin(ctx, tx, 0)
		if err != nil || exists {
			return err
		}
		if _, err := tx.Exec(ctx, forgetFailuresByEmail, email); err != nil {
			return err
		}
		if made, err = pg.One[firstAdmin](ctx, tx, upsertAdmin, email, hash); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM totp WHERE user_id = $1`, made.ID); err != nil {
			return err
		}
		err = audit.Record(ctx, tx, audit.Entry{
			Action: "user.ensure_admin", Object: objectUser, ID: made.ID, After: map[string]bool{"taken_over": made.TakenOver},
		})
		if err != nil {
			return err
		}
		return endSessions(ctx, tx, made.ID, 0, s.now())
	})
	return made, err
}

// A row that this transaction inserts has its time: now() stands still in a transaction.
const upsertAdmin = `
INSERT INTO users (email, password_hash, role, created_at) VALUES ($1, $2, 'admin', now())
ON CONFLICT (lower(email)) DO UPDATE
SET password_hash = excluded.password_hash, role = excluded.role, disabled_at = NULL,
	first_name = NULL, last_name = NULL, telegram_id = NULL, pachca_id = NULL
RETURNING id, created_at <> now() AS taken_over`
