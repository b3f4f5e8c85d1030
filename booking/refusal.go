package booking

import (
	"context"
	"errors"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/idempotency"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// refusal looks for what kept a booking from being made. It returns nil when nothing is in its way any more.
func (s *Service) refusal(ctx context.Context, p *CreateParams) error {
	query, args := selectObstacles, p.obstacleArgs()
	if caller := auth.CallerFrom(ctx); !caller.IsStaff() {
		query, args = selectGuestObstacles, append(args, caller.UserID)
	}
	o, err := pg.One[obstacles](ctx, s.db, query, args...)
	return s.judge(p, &o, err)
}

// lookFirst is refusal before anything was tried, for a guest who wants a room that was full a moment ago: nothing is
// begun then that would have to be undone. It leaves the count of the guest's bookings, the dearer half of the look, to the
// booking.
func (s *Service) lookFirst(ctx context.Context, p *CreateParams) error {
	batch := &pgx.Batch{}
	var o obstacles
	batch.Queue(selectObstacles, p.obstacleArgs()...).Query(func(rows pgx.Rows) (err error) {
		o, err = pgx.CollectOneRow(rows, pgx.RowToStructByName[obstacles])
		return err
	})
	err := idempotency.Look(ctx, s.db, batch)
	return s.judge(p, &o, err)
}

// obstacleArgs are what selectObstacles is asked for.
func (p *CreateParams) obstacleArgs() []any {
	return []any{p.DateFrom, p.DateTo, p.Rooms, p.Guests, p.RoomID}
}

// judge returns the refusal that the obstacles are, of which there are none if err is pgx.ErrNoRows because there is no
// such room. It remembers the rooms that are full.
func (s *Service) judge(p *CreateParams, o *obstacles, err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return errs.NotFound.New("")
	}
	if err != nil {
		return err
	}
	if len(o.Taken) > 0 {
		s.full.add(p.RoomID)
	} else {
		s.full.remove(p.RoomID)
	}
	return o.refuse(p)
}

// refuse returns what the obstacles are to a client, the first in the order that the API promises, or nil for none.
func (o *obstacles) refuse(p *CreateParams) error {
	rules := dateRules(p.DateFrom, o.Today)
	if !o.GuestsFit {
		rules = append(rules, tooManyGuests)
	}
	switch {
	case len(rules) > 0:
		return broken("body", rules...)
	case p.Rooms > o.Quantity:
		return roomNotAvailable(nightsOf(p.DateFrom, p.DateTo))
	case len(o.Taken) > 0:
		return roomNotAvailable(o.Taken)
	case !o.FewBookings:
		return kindTooManyBookings.Newf("A guest may have at most %d bookings on one night.", maxBookingsPerNight)
	}
	return nil
}

// refusedNights are the extension members of kindRoomNotAvailable and kindQuantityBelowBooked, for the document.
type refusedNights struct {
	Nights []date.Date `json:"nights" description:"Of room_not_available, the nights that are full or closed; of quantity_below_booked, those on which more rooms are booked."`
}

// roomNotAvailable returns the problem of a stay in which the given nights are full or closed.
func roomNotAvailable(nights []date.Date) error {
	return kindRoomNotAvailable.New("On some of these nights there are not enough free rooms.").With("nights", nights)
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
