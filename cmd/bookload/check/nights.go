package check

import "context"

// checkNights compares the counters with what bookings hold, either way, and with the rooms that there are.
func (d *database) checkNights(ctx context.Context) error {
	return d.survey(ctx, counters,
		must{
			ruleCounterDiffers, "coalesce(booked, 0) = coalesce(held, 0)",
			"format('room %s on %s: the counter says %s, and bookings hold %s', room_id, night, coalesce(booked::text, 'nothing'), coalesce(held, 0))",
		},
		must{
			ruleNightOversold, "greatest(booked, held, 0) <= coalesce(capacity, quantity, greatest(booked, held, 0))",
			"format('room %s on %s: %s booked, and bookings hold %s, of %s', room_id, night, coalesce(booked, 0), coalesce(held, 0), coalesce(capacity, quantity))",
		},
		must{
			ruleCapacityDiffers, "capacity IS NULL OR quantity IS NULL OR night < today OR capacity = quantity",
			"format('room %s on %s: capacity %s, and there are %s', room_id, night, capacity, quantity)",
		},
		must{
			ruleOutsideBounds, "price IS NULL OR quantity IS NULL OR night < today OR price BETWEEN price_floor AND price_ceiling",
			"format('room %s on %s: price %s, and the bounds are %s and %s', room_id, night, price, price_floor, price_ceiling)",
		})
}

// counters are the nights that have a counter, or that a booking holds.
const counters = `(
WITH zones AS MATERIALIZED (` + zones + `
), held AS (
	SELECT b.room_id, l.night, sum(b.rooms) AS held
	FROM bookings b JOIN booking_nights l ON l.booking_id = b.id
	WHERE l.released IS NOT TRUE GROUP BY b.room_id, l.night
)
SELECT room_id, night, n.booked, n.capacity, n.price, held.held, r.quantity, r.price_floor, r.price_ceiling, z.today
FROM room_nights n FULL JOIN held USING (room_id, night) LEFT JOIN rooms r ON r.id = room_id LEFT JOIN zones z ON z.id = r.hotel_id) AS s`
