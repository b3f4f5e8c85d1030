package media

import (
	"context"
	"errors"
	"fmt"

	"github.com/riverqueue/river"

	"github.com/shumbooking/shumbooking/catalog"
)

// removeBatch bounds how many rows are in memory.
const removeBatch = 100

type remover struct {
	river.WorkerDefaults[catalog.RemovedArgs]
	*Service
}

// Work removes the files of all images that are in no gallery any more, and then their rows. Two at a time do the
// same twice.
func (r *remover) Work(ctx context.Context, _ *river.Job[catalog.RemovedArgs]) error {
	return r.removeDetached(ctx)
}

// removeDetached goes on past images that cannot be removed, lest one of them keep all others.
func (s *Service) removeDetached(ctx context.Context) error {
	var failed error
	for last := int64(0); ; {
		removed, err := catalog.RemovedImages(ctx, s.db, last, removeBatch)
		if err != nil || len(removed) == 0 {
			return errors.Join(failed, err)
		}
		for _, image := range removed {
			last = image.ID
			if err := s.removeFiles(ctx, image); err != nil {
				failed = fmt.Errorf("remove image %d: %w", image.ID, err)
			}
		}
		if ctx.Err() != nil {
			return failed
		}
	}
}

func (s *Service) removeFiles(ctx context.Context, image catalog.RemovedImage) error {
	keys := make([]string, 0, len(image.Names)+1)
	for _, name := range image.Names {
		keys = append(keys, variants+name)
	}
	if image.Original != nil {
		keys = append(keys, *image.Original)
	}
	for _, key := range keys {
		if err := s.store.Delete(ctx, key); err != nil {
			return err
		}
	}
	return catalog.ForgetImage(ctx, s.db, image.ID)
}
