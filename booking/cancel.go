package booking

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/audit"
	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/pg"
)

var (
	kindStayStarted = errs.Kind{Code: "stay_started", Status: http.StatusConflict, Title: "It is too late to cancel"}
	kindStayEnded   = errs.Kind{Code: "stay_ended", Status: http.StatusConflict, Title: "The stay is over"}
)

// IDParams name a booking.
type IDParams struct {
	ID int64 `path:"id" minimum:"1" example:"1" description:"The booking."`
}

// Get returns a booking of the caller's, or of a hotel that the caller manages. Any other is not_found.
func (s *Service) Get(ctx context.Context, p *IDParams) (*Booking, error) {
	caller := auth.CallerFrom(ctx)
	row, err := pg.One[bookingRow](ctx, s.db, selectBooking, p.ID, caller.UserID, string(caller.Role))
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errs.NotFound.New("")
	}
	if err != nil {
		return nil, fmt.Errorf("get booking: %w", err)
	}
	return row.booking(), nil
}

// Cancel cancels a booking and gives back its nights from today on. The guest may do so until the day before
// arrival (stay_started after that), staff of the hotel until the day before departure (stay_ended). A booking that is
// cancelled already is returned as it is.
func (s *Service) Cancel(ctx context.Context, p *IDParams) (*Booking, error) {
	var b *Booking
	var released bool
	err := pg.InTx(ctx, s.db, func(tx pgx.Tx) (err error) {
		b, released, err = cancel(ctx, tx, auth.CallerFrom(ctx), p.ID)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("cancel booking: %w", err)
	}
	if released {
		s.metrics.cancelled.Inc()
	}
	return b, nil
}

// cancel returns the cancelled booking and whether it was this call that cancelled it.
func cancel(ctx context.Context, tx pgx.Tx, caller auth.Caller, id int64) (*Booking, bool, error) {
	row, err := pg.One[cancelRow](ctx, tx, selectBookingForCancel, id, caller.UserID, string(caller.Role))
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, false, errs.NotFound.New("")
	}
	if err != nil {
		return nil, false, err
	}
	b := row.booking()
	if err := httpapi.CheckMatch(ctx, b); err != nil {
		return nil, false, err
	}
	switch {
	case b.Status == Cancelled:
		return b, false, nil
	case row.AsStaff && !row.Today.Before(b.DateTo):
		return nil, false, kindStayEnded.New("A stay can be cancelled until the day before departure.")
	case !row.AsStaff && !row.Today.Before(b.DateFrom):
		return nil, false, kindStayStarted.New("Guests can cancel until the day before arrival.")
	}
	at, err := release(ctx, tx, b, row.Today)
	if err != nil {
		return nil, false, err
	}
	before := *b
	b.Status, b.CancelledAt = Cancelled, &at
	return b, true, auth.RecordChange(ctx, tx, audit.Entry{
		Action: "booking.cancel", Object: "booking", ID: id, Before: before, After: b,
	})
}

// release gives back what the ledger says that b holds from the given night on.
func release(ctx context.Context, tx pgx.Tx, b *Booking, from date.Date) (at time.Time, err error) {
	batch := &pgx.Batch{}
	batch.Queue(lockRoomShared, b.RoomID)
	batch.Queue(lockNights, b.RoomID, b.DateFrom, b.DateTo)
	batch.Queue(releaseNights, b.ID, from, b.RoomID, b.Rooms).QueryRow(func(row pgx.Row) error {
		return row.Scan(&at)
	})
	err = tx.SendBatch(ctx, batch).Close()
	return at.UTC(), err
}

// A cancelRow is a locked booking, the hotel's date, and whether the caller is staff there.
type cancelRow struct {
	bookingRow
	Today   date.Date
	AsStaff bool
}

const (
	// asStaff says whether the caller $2 of role $3 manages the hotel of b. It is true for admins.
	asStaff = `($3::text = 'admin' OR $3::text = 'manager'
		AND EXISTS (SELECT 1 FROM hotel_managers m WHERE m.hotel_id = b.hotel_id AND m.user_id = $2::bigint))`

	visibleBooking = `
WHERE b.id = $1::bigint AND (b.user_id = $2::bigint OR ` + asStaff + `)`

	selectBooking = `
SELECT ` + bookingColumns + `, ledger.nightly_dates, ledger.nightly_prices
FROM bookings b` + joinNightly + visibleBooking

	// The row lock comes first in the plan, so that the second of two cancellations sees the first.
	selectBookingForCancel = `
SELECT ` + bookingColumns + `, ledger.nightly_dates, ledger.nightly_prices,
	(now() AT TIME ZONE h.time_zone)::date AS today, ` + asStaff + ` AS as_staff
FROM bookings b JOIN hotels h ON h.id = b.hotel_id` + joinNightly + visibleBooking + `
FOR UPDATE OF b`

	// lockNights keeps the order of the nights, which an UPDATE does not promise.
	lockNights = `
SELECT FROM room_nights WHERE room_id = $1::bigint AND night >= $2::date AND night < $3::date
ORDER BY night FOR UPDATE`

	releaseNights = `
WITH given_back AS (
	UPDATE booking_nights SET released = true
	WHERE booking_id = $1::bigint AND night >= $2::date AND NOT released
	RETURNING night
), freed AS (
	UPDATE room_nights n SET booked = n.booked - $4::integer
	FROM given_back WHERE n.room_id = $3::bigint AND n.night = given_back.night
)
UPDATE bookings SET status = 'cancelled', cancelled_at = now() WHERE id = $1::bigint
RETURNING cancelled_at`
)
