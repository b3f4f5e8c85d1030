package catalog

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/jobs"
)

// LockHotel keeps a hotel from changes, and from getting rooms, until tx ends. An absent or archived hotel is
// errs.NotFound.
func LockHotel(ctx context.Context, tx pgx.Tx, hotelID int64) error {
	if err := exec(ctx, tx, lockHotel, hotelID); err != nil {
		return fmt.Errorf("lock hotel: %w", err)
	}
	return nil
}

// HotelForUpdate locks a hotel as LockHotel does and returns it as GET shows it.
func HotelForUpdate(ctx context.Context, tx pgx.Tx, hotelID int64) (*Hotel, error) {
	batch := &pgx.Batch{}
	batch.Queue(lockHotel, hotelID)
	found := queueOne(batch, []int64{hotelID}, nil)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("read hotel: %w", err)
	}
	return only(found.Hotels)
}

// DeleteHotel removes a hotel with its rooms, links and managers, and with all images: queue gets the job that
// removes their files. A booking in it, past or cancelled, makes the database refuse.
func DeleteHotel(ctx context.Context, tx pgx.Tx, queue *jobs.Client, hotelID int64) error {
	if err := detachImages(ctx, tx, queue, detachHotelImages, hotelID); err != nil {
		return fmt.Errorf("delete hotel: %w", err)
	}
	if err := exec(ctx, tx, deleteHotel, hotelID); err != nil {
		return fmt.Errorf("delete hotel: %w", err)
	}
	return nil
}

// ArchiveHotel hides a hotel and its rooms for good and removes their images as DeleteHotel does. An absent or
// archived one is errs.NotFound.
func ArchiveHotel(ctx context.Context, tx pgx.Tx, queue *jobs.Client, hotelID int64) error {
	if err := detachImages(ctx, tx, queue, detachHotelImages, hotelID); err != nil {
		return fmt.Errorf("archive hotel: %w", err)
	}
	if err := exec(ctx, tx, archiveHotel, hotelID); err != nil {
		return fmt.Errorf("archive hotel: %w", err)
	}
	if _, err := tx.Exec(ctx, archiveRooms, hotelID); err != nil {
		return fmt.Errorf("archive hotel: %w", err)
	}
	return nil
}

// checkHotel returns errs.NotFound for a hotel that is absent or archived.
func checkHotel(ctx context.Context, db querier, hotelID int64) error {
	var found bool
	if err := db.QueryRow(ctx, existsHotel, hotelID).Scan(&found); err != nil {
		return err
	}
	if !found {
		return errs.NotFound.New("")
	}
	return nil
}

const lockHotel = `SELECT FROM hotels WHERE id = $1 AND archived_at IS NULL FOR NO KEY UPDATE`

const deleteHotel = `DELETE FROM hotels WHERE id = $1`

const archiveHotel = `UPDATE hotels SET archived_at = now() WHERE id = $1 AND archived_at IS NULL`

const archiveRooms = `UPDATE rooms SET archived_at = now() WHERE hotel_id = $1 AND archived_at IS NULL`

const existsHotel = `SELECT EXISTS (SELECT FROM hotels WHERE id = $1 AND archived_at IS NULL)`
