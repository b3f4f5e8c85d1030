package booking

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/idempotency"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// CreateParams is the body of POST /bookings.
type CreateParams struct {
	RoomID     int64     `json:"room_id" required:"true" minimum:"1" example:"1"`
	DateFrom   date.Date `json:"date_from" required:"true" example:"today+300" description:"The first night."`
	DateTo     date.Date `json:"date_to" required:"true" example:"today+302" description:"The day of departure, at most 30 nights later."`
	Guests     int       `json:"guests" required:"true" minimum:"1" maximum:"10000" example:"1" description:"The whole party."`
	Rooms      int       `json:"rooms" minimum:"1" maximum:"100" default:"1" description:"How many rooms of this type."`
	UserID     *int64    `json:"user_id" minimum:"1" description:"For staff: whose booking it is. Guests may name themselves only."`
	GuestName  *string   `json:"guest_name" minLength:"1" maxLength:"200" notBlank:"true" example:"Anna Petrova" description:"Who arrives. Staff of the hotel who give a name and no user_id book for a guest without an account."`
	GuestPhone *string   `json:"guest_phone" minLength:"1" maxLength:"32" notBlank:"true" example:"+7 900 000-00-00"`
	Note       *string   `json:"note" maxLength:"1000" example:"Late arrival"`
}

// Validate checks the length of the stay.
func (p *CreateParams) Validate() error {
	return checkStay("body", p.DateFrom, p.DateTo)
}

// Location is where the booking is found.
func (b *Booking) Location() string { return fmt.Sprintf("/bookings/%d", b.ID) }

// attempts bounds how often one request tries to book.
const attempts = 5

// Create books rooms for the signed-in user, or for others when the caller is staff of the hotel. It fails with
// not_found for a room that does not exist, room_not_available when a night is full or closed, too_many_bookings
// when a guest has enough of them, and with dates_in_past, too_far_ahead or too_many_guests.
func (s *Service) Create(ctx context.Context, p *CreateParams) (*Booking, error) {
	b, err := s.create(ctx, p)
	if err != nil {
		if refusal, ok := errors.AsType[*errs.Error](err); ok {
			s.metrics.refused.WithLabelValues(refusal.Kind.Code).Inc()
		}
		return nil, fmt.Errorf("create booking: %w", err)
	}
	s.metrics.created.Inc()
	return b, nil
}

func (s *Service) create(ctx context.Context, p *CreateParams) (*Booking, error) {
	// What refused a booking can be gone when it is looked for: a night was given back in between.
	for range attempts {
		b, err := s.book(ctx, p)
		if err != nil || b != nil {
			return b, err
		}
		if err := s.refusal(ctx, p); err != nil {
			return nil, err
		}
	}
	// To say that the room is full would be wrong.
	return nil, errBusy(nil)
}

// errBusy is the answer to a booking that others were in the way of each time it was tried.
func errBusy(cause error) error {
	return errs.Unavailable.New("Too many bookings are being made at once. Try again in a moment.").Because(cause)
}

// book tries to make the booking. It returns nil without an error when the booking is refused.
func (s *Service) book(ctx context.Context, p *CreateParams) (*Booking, error) {
	caller := auth.CallerFrom(ctx)
	book := s.bookOwn
	if caller.IsStaff() {
		book = s.bookAtDesk
	}
	b, err := book(ctx, caller, p)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil, nil
	case pg.Constraint(err) == "room_nights_booked_check", pg.Constraint(err) == "bookings_nights_check":
		return nil, nil
	case pg.IsRetryable(err):
		return nil, errBusy(err)
	}
	return b, err
}

// bookOwn books for a guest. It takes one round trip, two with an idempotency key, and one more where the room was full
// a moment ago.
func (s *Service) bookOwn(ctx context.Context, caller auth.Caller, p *CreateParams) (*Booking, error) {
	if p.UserID != nil && *p.UserID != caller.UserID {
		return nil, errs.Forbidden.New("Guests can only book for themselves.")
	}
	if s.full.has(p.RoomID) {
		if err := s.lookFirst(ctx, p); err != nil {
			return nil, err
		}
	}
	for attempt := 1; ; attempt++ {
		batch := &pgx.Batch{}
		b := holder{userID: &caller.UserID, limited: true}.queue(batch, p)
		err := idempotency.Send(ctx, s.db, batch, func() any { return b })
		if err == nil {
			return b, nil
		}
		if attempt == attempts || !pg.IsRetryable(err) {
			return nil, err
		}
		s.metrics.repeated.Inc()
	}
}

// A holder is the one whose booking is made.
type holder struct {
	// userID is nil for a guest without an account.
	userID *int64
	// limited says that the holder is a guest who books for themselves, so that maxBookingsPerNight counts.
	limited bool
}

// queue adds the locks and the booking to batch, which is one transaction. The booking is there once all results of
// batch were read.
func (h holder) queue(batch *pgx.Batch, p *CreateParams) *Booking {
	insert := insertBooking
	if h.limited {
		batch.Queue(lockGuestAndRoom, h.userID, p.RoomID)
		insert = insertGuestBooking
	} else {
		batch.Queue(lockRoomShared, p.RoomID)
	}
	b := new(Booking)
	batch.Queue(insert, p.DateFrom, p.DateTo, p.Rooms, p.Guests, p.RoomID, h.userID,
		p.GuestName, p.GuestPhone, p.Note).Query(func(rows pgx.Rows) error {
		row, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[bookingRow])
		if err != nil {
			return err
		}
		*b = *row.booking()
		return nil
	})
	return b
}

// The locks are a statement of their own, so that the snapshot of the booking is younger than they are. A change
// of the room takes its lock exclusively (catalog.LockRoom). The guest's lock comes first and serves one guest's
// concurrent requests, which would not see each other when they count the bookings of a night.
const (
	lockRoomShared   = `SELECT pg_advisory_xact_lock_shared($1::bigint)`
	lockGuestAndRoom = `SELECT pg_advisory_xact_lock(1, hashint8($1::bigint)), pg_advisory_xact_lock_shared($2::bigint)`
)

// insertBooking takes the nights one by one in the order of their dates, which is the same for everyone, so that
// two stays never wait for each other in a circle. A closed night is not taken, and bookings_nights_check refuses
// the incomplete stay; a full one breaks room_nights_booked_check. The dates are bounded again in SQL, because
// generate_series has no bound of its own. The look for a full night comes first and makes a refusal cheap.
const (
	insertBooking      = insertBookingHead + insertBookingTail
	insertGuestBooking = insertBookingHead + "\n\tAND " + fewBookings + insertBookingTail

	insertBookingHead = `
WITH room AS MATERIALIZED (
	SELECT r.id, r.hotel_id, r.title, h.title AS hotel_title, r.price, r.currency, r.quantity
	FROM rooms r JOIN hotels h ON h.id = r.hotel_id
	WHERE r.id = $5::bigint AND h.archived_at IS NULL
	AND $1::date - (now() AT TIME ZONE h.time_zone)::date BETWEEN 0 AND 500
	AND $2::date - $1::date BETWEEN 1 AND 30
	AND ` + offerableRoom

	insertBookingTail = `
), held AS (
	INSERT INTO room_nights AS n (room_id, night, booked, capacity)
	SELECT room.id, $1::date + i, $3::integer, room.quantity
	FROM room CROSS JOIN generate_series(0, least($2::date - $1::date, 30) - 1) AS i
	ORDER BY i
	ON CONFLICT (room_id, night) DO UPDATE SET booked = n.booked + EXCLUDED.booked WHERE NOT n.closed
	RETURNING n.night, n.price
), line AS MATERIALIZED (
	SELECT held.night, coalesce(held.price, room.price) * $3::integer AS price FROM held CROSS JOIN room
), total AS (
	SELECT count(*) AS nights, sum(line.price)::bigint AS price,
		array_agg(line.night ORDER BY line.night) AS nightly_dates, array_agg(line.price ORDER BY line.night) AS nightly_prices
	FROM line
), b AS (
	INSERT INTO bookings AS b (room_id, hotel_id, room_title, hotel_title, user_id, date_from, date_to, nights,
		guests, rooms, price, currency, guest_name, guest_phone, note)
	SELECT room.id, room.hotel_id, room.title, room.hotel_title, $6::bigint, $1::date, $2::date, total.nights,
		$4::integer, $3::integer, coalesce(total.price, 0), room.currency, $7::text, $8::text, $9::text
	FROM room CROSS JOIN total
	RETURNING ` + bookingColumns + `
), ledger AS (
	INSERT INTO booking_nights (booking_id, night, price)
	SELECT b.id, line.night, line.price FROM b CROSS JOIN line
)
SELECT ` + bookingColumns + `, total.nightly_dates, total.nightly_prices FROM b CROSS JOIN total`

	// fewBookings holds when the guest $6 has fewer than 10 live bookings on every night of [$1, $2). The cheap
	// count of all that overlap decides nearly always.
	fewBookings = `(
		(SELECT count(*) FROM (
			SELECT 1 FROM bookings o WHERE ` + overlapping + ` LIMIT 10
		) AS near) < 10
		OR (SELECT max(busy.n) FROM (
			SELECT count(*) AS n
			FROM bookings o CROSS JOIN generate_series(greatest(o.date_from - $1::date, 0), least(o.date_to, $2::date) - $1::date - 1)
				AS night
			WHERE ` + overlapping + ` GROUP BY night
		) AS busy) < 10
	)`

	// overlapping selects the live bookings o of the guest $6 that share a night with [$1, $2). As no stay is
	// longer than 30 nights, the index on their first night bounds them on both sides.
	overlapping = `o.user_id = $6::bigint AND o.status = 'confirmed'
			AND o.date_from > $1::date - 30 AND o.date_from < $2::date AND o.date_to > $1::date`
)

// offerableRoom is the one rule of what can be sold, to searches and to bookings: the room r holds the party,
// and no night of [$1, $2) is full or closed for $3 rooms and $4 guests. The look is a scalar sub-select because a
// generic plan turns NOT EXISTS into a join that reads everything.
const (
	offerableRoom = largeEnough + "\n\tAND " + freeNights

	largeEnough = `r.archived_at IS NULL AND r.quantity >= $3::integer AND r.max_guests * $3::integer >= $4::integer`

	freeNights = `(SELECT 1 FROM room_nights n WHERE n.room_id = r.id AND n.night >= $1::date AND n.night < $2::date
		AND (n.closed OR n.booked + $3::integer > n.capacity) LIMIT 1) IS NULL`
)
