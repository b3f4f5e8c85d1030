package demo

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// filled are the tables of the catalogue and of the bookings, which a load finds
// empty and fills. There are no images to fill theirs with.
const filled = `countries, cities, facilities, hotels, hotel_facilities, hotel_managers,
	rooms, room_facilities, room_nights, bookings, booking_nights, images`

// An unbuilt object is an index or a foreign key that was dropped for the load.
type unbuilt struct {
	Drop, Create string
}

// unbuild drops the foreign keys and the secondary indexes of the filled tables
// and returns how to make them again. Checking a key and extending an index for
// each row costs several times as much as doing it once for all of them. The
// primary keys stay: rows arrive in their order, which is cheap.
func unbuild(ctx context.Context, tx pgx.Tx) ([]unbuilt, error) {
	found, err := tx.Query(ctx, derivedObjects, strings.Fields(strings.ReplaceAll(filled, ",", " ")))
	if err != nil {
		return nil, fmt.Errorf("list indexes and keys: %w", err)
	}
	objects, err := pgx.CollectRows(found, pgx.RowToStructByPos[unbuilt])
	if err != nil {
		return nil, fmt.Errorf("list indexes and keys: %w", err)
	}
	for _, o := range objects {
		if _, err := tx.Exec(ctx, o.Drop); err != nil {
			return nil, fmt.Errorf("%s: %w", o.Drop, err)
		}
	}
	return objects, nil
}

// derivedObjects lists the indexes before the foreign keys, which are checked
// faster with the indexes there: DROP INDEX sorts after ALTER TABLE.
const derivedObjects = `
WITH filled AS (SELECT unnest($1::regclass[]::oid[]) AS id)
SELECT format('DROP INDEX %s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid)
FROM pg_index i
WHERE i.indrelid IN (SELECT id FROM filled)
	AND NOT EXISTS (SELECT FROM pg_constraint c WHERE c.conindid = i.indexrelid)
UNION ALL
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', c.conrelid::regclass, c.conname),
	format('ALTER TABLE %s ADD CONSTRAINT %I %s', c.conrelid::regclass, c.conname, pg_get_constraintdef(c.oid))
FROM pg_constraint c
WHERE c.contype = 'f' AND c.conrelid IN (SELECT id FROM filled)
ORDER BY 1 DESC`

// lockTables must come before the catalogue is found empty. The table of users
// is among them because dropping the keys that point at it locks it anyway:
// taken later, the lock could meet a request that wants the two the other way
// round.
const lockTables = "LOCK TABLE " + filled + ", users IN ACCESS EXCLUSIVE MODE"

// freeSession lifts the limits that the pool sets on requests, for this
// transaction.
const freeSession = `
SET LOCAL statement_timeout = 0;
SET LOCAL lock_timeout = 0;
SET LOCAL idle_in_transaction_session_timeout = 0;
SET LOCAL maintenance_work_mem = '256MB'`

// restartIDs lets the next row made through the API follow the loaded ones.
const restartIDs = `
SELECT setval(pg_get_serial_sequence('countries', 'id'), (SELECT max(id) FROM countries)),
	setval(pg_get_serial_sequence('cities', 'id'), (SELECT max(id) FROM cities)),
	setval(pg_get_serial_sequence('facilities', 'id'), (SELECT max(id) FROM facilities)),
	setval(pg_get_serial_sequence('hotels', 'id'), (SELECT max(id) FROM hotels)),
	setval(pg_get_serial_sequence('rooms', 'id'), (SELECT max(id) FROM rooms)),
	setval(pg_get_serial_sequence('bookings', 'id'), (SELECT max(id) FROM bookings))`
