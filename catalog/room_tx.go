package catalog

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"golang.org/x/text/unicode/norm"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/jobs"
)

// LockRoom waits until no booking of the room is under way and keeps new ones waiting until tx ends. It is
// pg_advisory_xact_lock(roomID), which bookings hold shared: a lock on the row would be asked for by so many
// bookings of a busy room that a change of it never had its turn. Take it before any lock on rows, and those of
// several rooms in ascending order. A room that does not exist can be locked as well.
func LockRoom(ctx context.Context, tx pgx.Tx, roomID int64) error {
	if _, err := tx.Exec(ctx, "SELECT pg_advisory_xact_lock($1)", roomID); err != nil {
		return fmt.Errorf("lock room: %w", err)
	}
	return nil
}

// RoomForUpdate returns a room and keeps its row from other changes until tx ends; bookings may still point at
// it. A room that is absent, archived or of another hotel is errs.NotFound.
func RoomForUpdate(ctx context.Context, tx pgx.Tx, hotelID, roomID int64) (*Room, error) {
	batch := &pgx.Batch{}
	batch.Queue(lockRoomRow, hotelID, roomID).QueryRow(func(row pgx.Row) error {
		var id int64
		return row.Scan(&id)
	})
	room, err := sendForRoom(ctx, tx, batch, roomID)
	if err != nil {
		return nil, fmt.Errorf("read room: %w", absent(err))
	}
	return room, nil
}

// UpdateRoom writes all that in says of a room, facilities included, and returns the result. The bounds of its
// prices grow to hold the new price and never shrink: see SetPriceBounds. An archived or absent room is
// errs.NotFound, an unknown facility a validation error.
func UpdateRoom(ctx context.Context, tx pgx.Tx, roomID int64, in RoomInput) (*Room, error) {
	batch := &pgx.Batch{}
	batch.Queue(updateRoom, roomID, norm.NFC.String(in.Title), in.Description, in.Price, in.Quantity, in.MaxGuests)
	queueLinks(batch, roomLinks, roomID, in.FacilityIDs)
	room, err := sendForRoom(ctx, tx, batch, roomID)
	if err != nil {
		return nil, fmt.Errorf("update room: %w", refused(err))
	}
	return room, nil
}

// SetPriceBounds says what the nightly prices of a room lie between, in minor units of its currency and
// including its own price. The search trusts it.
func SetPriceBounds(ctx context.Context, tx pgx.Tx, roomID, floor, ceiling int64) error {
	if _, err := tx.Exec(ctx, updatePriceBounds, roomID, floor, ceiling); err != nil {
		return fmt.Errorf("set price bounds: %w", refused(err))
	}
	return nil
}

// DeleteRoom removes a room that was never booked, and with it its images: queue gets the job that removes their
// files. A booking of the room, past or cancelled, makes the database refuse.
func DeleteRoom(ctx context.Context, tx pgx.Tx, queue *jobs.Client, roomID int64) error {
	if err := detachImages(ctx, tx, queue, detachRoomImages, roomID); err != nil {
		return fmt.Errorf("delete room: %w", err)
	}
	if err := exec(ctx, tx, deleteRoom, roomID); err != nil {
		return fmt.Errorf("delete room: %w", err)
	}
	return nil
}

// ArchiveRoom hides a room for good and removes its images as DeleteRoom does. An absent or archived one is
// errs.NotFound.
func ArchiveRoom(ctx context.Context, tx pgx.Tx, queue *jobs.Client, roomID int64) error {
	if err := detachImages(ctx, tx, queue, detachRoomImages, roomID); err != nil {
		return fmt.Errorf("archive room: %w", err)
	}
	if err := exec(ctx, tx, archiveRoom, roomID); err != nil {
		return fmt.Errorf("archive room: %w", err)
	}
	return nil
}

// RoomIDs returns the ids of the rooms of a hotel that are not archived, ascending. They stay all there are
// until tx ends if LockHotel was called before.
func RoomIDs(ctx context.Context, tx pgx.Tx, hotelID int64) ([]int64, error) {
	rows, err := tx.Query(ctx, selectRoomIDs, hotelID)
	if err != nil {
		return nil, fmt.Errorf("read ids of rooms: %w", err)
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("read ids of rooms: %w", err)
	}
	return ids, nil
}

// exec runs a statement that must affect the one row with the id.
func exec(ctx context.Context, db querier, sql string, id int64) error {
	tag, err := db.Exec(ctx, sql, id)
	if err != nil {
		return err
	}
	if tag.RowsAffected() == 0 {
		return errs.NotFound.New("")
	}
	return nil
}

const lockRoomRow = `
SELECT id FROM rooms WHERE hotel_id = $1 AND id = $2 AND archived_at IS NULL FOR NO KEY UPDATE`

const updateRoom = `
UPDATE rooms SET title = $2, description = $3, price = $4, quantity = $5, max_guests = $6,
	price_floor = least(price_floor, $4), price_ceiling = greatest(price_ceiling, $4)
WHERE id = $1 AND archived_at IS NULL`

const updatePriceBounds = `UPDATE rooms SET price_floor = $2, price_ceiling = $3 WHERE id = $1`

const deleteRoom = `DELETE FROM rooms WHERE id = $1`

const archiveRoom = `UPDATE rooms SET archived_at = now() WHERE id = $1 AND archived_at IS NULL`

const selectRoomIDs = `SELECT id FROM rooms WHERE hotel_id = $1 AND archived_at IS NULL ORDER BY id`
