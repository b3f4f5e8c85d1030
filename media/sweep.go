package media

import (
	"context"
	"errors"
	"hash/maphash"
	"slices"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/media/storage"
)

const (
	// sweepTimeout is for a bucket with millions of files.
	sweepTimeout = 30 * time.Minute
	// sweepAge is how old a file or a row must be to be missed: no upload and no job takes as long.
	sweepAge = time.Hour
	// sweepBatch is how many files are looked up at a time.
	sweepBatch = 1000
)

// SweepArgs ask for a comparison of the store and the database.
type SweepArgs struct{}

// Kind is stored with queued jobs. Never change it.
func (SweepArgs) Kind() string { return "images_sweep" }

// InsertOpts gives up early, as the next sweep comes anyway.
func (SweepArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: periodicAttempts}
}

type sweeper struct {
	river.WorkerDefaults[SweepArgs]
	*Service
}

// Timeout is that of one attempt.
func (*sweeper) Timeout(*river.Job[SweepArgs]) time.Duration { return sweepTimeout }

// A Swept is what a sweep found.
type Swept struct {
	// Orphans are files without an image. They are removed.
	Orphans int `json:"orphans"`
	// Missing are files of images that the store does not have. That is for people to look into.
	Missing int `json:"missing"`
	// Leftovers are pieces of files whose writing was cut off. They are removed.
	Leftovers int `json:"leftovers"`
}

// Work sweeps and leaves its result with the job, where River UI shows it.
func (s *sweeper) Work(ctx context.Context, _ *river.Job[SweepArgs]) error {
	swept, err := s.Sweep(ctx)
	if err != nil {
		return err
	}
	return river.RecordOutput(ctx, swept)
}

// Sweep removes the files that belong to no image and counts the files that images lack, of those older than an
// hour. It also removes what a job of the deletion of an image left. Errors are those of the store and the database.
func (s *Service) Sweep(ctx context.Context) (swept Swept, err error) {
	// What cannot be removed must not keep the rest from being swept.
	failed := errors.Join(s.removeDetached(ctx), s.dropOriginals(ctx))
	if swept.Leftovers, err = s.store.Tidy(ctx, time.Now().Add(-sweepAge)); err != nil {
		return swept, errors.Join(failed, err)
	}
	orphans, _, err := s.sweepFiles(ctx, originals, func(ctx context.Context, keys []string) ([]string, error) {
		return catalog.KnownOriginals(ctx, s.db, keys)
	})
	failed, swept.Orphans = errors.Join(failed, err), orphans
	orphans, seen, err := s.sweepFiles(ctx, variants, s.wantedVariants)
	failed, swept.Orphans = errors.Join(failed, err), swept.Orphans+orphans
	if !seen.whole {
		return swept, failed
	}
	swept.Missing, err = s.countMissing(ctx, seen)
	s.metrics.missing.Add(float64(swept.Missing))
	return swept, errors.Join(failed, err)
}

// wantedVariants returns which of the keys belong to an image, or could: an attempt that failed leaves files under
// the names that the next one gives, which may come between this look and the removal.
func (s *Service) wantedVariants(ctx context.Context, keys []string) ([]string, error) {
	var ids []int64
	for _, key := range keys {
		if id, ok := imageOf(strings.TrimPrefix(key, variants)); ok {
			ids = append(ids, id)
		}
	}
	found, err := catalog.FilesOf(ctx, s.db, ids)
	images := make(map[int64]catalog.ImageFiles, len(found))
	for _, image := range found {
		images[image.ID] = image
	}
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool {
		name := strings.TrimPrefix(key, variants)
		id, _ := imageOf(name)
		image := images[id]
		return !image.Unsettled && !slices.Contains(image.Names, name)
	}), err
}

// sweepFiles removes the files below prefix that known does not know, and returns how many there were and which
// files there are.
func (s *Service) sweepFiles(
	ctx context.Context, prefix string, known func(context.Context, []string) ([]string, error),
) (orphans int, seen seenFiles, err error) {
	seen.seed = maphash.MakeSeed()
	var batch []string
	var failed error
	flush := func() {
		removed, err := s.removeUnknown(ctx, batch, known)
		orphans, batch = orphans+removed, batch[:0]
		if err != nil {
			failed = err
		}
	}
	for entry, err := range s.store.List(ctx, prefix) {
		if err != nil {
			return orphans, seen, err
		}
		seen.add(entry.Key)
		if time.Since(entry.Modified) < sweepAge {
			continue
		}
		if batch = append(batch, entry.Key); len(batch) == sweepBatch {
			flush()
		}
	}
	flush()
	slices.Sort(seen.hashes)
	seen.whole = true
	return orphans, seen, failed
}

func (s *Service) removeUnknown(
	ctx context.Context, keys []string, known func(context.Context, []string) ([]string, error),
) (removed int, failed error) {
	if len(keys) == 0 {
		return 0, nil
	}
	kept, err := known(ctx, keys)
	if err != nil {
		return 0, err
	}
	slices.Sort(kept)
	for _, key := range keys {
		if _, found := slices.BinarySearch(kept, key); found {
			continue
		}
		if err := s.store.Delete(ctx, key); err != nil {
			failed = err
			continue
		}
		removed++
		s.metrics.orphans.Inc()
		s.log.Info("removed a file without an image", "key", key)
	}
	return removed, failed
}

// countMissing looks for the files of all images among those seen.
func (s *Service) countMissing(ctx context.Context, seen seenFiles) (missing int, err error) {
	for last := int64(0); ; {
		images, err := catalog.FilesAfter(ctx, s.db, last, sweepBatch)
		if err != nil || len(images) == 0 {
			return missing, err
		}
		for _, image := range images {
			n, err := s.missingOf(ctx, image, seen)
			if missing, last = missing+n, image.ID; err != nil {
				return missing, err
			}
		}
	}
}

func (s *Service) missingOf(ctx context.Context, image catalog.ImageFiles, seen seenFiles) (missing int, err error) {
	for _, name := range image.Names {
		if seen.has(variants + name) {
			continue
		}
		gone, err := s.isMissing(ctx, image.ID, name)
		if err != nil {
			return missing, err
		}
		if gone {
			missing++
			s.log.Error("file of an image is missing", "image_id", image.ID, "name", name)
		}
	}
	return missing, nil
}

// isMissing looks again, as the file may have come after the store was listed, or gone with its image.
func (s *Service) isMissing(ctx context.Context, id int64, name string) (bool, error) {
	file, err := s.store.Open(ctx, variants+name)
	if err == nil {
		return false, file.Close()
	}
	if !errors.Is(err, storage.ErrNotFound) {
		return false, err
	}
	images, err := catalog.FilesOf(ctx, s.db, []int64{id})
	return len(images) > 0 && !images[0].Removed, err
}
