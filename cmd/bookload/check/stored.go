package check

import (
	"context"
	"maps"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/platform/date"
)

// checkPromises compares the database with what the ledger says.
func (d *database) checkPromises(ctx context.Context, p *promises) error {
	for _, step := range []func(context.Context, *promises) error{
		d.compareBookings, d.checkGuests, d.checkOwnRooms, d.checkLimits, d.checkPromisedImages,
	} {
		if err := step(ctx, p); err != nil {
			return err
		}
	}
	return nil
}

// compareBookings compares all bookings of the run's guests and of its rooms, and all that were acknowledged.
func (d *database) compareBookings(ctx context.Context, p *promises) error {
	c := newComparison(p, d.report, "database")
	stamped := make(map[int64]stamps)
	err := d.try(ctx, ruleBookingDiffers, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectBookings, ids(p.guests), p.ownRooms(), ids(p.bookings))
		if err != nil {
			return err
		}
		type row struct {
			ledger.Booking
			Nights []date.Date
			Prices []int64
			stamps
		}
		var r row
		b := &r.Booking
		fields := []any{&b.ID, &b.RoomID, &b.HotelID, &b.UserID, &b.DateFrom, &b.DateTo, &b.Guests, &b.Rooms, &b.Status, &b.Price, &b.Currency, &r.Nights, &r.Prices, &r.made, &r.cancelled}
		_, err = pgx.ForEachRow(rows, fields, func() error {
			b.Nightly, b.Reference = lines(r.Nights, r.Prices), ""
			if told := p.bookings[b.ID]; told != nil {
				b.Reference = told.told.Reference // It is not stored.
			}
			c.add(b)
			stamped[b.ID] = r.stamps
			return nil
		})
		return err
	})
	if err != nil {
		return err
	}
	c.end()
	c.compareTimes(stamped)
	return nil
}

// ids returns the keys of a map, in no order. There is always a slice: nil would be NULL.
func ids[T any](of map[int64]T) []int64 { return slices.AppendSeq([]int64{}, maps.Keys(of)) }

func sortedIDs[T any](of map[int64]T) []int64 {
	sorted := ids(of)
	slices.Sort(sorted)
	return sorted
}

// ownRooms are those that the run made.
func (p *promises) ownRooms() []int64 {
	own := []int64{}
	for id, room := range p.rooms {
		if room.Own {
			own = append(own, id)
		}
	}
	return own
}

func lines(nights []date.Date, prices []int64) []ledger.Line {
	made := make([]ledger.Line, len(nights))
	for i := range nights {
		made[i] = ledger.Line{Date: nights[i], Price: prices[i]}
	}
	return made
}

// checkGuests compares the accounts of the run.
func (d *database) checkGuests(ctx context.Context, p *promises) error {
	emails := make([]string, 0, len(p.guests))
	guests := ids(p.guests)
	for _, id := range guests {
		emails = append(emails, p.guests[id].Email)
	}
	return d.ask(ctx, ruleGuestDiffers, selectGuests, guests, emails)
}

// checkOwnRooms compares the rooms that the run made, which nobody else has to do with.
func (d *database) checkOwnRooms(ctx context.Context, p *promises) error {
	own := p.ownRooms()
	var hotels, quantities, prices []int64
	var currencies []string
	for _, id := range own {
		room := p.rooms[id]
		hotels, quantities = append(hotels, room.HotelID), append(quantities, int64(room.Quantity))
		prices, currencies = append(prices, room.Price), append(currencies, room.Currency)
	}
	if err := d.ask(ctx, ruleRoomDiffers, selectOwnRooms, own, hotels, quantities, prices, currencies); err != nil {
		return err
	}
	return d.ask(ctx, ruleRoomDiffers, selectOwnNights, own)
}

// checkLimits looks for what a booking should have been refused for.
func (d *database) checkLimits(ctx context.Context, p *promises) error {
	if err := d.ask(ctx, ruleTooManyBookings, selectTooMany, ids(p.guests)); err != nil {
		return err
	}
	return d.ask(ctx, rulePartyTooLarge, selectTooLarge, p.ownRooms())
}

// checkPromisedImages looks for the photographs that were taken.
func (d *database) checkPromisedImages(ctx context.Context, p *promises) error {
	images := ids(p.images)
	hotels := make([]int64, 0, len(images))
	for _, id := range images {
		hotels = append(hotels, p.images[id].hotelID)
	}
	d.report.count(int64(len(images)), "acknowledged photographs")
	return d.ask(ctx, ruleImageMissing, selectPromisedImages, images, hotels)
}

// What a damaged column may be without is given a value that nothing was told as.
const selectBookings = `
SELECT b.id, coalesce(b.room_id, -1), coalesce(b.hotel_id, -1), coalesce(b.user_id, 0), b.date_from, b.date_to, coalesce(b.guests, -1)::integer,
	coalesce(b.rooms, -1)::integer, coalesce(b.status, ''), coalesce(b.price, -1), coalesce(b.currency, ''),
	coalesce(l.nights, '{}'), coalesce(l.prices, '{}'),
	CASE WHEN isfinite(b.created_at) THEN b.created_at END, CASE WHEN isfinite(b.cancelled_at) THEN b.cancelled_at END
FROM bookings b CROSS JOIN LATERAL (
	SELECT array_agg(n.night ORDER BY n.night) AS nights, array_agg(coalesce(n.price, -1) ORDER BY n.night) AS prices
	FROM booking_nights n WHERE n.booking_id = b.id AND isfinite(n.night)
) AS l
WHERE (b.user_id = ANY ($1::bigint[]) OR b.room_id = ANY ($2::bigint[]) OR b.id = ANY ($3::bigint[]))
	AND isfinite(b.date_from) AND isfinite(b.date_to)`

const selectGuests = `
SELECT '` + ruleGuestDiffers + `' AS rule, format('guest %s, %s: %s', g.id, g.email, CASE
	WHEN u.id IS NULL THEN 'there is no account'
	ELSE format('e-mail %s, role %s, disabled %s, deleted %s', u.email, u.role, u.disabled_at, u.deleted_at) END) AS text
FROM unnest($1::bigint[], $2::text[]) AS g (id, email) LEFT JOIN users u ON u.id = g.id
WHERE (lower(u.email) = lower(g.email) AND u.role = 'guest' AND u.password_hash <> '' AND u.disabled_at IS NULL AND u.deleted_at IS NULL) IS NOT TRUE`

const selectOwnRooms = `
SELECT '` + ruleRoomDiffers + `' AS rule, format('room %s: hotel %s, quantity %s, price %s %s, archived %s; it was made of hotel %s, quantity %s, price %s %s',
	o.id, r.hotel_id, r.quantity, r.price, r.currency, r.archived_at, o.hotel_id, o.quantity, o.price, o.currency) AS text
FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[]) AS o (id, hotel_id, quantity, price, currency)
LEFT JOIN rooms r ON r.id = o.id
WHERE (r.hotel_id = o.hotel_id AND r.quantity = o.quantity AND r.price = o.price AND r.currency = o.currency AND r.archived_at IS NULL) IS NOT TRUE`

// No run closes a night or gives it a price.
const selectOwnNights = `
SELECT '` + ruleRoomDiffers + `' AS rule, format('room %s on %s: closed %s, price %s', n.room_id, n.night, n.closed, coalesce(n.price::text, 'of the room')) AS text
FROM room_nights n WHERE n.room_id = ANY ($1::bigint[]) AND (NOT n.closed AND n.price IS NULL) IS NOT TRUE`

const selectTooMany = `
SELECT '` + ruleTooManyBookings + `' AS rule, format('guest %s on %s: %s bookings', b.user_id, l.night, count(*)) AS text
FROM bookings b JOIN booking_nights l ON l.booking_id = b.id
WHERE b.user_id = ANY ($1::bigint[]) AND b.status = 'confirmed'
GROUP BY b.user_id, l.night HAVING count(*) > 10`

const selectTooLarge = `
SELECT '` + rulePartyTooLarge + `' AS rule, format('booking %s: %s guests in %s rooms %s for %s each', b.id, b.guests, b.rooms, r.id, r.max_guests) AS text
FROM bookings b JOIN rooms r ON r.id = b.room_id
WHERE r.id = ANY ($1::bigint[]) AND b.guests > b.rooms * r.max_guests`

const selectPromisedImages = `
SELECT CASE WHEN i.status = 'failed' AND i.hotel_id = p.hotel_id THEN '` + ruleImageFailed + `' ELSE '` + ruleImageMissing + `' END AS rule,
	format('image %s of hotel %s: %s', p.id, p.hotel_id, CASE WHEN i.id IS NULL THEN 'it is not there'
		ELSE format('hotel %s, status %s, %s', i.hotel_id, i.status, i.error) END) AS text
FROM unnest($1::bigint[], $2::bigint[]) AS p (id, hotel_id) LEFT JOIN images i ON i.id = p.id
WHERE (i.hotel_id = p.hotel_id AND i.status <> 'failed') IS NOT TRUE`

// countRows says how much there is.
func (d *database) countRows(ctx context.Context) error {
	for _, table := range []struct{ name, what string }{
		{"bookings", "bookings in all"}, {"booking_nights", "nights of bookings in all"}, {"room_nights", "counters of nights"},
		{"idempotency_keys", "stored replies"}, {"images", "photographs"},
	} {
		err := d.try(ctx, table.what, func(tx pgx.Tx) error {
			var n int64
			err := tx.QueryRow(ctx, "SELECT count(*) FROM "+table.name).Scan(&n)
			if err == nil {
				d.report.count(n, table.what)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
