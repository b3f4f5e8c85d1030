package booking

import (
	"context"
	"fmt"
	"reflect"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/platform/audit"
	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/page"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// maxCalendarNights bounds the nights that are read or changed at once.
const maxCalendarNights = 366

// A RoomNight is one night of a room in the hotel's calendar.
type RoomNight struct {
	Date     date.Date `json:"date" example:"today+30"`
	Price    *int64    `json:"price" example:"400000" description:"The price of this night, in minor units; null where the room's own applies."`
	Closed   bool      `json:"closed" description:"Whether the night is not for sale."`
	Booked   int       `json:"booked" example:"2" description:"How many of the rooms are booked."`
	Capacity int       `json:"capacity" example:"5" description:"How many rooms there are."`
}

// NightsRange is a range of nights.
type NightsRange struct {
	From date.Date `query:"from" required:"true" example:"today+30" description:"The first night."`
	To   date.Date `query:"to" required:"true" example:"today+60" description:"The day after the last night, at most 366 nights later."`
}

// Validate checks the length of the range.
func (r *NightsRange) Validate() error {
	switch n := r.To.Sub(r.From); {
	case n < 1:
		return errs.InvalidQuery("to", "date_order", "must be after from")
	case n > maxCalendarNights:
		return errs.InvalidQuery("to", "too_long", "must be at most %d nights after from", maxCalendarNights)
	}
	return nil
}

// NightsParams are a room and a range of nights.
type NightsParams struct {
	RoomParams
	NightsRange
}

// Nights returns the calendar of a room of a hotel that the caller runs.
func (s *Service) Nights(ctx context.Context, p *NightsParams) (*page.List[RoomNight], error) {
	if err := catalog.CheckManager(ctx, s.db, p.HotelID); err != nil {
		return nil, fmt.Errorf("list nights: %w", err)
	}
	nights, err := pg.Collect[RoomNight](ctx, s.db, selectNights, p.From, p.To, p.HotelID, p.RoomID)
	if err != nil {
		return nil, fmt.Errorf("list nights: %w", err)
	}
	if len(nights) == 0 {
		return nil, errs.NotFound.New("")
	}
	return calendar(nights), nil
}

// calendar is how nights are shown.
func calendar(nights []RoomNight) *page.List[RoomNight] { return &page.List[RoomNight]{Items: nights} }

// NightSettings are what can be set on nights.
type NightSettings struct {
	Price  *int64 `json:"price" minimum:"0" maximum:"1000000000000" example:"400000" description:"In minor units; null for the room's own."`
	Closed *bool  `json:"closed" example:"false" description:"Whether the nights are not for sale. Null changes nothing."`
}

// keepPrice stands for a price that a patch does not name. No client can send it.
const keepPrice = -1

// UpdateNightsParams are a room, a range of nights, and the changes to each of them.
type UpdateNightsParams struct {
	RoomParams
	NightsRange
	Body httpapi.Patch[NightSettings]
}

// UpdateNights prices, closes or opens nights of a room, from today on and as far ahead as rooms are sold, and
// returns them. Bookings that hold the nights stay as they are.
func (s *Service) UpdateNights(ctx context.Context, p *UpdateNightsParams) (*page.List[RoomNight], error) {
	set := NightSettings{Price: new(int64(keepPrice))}
	if err := p.Body.Apply(&set); err != nil {
		return nil, err
	}
	var nights []RoomNight
	err := pg.InTx(ctx, s.db, func(tx pgx.Tx) (err error) {
		nights, err = updateNights(ctx, tx, p, set)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("update nights: %w", err)
	}
	return calendar(nights), nil
}

func updateNights(ctx context.Context, tx pgx.Tx, p *UpdateNightsParams, set NightSettings) ([]RoomNight, error) {
	if _, err := lockOwnRoom(ctx, tx, p.RoomParams); err != nil {
		return nil, err
	}
	if err := checkNightsOpen(ctx, tx, p); err != nil {
		return nil, err
	}
	before, err := pg.Collect[RoomNight](ctx, tx, selectNights, p.From, p.To, p.HotelID, p.RoomID)
	if err != nil {
		return nil, err
	}
	if err := httpapi.CheckMatch(ctx, calendar(before)); err != nil {
		return nil, err
	}
	keep := set.Price != nil && *set.Price == keepPrice
	if keep {
		set.Price = nil
	}
	if _, err := tx.Exec(ctx, upsertNights, p.From, p.To, p.RoomID, set.Price, keep, set.Closed); err != nil {
		return nil, err
	}
	if err := refreshPriceBounds(ctx, tx, p.RoomID); err != nil {
		return nil, err
	}
	nights, err := pg.Collect[RoomNight](ctx, tx, selectNights, p.From, p.To, p.HotelID, p.RoomID)
	if err != nil {
		return nil, err
	}
	return nights, recordNights(ctx, tx, p.RoomID, before, nights)
}

// recordNights adds the nights of the room that have changed to the audit log. Both lists are of the same dates.
func recordNights(ctx context.Context, tx pgx.Tx, roomID int64, before, after []RoomNight) error {
	entry := audit.Entry{Action: "nights.update", Object: "room", ID: roomID}
	var was, is []RoomNight
	for i := range before {
		if !reflect.DeepEqual(before[i], after[i]) {
			was, is = append(was, before[i]), append(is, after[i])
		}
	}
	if len(was) == 0 {
		return nil
	}
	entry.Before, entry.After = was, is
	return auth.RecordChange(ctx, tx, entry)
}

// checkNightsOpen checks that the nights are not past and near enough to be sold.
func checkNightsOpen(ctx context.Context, tx pgx.Tx, p *UpdateNightsParams) error {
	var today date.Date
	if err := tx.QueryRow(ctx, "SELECT "+todayOfRoom, p.RoomID).Scan(&today); err != nil {
		return err
	}
	if p.From.Before(today) {
		return broken("query", rule{kindDatesInPast, "from", errs.Say("must not be before today at the hotel")})
	}
	if p.To.Sub(today) > maxDaysAhead+maxNights {
		return broken("query", rule{kindTooFarAhead, "to", errs.Say("must be at most %d days from today", maxDaysAhead+maxNights)})
	}
	return nil
}

const (
	selectNights = `
SELECT calendar.night AS date, n.price, coalesce(n.closed, false) AS closed, coalesce(n.booked, 0) AS booked,
	coalesce(n.capacity, r.quantity) AS capacity
FROM rooms r
CROSS JOIN generate_series(0, least($2::date - $1::date, 366) - 1) AS i
CROSS JOIN LATERAL (SELECT $1::date + i AS night) AS calendar
LEFT JOIN room_nights n ON n.room_id = r.id AND n.night = calendar.night
WHERE r.hotel_id = $3::bigint AND r.id = $4::bigint AND r.archived_at IS NULL
ORDER BY date`

	upsertNights = `
INSERT INTO room_nights AS n (room_id, night, capacity, price, closed)
SELECT r.id, $1::date + i, r.quantity, $4::bigint, coalesce($6::boolean, false)
FROM rooms r CROSS JOIN generate_series(0, least($2::date - $1::date, 366) - 1) AS i
WHERE r.id = $3::bigint
ORDER BY i
ON CONFLICT (room_id, night) DO UPDATE SET
	price = CASE WHEN $5::boolean THEN n.price ELSE EXCLUDED.price END,
	closed = coalesce($6::boolean, n.closed)`
)
