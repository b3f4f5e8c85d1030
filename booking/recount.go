package booking

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// A Drift is the result of a recount.
type Drift struct {
	// Nights is how many nights have a counter that differs from the ledger. It must be 0.
	Nights int64
	// First are the first of them, by room and night.
	First []DriftingNight
}

// maxDriftReported bounds Drift.First.
const maxDriftReported = 100

// A DriftingNight is a night whose counter differs from what the bookings of the ledger hold.
type DriftingNight struct {
	RoomID  int64
	Night   date.Date
	Counter int64
	Ledger  int64
}

// Recount compares the counters of all nights from since on with the ledger. It reads both tables as they were at
// one instant, blocks nobody, and may take minutes. The zero Date means all.
func (s *Service) Recount(ctx context.Context, since date.Date) (Drift, error) {
	type row struct {
		DriftingNight
		Total int64
	}
	var rows []row
	err := pg.InTx(ctx, s.db, func(tx pgx.Tx) (err error) {
		if _, err = tx.Exec(ctx, recountSettings); err != nil {
			return err
		}
		rows, err = pg.Collect[row](ctx, tx, selectDrift, since, maxDriftReported)
		return err
	})
	if err != nil {
		return Drift{}, fmt.Errorf("recount inventory: %w", err)
	}
	drift := Drift{First: make([]DriftingNight, len(rows))}
	for i, r := range rows {
		drift.Nights, drift.First[i] = r.Total, r.DriftingNight
	}
	return drift, nil
}

const (
	recountSettings = `
SELECT set_config('statement_timeout', '15min', true), set_config('plan_cache_mode', 'force_custom_plan', true)`

	// No stay is longer than 30 nights, so that bookings which began earlier hold no night that counts.
	selectDrift = `
SELECT room_id, night, coalesce(counter.booked, 0)::bigint AS counter, coalesce(ledger.booked, 0) AS ledger,
	count(*) OVER () AS total
FROM (
	SELECT n.room_id, n.night, n.booked FROM room_nights n WHERE n.night >= $1::date
) AS counter
FULL JOIN (
	SELECT b.room_id, l.night, sum(b.rooms)::bigint AS booked
	FROM bookings b JOIN booking_nights l ON l.booking_id = b.id
	WHERE b.date_from > $1::date - 30 AND l.night >= $1::date AND NOT l.released
	GROUP BY b.room_id, l.night
) AS ledger USING (room_id, night)
WHERE coalesce(counter.booked, 0) <> coalesce(ledger.booked, 0)
ORDER BY room_id, night LIMIT $2::integer`
)
