package media

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"

	"github.com/shumbooking/shumbooking/catalog"
)

// SettleArgs ask for the images that nobody processes any more.
type SettleArgs struct{}

// Kind is stored with queued jobs. Never change it.
func (SettleArgs) Kind() string { return "images_settle" }

// InsertOpts is that of SweepArgs.
func (SettleArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: periodicAttempts}
}

type settler struct {
	river.WorkerDefaults[SettleArgs]
	*Service
}

// errNoJob is why an image is failed whose job was cancelled or given up without the worker's knowing.
var errNoJob = errors.New("no job processes the image")

// Work fails the images that would otherwise be processed forever.
func (s *settler) Work(ctx context.Context, _ *river.Job[SettleArgs]) error {
	ids, err := s.imagesWithout(ctx, selectAbandoned)
	if err != nil {
		return fmt.Errorf("look for abandoned images: %w", err)
	}
	for _, id := range ids {
		if err := s.fail(ctx, id, reasonGivenUp, errNoJob); err != nil {
			return err
		}
	}
	return nil
}

// dropOriginals removes the originals of images that failed and cannot be tried again, as their jobs are gone.
func (s *Service) dropOriginals(ctx context.Context) (failed error) {
	ids, err := s.imagesWithout(ctx, selectHopeless)
	if err != nil {
		return fmt.Errorf("look for originals of failed images: %w", err)
	}
	for _, id := range ids {
		photo, err := catalog.PhotographByID(ctx, s.db, id)
		if catalog.IsGone(err) || err == nil && photo.Original == nil {
			continue
		}
		if err == nil {
			err = s.dropOriginal(ctx, photo)
		}
		if err != nil {
			failed = err
		}
	}
	return failed
}

func (s *Service) dropOriginal(ctx context.Context, photo catalog.Photograph) error {
	if err := s.store.Delete(ctx, *photo.Original); err != nil {
		return err
	}
	return catalog.ForgetOriginal(ctx, s.db, photo.ID)
}

// imagesWithout returns the images that a query finds by the jobs that process them.
func (s *Service) imagesWithout(ctx context.Context, sql string) ([]int64, error) {
	rows, err := s.db.Query(ctx, sql, ProcessArgs{}.Kind())
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}

// The jobs are joined by value, which reads those that are not done once: the index on their arguments would be
// asked for each image. A minute, because an upload that is under way is not always seen whole.
const selectAbandoned = `
SELECT i.id FROM images i
WHERE i.status = 'processing' AND i.hotel_id IS NOT NULL AND i.created_at < now() - interval '1 minute'
	AND i.id NOT IN (
		SELECT (j.args->>'image_id')::bigint FROM river_job j
		WHERE j.kind = $1 AND j.args ? 'image_id' AND j.state IN ('available', 'pending', 'retryable', 'running', 'scheduled'))`

const selectHopeless = `
SELECT i.id FROM images i
WHERE i.status = 'failed' AND i.original IS NOT NULL AND i.hotel_id IS NOT NULL AND i.created_at < now() - interval '1 hour'
	AND i.id NOT IN (SELECT (j.args->>'image_id')::bigint FROM river_job j WHERE j.kind = $1 AND j.args ? 'image_id')`
