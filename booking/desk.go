package booking

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/audit"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/idempotency"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// bookAtDesk books for whom staff say. Every booking that staff make stands in the audit log.
func (s *Service) bookAtDesk(ctx context.Context, caller auth.Caller, p *CreateParams) (*Booking, error) {
	return idempotency.Once(ctx, s.db, func(tx pgx.Tx) (*Booking, error) {
		holder, err := deskHolder(ctx, tx, caller, p)
		if err != nil {
			return nil, err
		}
		batch := &pgx.Batch{}
		b := holder.queue(batch, p)
		if err := tx.SendBatch(ctx, batch).Close(); err != nil {
			return nil, err
		}
		return b, auth.RecordChange(ctx, tx, audit.Entry{Action: "booking.create", Object: "booking", ID: b.ID, After: b})
	})
}

// deskHolder decides whose booking staff make. Those of the room's hotel book for the user they name or, when they
// name a guest and no user, for a guest without an account; in all other cases staff book for themselves, in any
// hotel, as guests do.
func deskHolder(ctx context.Context, tx pgx.Tx, caller auth.Caller, p *CreateParams) (holder, error) {
	own := holder{userID: &caller.UserID}
	forOther := p.UserID != nil && *p.UserID != caller.UserID
	if !forOther && (p.UserID != nil || p.GuestName == nil) {
		return own, nil
	}
	right, err := pg.One[deskRight](ctx, tx, selectDeskRight, p.RoomID, caller.UserID, caller.Role == auth.Admin, p.UserID)
	switch {
	case errors.Is(err, pgx.ErrNoRows), err == nil && forOther && !right.Manages:
		return holder{}, errs.NotFound.New("")
	case err != nil:
		return holder{}, err
	case forOther && !right.KnownUser:
		return holder{}, errs.InvalidBody("user_id", "unknown", "is not an active user")
	case forOther:
		return holder{userID: p.UserID}, nil
	case right.Manages:
		return holder{}, nil
	}
	return own, nil
}

// A deskRight tells whether staff may book for others.
type deskRight struct {
	Manages   bool
	KnownUser bool
}

const selectDeskRight = `
SELECT $3::boolean OR EXISTS (
		SELECT 1 FROM hotel_managers m WHERE m.hotel_id = r.hotel_id AND m.user_id = $2::bigint
	) AS manages,
	EXISTS (
		SELECT 1 FROM users u WHERE u.id = $4::bigint AND u.disabled_at IS NULL AND u.deleted_at IS NULL
	) AS known_user
FROM rooms r JOIN hotels h ON h.id = r.hotel_id
WHERE r.id = $1::bigint AND r.archived_at IS NULL AND h.archived_at IS NULL`
