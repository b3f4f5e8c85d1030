package catalog

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/pg"
)

// The functions here are the catalogue's part of what package media does with the files of images.

// A Photograph is what is to be processed, or has been.
type Photograph struct {
	ID     int64
	Status string
	// Original is the key of the uploaded file in the store, nil once it is not needed any more.
	Original *string
	// Removed says that the image is in no gallery any more.
	Removed bool
}

// A Rendering is a photograph in all its sizes.
type Rendering struct {
	Width, Height int
	Placeholder   string
	Files         []File
}

// A File is a variant of an image in the store.
type File struct {
	Name          string
	Width, Height int
	Bytes         int64
}

// PhotographByID returns an image with what its processing needs to know. An absent one is pgx.ErrNoRows.
func PhotographByID(ctx context.Context, db querier, id int64) (Photograph, error) {
	p, err := pg.One[Photograph](ctx, db, selectPhotograph, id)
	if err != nil {
		return p, fmt.Errorf("read image %d: %w", id, err)
	}
	return p, nil
}

// ShowImage makes an image ready, with the files that r names. One that was removed meanwhile, or is ready
// already, is left as it is: then it returns false, and nobody knows of the files.
func ShowImage(ctx context.Context, tx pgx.Tx, id int64, r Rendering) (bool, error) {
	tag, err := tx.Exec(ctx, updateReady, id, r.Width, r.Height, r.Placeholder)
	if err != nil {
		return false, fmt.Errorf("show image %d: %w", id, err)
	}
	if tag.RowsAffected() == 0 {
		return false, nil
	}
	batch := &pgx.Batch{}
	for _, f := range r.Files {
		batch.Queue(insertVariant, id, f.Width, f.Height, f.Bytes, f.Name)
	}
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return false, fmt.Errorf("show image %d: %w", id, err)
	}
	return true, nil
}

// FailImage says of an image that is not ready why it will not be. Reason is for people.
func FailImage(ctx context.Context, db querier, id int64, reason string) error {
	if _, err := db.Exec(ctx, updateFailed, id, reason); err != nil {
		return fmt.Errorf("fail image %d: %w", id, err)
	}
	return nil
}

// ForgetOriginal says that the uploaded file of an image is gone.
func ForgetOriginal(ctx context.Context, db querier, id int64) error {
	if _, err := db.Exec(ctx, updateOriginal, id); err != nil {
		return fmt.Errorf("forget the original of image %d: %w", id, err)
	}
	return nil
}

// A RemovedImage is an image in no gallery, with the files that it leaves behind.
type RemovedImage struct {
	ID       int64
	Original *string
	Names    []string
}

// RemovedImages returns images that are in no gallery any more and come after the given id, at most limit of them.
func RemovedImages(ctx context.Context, db querier, after int64, limit int) ([]RemovedImage, error) {
	removed, err := pg.Collect[RemovedImage](ctx, db, selectRemoved, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read removed images: %w", err)
	}
	return removed, nil
}

// ForgetImage removes what is left of a removed image.
func ForgetImage(ctx context.Context, db querier, id int64) error {
	if _, err := db.Exec(ctx, deleteImage, id); err != nil {
		return fmt.Errorf("forget image %d: %w", id, err)
	}
	return nil
}

// FailAbandoned fails the images that have been processed for a while although no job does so any more, because
// somebody cancelled it or it was given up. It returns how many there were.
func FailAbandoned(ctx context.Context, db querier, jobKind, reason string) (int64, error) {
	tag, err := db.Exec(ctx, updateAbandoned, jobKind, reason)
	if err != nil {
		return 0, fmt.Errorf("fail abandoned images: %w", err)
	}
	return tag.RowsAffected(), nil
}

// KnownOriginals returns which of the keys belong to an image.
func KnownOriginals(ctx context.Context, db querier, keys []string) ([]string, error) {
	return knownFiles(ctx, db, selectKnownOriginals, keys)
}

// KnownVariants returns which of the names belong to an image.
func KnownVariants(ctx context.Context, db querier, names []string) ([]string, error) {
	return knownFiles(ctx, db, selectKnownVariants, names)
}

func knownFiles(ctx context.Context, db querier, sql string, names []string) ([]string, error) {
	rows, err := db.Query(ctx, sql, names)
	if err != nil {
		return nil, fmt.Errorf("look up files: %w", err)
	}
	known, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("look up files: %w", err)
	}
	return known, nil
}

// A StoredFile is a file that the store should have.
type StoredFile struct {
	ImageID int64
	Width   int
	Name    string
}

// VariantsAfter returns the files of images in galleries that come after the given one and are older than an hour,
// in order and at most limit of them.
func VariantsAfter(ctx context.Context, db querier, after StoredFile, limit int) ([]StoredFile, error) {
	files, err := pg.Collect[StoredFile](ctx, db, selectVariantsAfter, after.ImageID, after.Width, limit)
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	return files, nil
}

// IsGone reports whether err says that there is no such image.
func IsGone(err error) bool { return errors.Is(err, pgx.ErrNoRows) }

func imagesByID(ctx context.Context, db querier, ids []int64) ([]Image, error) {
	rows, err := pg.Collect[imageRow](ctx, db, selectImages+` WHERE i.id = ANY ($1::bigint[]) ORDER BY i.position`, ids)
	if err != nil {
		return nil, err
	}
	return images(rows), nil
}

const selectPhotograph = `SELECT id, status, original, hotel_id IS NULL AS removed FROM images WHERE id = $1`

const updateReady = `
UPDATE images SET status = 'ready', error = NULL, width = $2, height = $3, placeholder = $4
WHERE id = $1 AND hotel_id IS NOT NULL AND status <> 'ready'`

const insertVariant = `INSERT INTO image_variants (image_id, width, height, bytes, name) VALUES ($1, $2, $3, $4, $5)`

const updateFailed = `UPDATE images SET status = 'failed', error = $2 WHERE id = $1 AND status <> 'ready'`

const updateOriginal = `UPDATE images SET original = NULL WHERE id = $1`

const selectRemoved = `
SELECT i.id, i.original, array(SELECT name FROM image_variants WHERE image_id = i.id) AS names
FROM images i WHERE i.hotel_id IS NULL AND i.id > $1 ORDER BY i.id LIMIT $2`

const deleteImage = `DELETE FROM images WHERE id = $1 AND hotel_id IS NULL`

// A minute, because a job that just began or is about to is not always seen.
const updateAbandoned = `
UPDATE images i SET status = 'failed', error = $2
WHERE i.status = 'processing' AND i.hotel_id IS NOT NULL AND i.created_at < now() - interval '1 minute'
	AND NOT EXISTS (
		SELECT FROM river_job j WHERE j.kind = $1 AND j.args @> jsonb_build_object('image_id', i.id)
			AND j.state IN ('available', 'pending', 'retryable', 'running', 'scheduled'))`

const selectKnownOriginals = `SELECT original FROM images WHERE original = ANY ($1::text[])`

const selectKnownVariants = `SELECT name FROM image_variants WHERE name = ANY ($1::text[])`

const selectVariantsAfter = `
SELECT v.image_id, v.width, v.name FROM image_variants v JOIN images i ON i.id = v.image_id
WHERE (v.image_id, v.width) > ($1, $2) AND i.hotel_id IS NOT NULL AND i.created_at < now() - interval '1 hour'
ORDER BY v.image_id, v.width LIMIT $3`
