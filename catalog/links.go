package catalog

import (
	"slices"

	"github.com/jackc/pgx/v5"
)

// linkSQL replaces the facilities of one kind of thing: $1 is its id, $2 the ids of the facilities.
type linkSQL struct {
	remove, add string
}

var hotelLinks = linkSQL{
	remove: `DELETE FROM hotel_facilities WHERE hotel_id = $1 AND facility_id <> ALL ($2::bigint[])`,
	add: `
INSERT INTO hotel_facilities (hotel_id, facility_id)
SELECT $1, facility_id FROM unnest($2::bigint[]) AS facility_id ON CONFLICT DO NOTHING`,
}

var roomLinks = linkSQL{
	remove: `DELETE FROM room_facilities WHERE room_id = $1 AND facility_id <> ALL ($2::bigint[])`,
	add: `
INSERT INTO room_facilities (room_id, facility_id)
SELECT $1, facility_id FROM unnest($2::bigint[]) AS facility_id ON CONFLICT DO NOTHING`,
}

// queueLinks makes facilityIDs the facilities of what has the id, once batch is sent.
func queueLinks(batch *pgx.Batch, sql linkSQL, id int64, facilityIDs []int64) {
	// Ascending, so that two writers lock the facilities in the same order.
	ids := notNil(slices.Sorted(slices.Values(facilityIDs)))
	batch.Queue(sql.remove, id, ids)
	batch.Queue(sql.add, id, ids)
}
