package auth

import (
	"cmp"
	"context"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/audit"
	"github.com/shumbooking/shumbooking/platform/idempotency"
)

// eraseUser takes out who a user was: of their row, of the entries of the audit log about that row, and of the replies
// that are kept for them. What it leaves goes with its age, or stays for the books:
//
//   - their bookings, and what the audit log tells of those;
//   - the addresses from which they signed in and did what is audited, for as long as the audit log keeps its entries;
//   - the reply to the admin who created them, for as long as replies are kept.
func eraseUser(ctx context.Context, tx pgx.Tx, u *User, now time.Time) error {
	if _, err := tx.Exec(ctx, buryUser, u.ID, now); err != nil {
		return err
	}
	if err := recordUser(ctx, tx, "delete", u, nil); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `SELECT audit_log_forget($1)`, u.ID); err != nil {
		return err
	}
	return idempotency.Forget(ctx, tx, strconv.FormatInt(u.ID, 10))
}

const buryUser = `
WITH factor AS (DELETE FROM totp WHERE user_id = $1)
UPDATE users
SET email = NULL, password_hash = NULL, first_name = NULL, last_name = NULL, telegram_id = NULL, pachca_id = NULL,
	deleted_at = $2, disabled_at = coalesce(disabled_at, $2)
WHERE id = $1`

// recordUser tells the audit log what became of a user. Whoever changes another user is an admin, or an operator at
// the shell, who is nobody in particular.
func recordUser(ctx context.Context, tx pgx.Tx, verb string, before, after *User) error {
	return audit.Record(ctx, tx, audit.Entry{
		Action: objectUser + "." + verb, Object: objectUser, ID: cmp.Or(before, after).ID, Before: before, After: after,
	})
}
