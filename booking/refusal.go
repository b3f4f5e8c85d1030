package booking

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// holder decides whose booking p makes. Guests book for themselves. Staff of the room's hotel book for the user
// they name or, when they name a guest and no user, for a guest without an account; in all other cases staff book
// for themselves, in any hotel, as guests do.
func (s *Service) holder(ctx context.Context, p *CreateParams) (holder, error) {
	caller := auth.CallerFrom(ctx)
	own := holder{userID: &caller.UserID, limited: caller.Role == auth.Guest}
	forOther := p.UserID != nil && *p.UserID != caller.UserID
	if !caller.IsStaff() {
		if forOther {
			return holder{}, errs.Forbidden.New("Guests book for themselves only.")
		}
		return own, nil
	}
	if !forOther && (p.UserID != nil || p.GuestName == nil) {
		return own, nil
	}
	right, err := pg.One[deskRight](ctx, s.db, selectDeskRight, p.RoomID, caller.UserID, caller.Role == auth.Admin, p.UserID)
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

// refusal looks for what kept a booking from being made. It returns nil when nothing is in its way any more.
func (s *Service) refusal(ctx context.Context, h holder, p *CreateParams) error {
	query, args := selectObstacles, []any{p.DateFrom, p.DateTo, p.Rooms, p.Guests, p.RoomID}
	if h.limited {
		query, args = selectGuestObstacles, append(args, h.userID)
	}
	o, err := pg.One[obstacles](ctx, s.db, query, args...)
	if errors.Is(err, pgx.ErrNoRows) {
		return errs.NotFound.New("")
	}
	if err != nil {
		return err
	}
	rules := dateRules(p.DateFrom, o.Today)
	if !o.GuestsFit {
		rules = append(rules, tooManyGuests)
	}
	switch {
	case len(rules) > 0:
		return broken("body", rules...)
	case !o.FewBookings:
		return kindTooManyBookings.Newf("A guest may have %d bookings on one night.", maxBookingsPerNight)
	case p.Rooms > o.Quantity:
		return roomNotAvailable(nightsOf(p.DateFrom, p.DateTo))
	case len(o.Taken) > 0:
		return roomNotAvailable(o.Taken)
	}
	return nil
}

// roomNotAvailable returns the problem of a stay in which the given nights are full or closed.
func roomNotAvailable(nights []date.Date) error {
	if nights == nil {
		nights = []date.Date{}
	}
	return kindRoomNotAvailable.New("Some nights of the stay are full or closed.").With("nights", nights)
}

// nightsOf returns the nights of a stay.
func nightsOf(from, to date.Date) []date.Date {
	nights := make([]date.Date, to.Sub(from))
	for i := range nights {
		nights[i] = from.AddDays(i)
	}
	return nights
}

// obstacles are the facts that a booking can fail on.
type obstacles struct {
	Today       date.Date
	GuestsFit   bool
	Quantity    int
	FewBookings bool
	Taken       []date.Date
}

const (
	selectObstacles      = selectObstaclesHead + "true" + selectObstaclesTail
	selectGuestObstacles = selectObstaclesHead + fewBookings + selectObstaclesTail

	selectObstaclesHead = `
SELECT (now() AT TIME ZONE h.time_zone)::date AS today, r.max_guests * $3::integer >= $4::integer AS guests_fit, r.quantity,
	ARRAY(
		SELECT n.night FROM room_nights n
		WHERE n.room_id = r.id AND n.night >= $1::date AND n.night < $2::date
		AND (n.closed OR n.booked + $3::integer > n.capacity) ORDER BY n.night
	) AS taken, `

	selectObstaclesTail = ` AS few_bookings
FROM rooms r JOIN hotels h ON h.id = r.hotel_id
WHERE r.id = $5::bigint AND r.archived_at IS NULL AND h.archived_at IS NULL`
)
