package media

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/media/imaging"
	"github.com/shumbooking/shumbooking/media/storage"
	"github.com/shumbooking/shumbooking/platform/jobs"
)

// variants is below which key the store has what is served.
const variants = "images/"

const (
	// processAttempts with River's growing pauses are about eleven hours: the outage of a night.
	processAttempts = 12
	// processTimeout is many times what the largest photograph takes, so that it ends a job only where something hangs.
	processTimeout = 2 * time.Minute
	// settleTime is for saying how a job ended that was told to stop.
	settleTime = 5 * time.Second
)

// What managers read of images that failed for a reason that is not in the file.
const (
	reasonGivenUp   = "It could not be processed because of a fault on our side. Please upload it again."
	reasonCancelled = "Its processing was cancelled. Please upload it again."
	reasonLost      = "The uploaded file was lost because of a fault on our side. Please upload it again."
)

// ProcessArgs ask for the variants of an image.
type ProcessArgs struct {
	ImageID int64 `json:"image_id"`
}

// Kind is stored with queued jobs. Never change it.
func (ProcessArgs) Kind() string { return "image_process" }

// InsertOpts says how often it is tried.
func (ProcessArgs) InsertOpts() river.InsertOpts {
	return river.InsertOpts{Queue: jobs.Images, MaxAttempts: processAttempts}
}

type processor struct {
	river.WorkerDefaults[ProcessArgs]
	*Service
}

// Timeout is that of one attempt.
func (*processor) Timeout(*river.Job[ProcessArgs]) time.Duration { return processTimeout }

// Work makes an image ready or failed and removes what was uploaded. Done again it changes nothing: the row tells
// how far it came, and the names of the files are made from what is in them.
//
// An error is worth another attempt. When the last one fails the image fails too, and keeps its original: should
// an operator have the job tried again, it can still become ready.
func (p *processor) Work(ctx context.Context, job *river.Job[ProcessArgs]) error {
	photo, err := p.current(ctx, job.Args.ImageID)
	if errors.Is(err, errRemoved) {
		return nil
	}
	if err != nil {
		return err
	}
	if photo.Original == nil {
		return nil
	}
	if photo.Status != catalog.ImageReady {
		err := p.process(ctx, photo)
		if errors.Is(err, errRemoved) {
			return nil
		}
		if err != nil {
			return errors.Join(err, p.giveUp(ctx, job, err))
		}
	}
	return p.dropOriginal(ctx, photo)
}

// errRemoved tells that an image was removed while it was processed. What is left of it is for the remover.
var errRemoved = errors.New("the image was removed")

// process makes the image ready, or failed where the fault is in the file.
func (p *processor) process(ctx context.Context, photo catalog.Photograph) error {
	rendition, err := p.render(ctx, *photo.Original)
	if damaged, ok := errors.AsType[*imaging.Damaged](err); ok {
		return p.fail(ctx, photo.ID, damaged.Reason, err)
	}
	if errors.Is(err, storage.ErrNotFound) {
		return p.lose(ctx, photo.ID, err)
	}
	if err != nil {
		return err
	}
	return p.publish(ctx, photo.ID, rendition)
}

func (p *processor) render(ctx context.Context, key string) (_ *imaging.Rendition, err error) {
	file, err := p.store.Open(ctx, key)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	return p.renderer.Render(ctx, file)
}

// publish stores the variants of an image and shows them.
func (p *processor) publish(ctx context.Context, id int64, r *imaging.Rendition) error {
	rendering := catalog.Rendering{Width: r.Width, Height: r.Height, Placeholder: r.Blurhash}
	for _, v := range r.Variants {
		name := fileName(id, v.JPEG)
		if err := p.store.Put(ctx, variants+name, bytes.NewReader(v.JPEG), int64(len(v.JPEG))); err != nil {
			return err
		}
		rendering.Files = append(rendering.Files, catalog.File{Name: name, Width: v.Width, Height: v.Height, Bytes: int64(len(v.JPEG))})
	}
	shown, err := catalog.ShowImage(ctx, p.db, id, rendering)
	if err != nil {
		return err
	}
	if shown {
		p.metrics.processed.WithLabelValues(resultReady).Inc()
		return nil
	}
	return p.withdraw(ctx, id, rendering.Files)
}

// withdraw removes the files of an image that was removed while it was processed. One that another worker made
// ready meanwhile has the same files.
func (p *processor) withdraw(ctx context.Context, id int64, files []catalog.File) error {
	_, err := p.current(ctx, id)
	if !errors.Is(err, errRemoved) {
		return err
	}
	for _, f := range files {
		if err := p.store.Delete(ctx, variants+f.Name); err != nil {
			return err
		}
	}
	return errRemoved
}

// lose fails an image whose original is missing, unless that is because it was removed or another worker made it
// ready.
func (p *processor) lose(ctx context.Context, id int64, cause error) error {
	now, err := p.current(ctx, id)
	if err != nil || now.Status == catalog.ImageReady {
		return err
	}
	return p.fail(ctx, id, reasonLost, cause)
}

// current reads an image. One that is in no gallery any more is errRemoved.
func (p *processor) current(ctx context.Context, id int64) (catalog.Photograph, error) {
	photo, err := catalog.PhotographByID(ctx, p.db, id)
	if catalog.IsGone(err) || err == nil && photo.Removed {
		err = errRemoved
	}
	return photo, err
}

// fail fails an image, unless another worker was first.
func (s *Service) fail(ctx context.Context, id int64, reason string, cause error) error {
	failed, err := catalog.FailImage(ctx, s.db, id, reason)
	if err != nil || !failed {
		return err
	}
	s.metrics.processed.WithLabelValues(resultFailed).Inc()
	s.log.Warn("image failed", "image_id", id, "reason", reason, "error", cause, "request_id", jobs.RequestID(ctx))
	return nil
}

// giveUp fails an image whose job will not be tried again.
func (p *processor) giveUp(ctx context.Context, job *river.Job[ProcessArgs], cause error) error {
	reason := reasonGivenUp
	switch {
	case errors.Is(context.Cause(ctx), river.ErrJobCancelledRemotely):
		reason = reasonCancelled
	case errors.Is(ctx.Err(), context.Canceled):
		return nil // The worker stops, and the job goes back as if it had not been tried.
	case job.Attempt < job.MaxAttempts:
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), settleTime)
	defer cancel()
	return p.fail(ctx, job.Args.ImageID, reason, cause)
}

// fileName returns the name of a variant: the image, so that no two share a file and each can be removed without
// asking for the others, and the SHA-256 of the content.
func fileName(imageID int64, content []byte) string {
	return fmt.Sprintf("%d-%x.jpg", imageID, sha256.Sum256(content))
}

// imageOf returns the image that a file is named after.
func imageOf(name string) (id int64, ok bool) {
	number, _, found := strings.Cut(name, "-")
	id, err := strconv.ParseInt(number, 10, 64)
	return id, found && err == nil
}
