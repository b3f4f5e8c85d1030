package media_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/media"
	"github.com/shumbooking/shumbooking/media/storage"
)

// When the last attempt fails the image does too, and an operator can still have the job tried again.
func TestProcessIsGivenUpAndTriedAgain(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	id := s.upload(photo(t, 400, 300, 0))[0]
	s.exec("UPDATE river_job SET max_attempts = 1")
	var away atomic.Bool
	away.Store(true)
	s.store.fail(func(_ context.Context, method, _ string) error {
		if method == "Put" && away.Load() {
			return storage.ErrUnavailable
		}
		return nil
	})
	s.work()
	if image := s.settled(id); image.Status != catalog.ImageFailed {
		t.Fatalf("image = %+v, want it failed", image)
	}
	s.until("the end of the job", func() bool { return s.number("SELECT count(*) FROM river_job WHERE state = 'discarded'") == 1 })
	if got := len(s.keys("originals/")); got != 1 {
		t.Fatalf("%d originals, want the one to try again with", got)
	}
	away.Store(false)
	s.exec("UPDATE river_job SET state = 'available', max_attempts = 2, finalized_at = NULL, scheduled_at = now()")
	s.until("a second life", func() bool { return s.image(id).Status == catalog.ImageReady })
	if image := s.image(id); image.Error != nil {
		t.Errorf("error = %q, want none", *image.Error)
	}
}

// A job that runs again, because its worker was taken for dead or because two have it, changes nothing.
func TestProcessTwice(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	id := s.upload(photo(t, 400, 300, 0))[0]
	const again = `INSERT INTO river_job (kind, queue, args, max_attempts) SELECT kind, queue, args, 12 FROM river_job WHERE kind = 'image_process'`
	s.exec(again)
	s.work()
	first := s.settled(id)
	s.exec(again)
	s.until("the end of all jobs", func() bool { return s.number("SELECT count(*) FROM river_job WHERE state <> 'completed'") == 0 })
	if second := s.image(id); fmt.Sprint(second.Variants) != fmt.Sprint(first.Variants) || second.Status != catalog.ImageReady {
		t.Errorf("image = %+v, want it as it was, %+v", second, first)
	}
	if got := len(s.keys("")); got != 2 {
		t.Errorf("%d files, want the 2 variants", got)
	}
}

func TestCancelledJobFailsItsImage(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	id := s.upload(photo(t, 400, 300, 0))[0]
	running := make(chan struct{})
	s.store.fail(func(ctx context.Context, method, _ string) error {
		if method != "Open" {
			return nil
		}
		close(running)
		<-ctx.Done()
		return ctx.Err()
	})
	s.work()
	<-running
	if _, err := s.queue.JobCancel(t.Context(), s.number("SELECT id FROM river_job")); err != nil {
		t.Fatal(err)
	}
	if image := s.settled(id); image.Status != catalog.ImageFailed || !strings.Contains(*image.Error, "cancelled") {
		t.Errorf("image = %+v, want it failed", image)
	}
	s.until("the end of the job", func() bool { return s.number("SELECT count(*) FROM river_job WHERE state = 'cancelled'") == 1 })
}

// A worker that stops gives its job back, even at the last attempt, and the image waits with it.
func TestStoppedWorkerFailsNoImage(t *testing.T) {
	t.Parallel()
	s := newStudio(t)
	id := s.upload(photo(t, 400, 300, 0))[0]
	ctx, stop := context.WithCancel(t.Context())
	s.store.fail(func(ctx context.Context, method, _ string) error {
		if method == "Put" {
			stop()
		}
		return ctx.Err()
	})
	job := &river.Job[media.ProcessArgs]{
		JobRow: &rivertype.JobRow{Attempt: 12, MaxAttempts: 12}, Args: media.ProcessArgs{ImageID: id},
	}
	if err := media.NewProcessor(s.service).Work(ctx, job); !errors.Is(err, context.Canceled) {
		t.Fatalf("Work() = %v, want context canceled", err)
	}
	if image := s.image(id); image.Status != catalog.ImageProcessing || s.metric("images_processed_total") != 0 {
		t.Errorf("image = %+v, want it still processed", image)
	}
}
