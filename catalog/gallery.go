package catalog

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/jobs"
)

const (
	maxGallery = 50
	// galleryFront is how many places of a gallery are shown in lists and searches.
	galleryFront = 5
	// maxProcessing is how many images of one hotel may wait for a worker, so that no hotel keeps the others waiting.
	maxProcessing = 100
	// processingPause is what a client is told to wait when there are that many.
	processingPause = 10 * time.Second
)

// The kinds of problem that keep images from being added.
var (
	TooManyImages = errs.Kind{
		Code: "too_many_images", Status: http.StatusConflict, Title: "The gallery is full",
	}
	TooManyUploads = errs.Kind{
		Code: "too_many_uploads", Status: http.StatusTooManyRequests, Title: "Too many images are being uploaded or processed",
	}
)

// A Gallery is the images of a hotel, or of one of its rooms where RoomID is not 0.
type Gallery struct {
	HotelID, RoomID int64
}

// A NewImage is an image that is about to be processed.
type NewImage struct {
	// Filename is the name of the file as it was sent. It is kept for operators and shown to nobody: it may be
	// private, and everybody can read images.
	Filename string
	// Original is the key of the file in the store.
	Original string
	// Width and Height are those of the photograph as it is to be looked at, in pixels.
	Width, Height int
}

// CheckRoom returns nil if the caller in ctx runs the hotel and the gallery has room for n more images. A gallery
// that is absent or not the caller's is errs.NotFound, a full one TooManyImages or TooManyUploads.
func (g Gallery) CheckRoom(ctx context.Context, db querier, n int) error {
	if err := CheckManager(ctx, db, g.HotelID); err != nil {
		return err
	}
	if err := g.check(ctx, db); err != nil {
		return err
	}
	var images, processing int
	if err := db.QueryRow(ctx, countImages, g.HotelID, g.RoomID).Scan(&images, &processing); err != nil {
		return fmt.Errorf("count images: %w", err)
	}
	if images+n > maxGallery {
		return TooManyImages.Newf("A gallery holds at most %d images; this one has %d.", maxGallery, images)
	}
	if processing+n > maxProcessing {
		e := TooManyUploads.Newf("%d images of the hotel are being processed. Send more when some of them are ready.", processing)
		e.RetryAfter = processingPause
		return e
	}
	return nil
}

// check returns errs.NotFound for a hotel or a room that is absent or archived, and for a room of another hotel.
func (g Gallery) check(ctx context.Context, db querier) error {
	var found bool
	if err := db.QueryRow(ctx, existsGallery, g.HotelID, g.RoomID).Scan(&found); err != nil {
		return fmt.Errorf("check gallery: %w", err)
	}
	if !found {
		return errs.NotFound.New("")
	}
	return nil
}

// Lock keeps the gallery from other changes, and its hotel and room from being removed, until tx ends. The hotel
// comes first, as everywhere. An absent or archived one is errs.NotFound.
func (g Gallery) Lock(ctx context.Context, tx pgx.Tx) error {
	if err := LockHotel(ctx, tx, g.HotelID); err != nil {
		return err
	}
	if g.RoomID == 0 {
		return nil
	}
	var id int64
	if err := tx.QueryRow(ctx, lockRoomRow, g.HotelID, g.RoomID).Scan(&id); err != nil {
		return fmt.Errorf("lock room: %w", absent(err))
	}
	return nil
}

// Add appends images that are to be processed to the gallery of a hotel that the caller in ctx runs, and returns
// them in the order given. Its errors are those of CheckRoom.
func (g Gallery) Add(ctx context.Context, tx pgx.Tx, added []NewImage) ([]Image, error) {
	if err := g.Lock(ctx, tx); err != nil {
		return nil, err
	}
	if err := g.CheckRoom(ctx, tx, len(added)); err != nil {
		return nil, err
	}
	batch := &pgx.Batch{}
	ids := make([]int64, len(added))
	for i, image := range added {
		batch.Queue(insertImage, g.HotelID, g.RoomID, image.Filename, image.Original, image.Width, image.Height).
			QueryRow(func(row pgx.Row) error { return row.Scan(&ids[i]) })
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("insert images: %w", err)
	}
	list, err := imagesByID(ctx, tx, ids)
	if err != nil {
		return nil, fmt.Errorf("insert images: %w", err)
	}
	for i := range list {
		if err := recordCreation(ctx, tx, objectImage, list[i].ID, &list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// move gives an image of the locked gallery another place, and its neighbours theirs.
func (g Gallery) move(ctx context.Context, tx pgx.Tx, id int64, place int) error {
	ids, err := g.ids(ctx, tx)
	if err != nil {
		return err
	}
	ids = slices.DeleteFunc(ids, func(other int64) bool { return other == id })
	return renumber(ctx, tx, slices.Insert(ids, min(place-1, len(ids)), id))
}

// closeGaps numbers the images of the locked gallery without gaps.
func (g Gallery) closeGaps(ctx context.Context, tx pgx.Tx) error {
	ids, err := g.ids(ctx, tx)
	if err != nil {
		return err
	}
	return renumber(ctx, tx, ids)
}

// ids returns the images of the gallery in their order.
func (g Gallery) ids(ctx context.Context, tx pgx.Tx) ([]int64, error) {
	rows, err := tx.Query(ctx, selectGalleryIDs, g.HotelID, g.RoomID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

func renumber(ctx context.Context, tx pgx.Tx, ids []int64) error {
	_, err := tx.Exec(ctx, updatePositions, ids)
	return err
}

// RemovedArgs ask for the removal of the files of images that are in no gallery any more. Package media does it.
type RemovedArgs struct{}

// Kind is stored with queued jobs. Never change it.
func (RemovedArgs) Kind() string { return "images_remove" }

// detachImages takes the images that sql finds by id out of their gallery. Their rows stay until their files are
// gone, which a job of the same transaction sees to.
func detachImages(ctx context.Context, tx pgx.Tx, queue *jobs.Client, sql string, id int64) error {
	tag, err := tx.Exec(ctx, sql, id)
	if err != nil || tag.RowsAffected() == 0 {
		return err
	}
	if _, err := queue.InsertTx(ctx, tx, RemovedArgs{}, nil); err != nil {
		return fmt.Errorf("queue the removal of images: %w", err)
	}
	return nil
}

const existsGallery = `
SELECT EXISTS (SELECT FROM hotels WHERE id = $1 AND archived_at IS NULL)
	AND ($2::bigint = 0 OR EXISTS (SELECT FROM rooms WHERE id = $2 AND hotel_id = $1 AND archived_at IS NULL))`

const countImages = `
SELECT (SELECT count(*) FROM images WHERE hotel_id = $1 AND coalesce(room_id, 0) = $2::bigint),
	(SELECT count(*) FROM images WHERE hotel_id = $1 AND status = 'processing')`

const insertImage = `
INSERT INTO images (hotel_id, room_id, filename, original, width, height, position)
SELECT $1, nullif($2::bigint, 0), $3, $4, $5, $6, coalesce(max(position), 0) + 1
FROM images WHERE hotel_id = $1 AND coalesce(room_id, 0) = $2::bigint
RETURNING id`

const selectGalleryIDs = `SELECT id FROM images WHERE hotel_id = $1 AND coalesce(room_id, 0) = $2 ORDER BY position`

const updatePositions = `
UPDATE images i SET position = o.place
FROM unnest($1::bigint[]) WITH ORDINALITY AS o (id, place)
WHERE i.id = o.id AND i.position <> o.place`

const (
	detachImage       = `UPDATE images SET hotel_id = NULL, room_id = NULL, removed_at = now() WHERE id = $1`
	detachRoomImages  = `UPDATE images SET hotel_id = NULL, room_id = NULL, removed_at = now() WHERE room_id = $1`
	detachHotelImages = `UPDATE images SET hotel_id = NULL, room_id = NULL, removed_at = now() WHERE hotel_id = $1`
)
