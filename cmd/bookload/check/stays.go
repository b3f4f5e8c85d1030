package check

import "context"

// zones are the hotels with a time zone that the database knows, which is UTC where the hotel's own is unknown, and the
// date there.
const zones = `
SELECT h.id, h.archived_at, z.name IS NOT NULL AS known, h.time_zone AS stored, coalesce(z.name, 'UTC') AS time_zone,
	(now() AT TIME ZONE coalesce(z.name, 'UTC'))::date AS today
FROM hotels h LEFT JOIN pg_timezone_names z ON lower(z.name) = lower(h.time_zone)`

// checkStays looks at each booking with the nights that it holds.
func (d *database) checkStays(ctx context.Context) error {
	const who = "booking %s: "
	err := d.survey(ctx, "("+zones+") AS s",
		must{ruleZoneUnknown, "known", "format('hotel %s: %L', id, stored)"})
	if err != nil {
		return err
	}
	return d.survey(ctx, stays,
		must{
			ruleStayNotHeld, `nights = date_to - date_from AND lines = date_to - date_from AND first_night = date_from
				AND last_night = date_to - 1 AND days = lines * (date_from - date '2000-01-01') + lines * (lines - 1) / 2`,
			"format('" + who + "stays from %s to %s and says %s nights; it holds %s, from %s to %s', id, date_from, date_to, nights, coalesce(lines, 0), first_night, last_night)",
		},
		must{rulePriceDiffers, "lines IS NULL OR price = lines_price", "format('" + who + "costs %s, and its nights %s', id, price, lines_price)"},
		must{
			ruleReleasedWrong, `lines IS NULL OR CASE status WHEN 'confirmed' THEN released = 0
				WHEN 'cancelled' THEN (first_released >= cancelled_on) IS NOT FALSE AND (last_held < cancelled_on) IS NOT FALSE ELSE true END`,
			"format('" + who + "is %s%s and has given back %s of %s nights, the first %s; the last that it holds is %s', id, status, ' since ' || cancelled_on, released, lines, first_released, last_held)",
		},
		must{ruleOtherHotel, "room_hotel IS NULL OR hotel_id = room_hotel", "format('" + who + "names hotel %s, and room %s is of hotel %s', id, hotel_id, room_id, room_hotel)"},
		must{ruleOtherCurrency, "room_currency IS NULL OR currency = room_currency", "format('" + who + "is in %s, and room %s in %s', id, currency, room_id, room_currency)"},
		// A minute is left for the clocks of servers that take over from each other, and two days for hotels whose zone has changed.
		must{
			ruleImpossibleTime, `created_at <= now() + interval '1 minute'
				AND date_from BETWEEN created_on - 2 AND created_on + 502
				AND (cancelled_at IS NULL OR cancelled_at BETWEEN created_at - interval '1 minute' AND now() + interval '1 minute'
					AND cancelled_on < date_to)`,
			"format('" + who + "stays from %s to %s, was made at %s%s', id, date_from, date_to, created_at, ' and cancelled at ' || cancelled_at)",
		},
		must{
			ruleSoldArchived, "archived_at IS NULL OR status <> 'confirmed' OR date_to <= archived_on",
			"format('" + who + "stays from %s to %s in room %s, which was archived at %s', id, date_from, date_to, room_id, archived_at)",
		})
}

// stays are the bookings whose dates can be reckoned with, with the sums of their nights. Others break a CHECK.
const stays = `(
WITH zones AS MATERIALIZED (` + zones + `
), lines AS (
	SELECT booking_id, count(*) AS lines, min(night) AS first_night, max(night) AS last_night,
		sum(CASE WHEN isfinite(night) THEN night - date '2000-01-01' END) AS days, sum(price) AS lines_price,
		count(*) FILTER (WHERE released) AS released, min(night) FILTER (WHERE released) AS first_released,
		max(night) FILTER (WHERE released IS NOT TRUE) AS last_held
	FROM booking_nights GROUP BY booking_id
)
SELECT b.*, l.lines, l.first_night, l.last_night, l.days, l.lines_price, l.released, l.first_released, l.last_held,
	r.hotel_id AS room_hotel, r.currency AS room_currency, least(r.archived_at, z.archived_at) AS archived_at,
	(least(r.archived_at, z.archived_at) AT TIME ZONE coalesce(z.time_zone, 'UTC'))::date AS archived_on,
	(b.created_at AT TIME ZONE coalesce(z.time_zone, 'UTC'))::date AS created_on,
	(b.cancelled_at AT TIME ZONE coalesce(z.time_zone, 'UTC'))::date AS cancelled_on
FROM bookings b LEFT JOIN lines l ON l.booking_id = b.id LEFT JOIN rooms r ON r.id = b.room_id LEFT JOIN zones z ON z.id = r.hotel_id
WHERE isfinite(b.date_from) AND isfinite(b.date_to)) AS s`
