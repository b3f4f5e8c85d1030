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
func ShowImage(ctx context.Context, db querier, id int64, r Rendering) (bool, error) {
	var names []string
	var widths, heights []int
	var bytes []int64
	for _, f := range r.Files {
		names, widths, heights, bytes = append(names, f.Name), append(widths, f.Width), append(heights, f.Height), append(bytes, f.Bytes)
	}
	tag, err := db.Exec(ctx, updateReady, id, r.Width, r.Height, r.Placeholder, names, widths, heights, bytes)
	if err != nil {
		return false, fmt.Errorf("show image %d: %w", id, err)
	}
	return tag.RowsAffected() > 0, nil
}

// FailImage says of an image that is processed why it will not be ready. Reason is for people. It returns false for
// one that was decided already.
func FailImage(ctx context.Context, db querier, id int64, reason string) (bool, error) {
	tag, err := db.Exec(ctx, updateFailed, id, reason)
	if err != nil {
		return false, fmt.Errorf("fail image %d: %w", id, err)
	}
	return tag.RowsAffected() > 0, nil
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

// KnownOriginals returns which of the keys belong to an image.
func KnownOriginals(ctx context.Context, db querier, keys []string) ([]string, error) {
	rows, err := db.Query(ctx, selectKnownOriginals, keys)
	if err != nil {
		return nil, fmt.Errorf("look up originals: %w", err)
	}
	known, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("look up originals: %w", err)
	}
	return known, nil
}

// ImageFiles are the names of the files of an image that is ready, or was.
type ImageFiles struct {
	ID    int64
	Names []string
	// Unsettled says that the image may still be processed, by which it gets files that have no names here yet.
	Unsettled bool
	// Removed says that the image is in no gallery any more, and its files go.
	Removed bool
}

// FilesOf returns the files of those of the images that exist, in galleries or not.
func FilesOf(ctx context.Context, db querier, ids []int64) ([]ImageFiles, error) {
	files, err := pg.Collect[ImageFiles](ctx, db, selectFiles, ids)
	if err != nil {
		return nil, fmt.Errorf("read the files of images: %w", err)
	}
	return files, nil
}

// FilesAfter returns the files of images in galleries that come after the given one and are older than an hour, by
// id and of at most limit images.
func FilesAfter(ctx context.Context, db querier, after int64, limit int) ([]ImageFiles, error) {
	files, err := pg.Collect[ImageFiles](ctx, db, selectFilesAfter, after, limit)
	if err != nil {
		return nil, fmt.Errorf("read the files of images: %w", err)
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
UPDATE images SET status = 'ready', error = NULL, width = $2, height = $3, placeholder = $4,
	variant_names = $5, variant_widths = $6, variant_heights = $7, variant_bytes = $8
WHERE id = $1 AND hotel_id IS NOT NULL AND status <> 'ready'`

const updateFailed = `UPDATE images SET status = 'failed', error = $2 WHERE id = $1 AND status = 'processing'`

const updateOriginal = `UPDATE images SET original = NULL WHERE id = $1`

const selectRemoved = `
SELECT id, original, variant_names AS names FROM images
WHERE hotel_id IS NULL AND id > $1 ORDER BY id LIMIT $2`

const deleteImage = `DELETE FROM images WHERE id = $1 AND hotel_id IS NULL`

const selectKnownOriginals = `SELECT original FROM images WHERE original = ANY ($1::text[])`

const fileColumns = `id, variant_names AS names, hotel_id IS NOT NULL AND original IS NOT NULL AS unsettled, hotel_id IS NULL AS removed`

const selectFiles = `SELECT ` + fileColumns + ` FROM images WHERE id = ANY ($1::bigint[])`

const selectFilesAfter = `
SELECT ` + fileColumns + ` FROM images
WHERE id > $1 AND hotel_id IS NOT NULL AND status = 'ready' AND created_at < now() - interval '1 hour'
ORDER BY id LIMIT $2`
