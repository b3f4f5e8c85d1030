package media

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/riverqueue/river"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/idempotency"
)

const (
	// lastPriority is River's number for what comes after everything else. The first is 1.
	lastPriority = 4
	// originals is below which key the store has what was uploaded.
	originals = "originals/"
	// storagePause is what a client is told to wait when the store or the disk does not take its files.
	storagePause = 10 * time.Second
	// storeTime is for keeping what was received, and a second more for every storeRate bytes of it. Whoever sent
	// little has an answer within ten seconds from a service whose store is silent.
	storeTime = 6 * time.Second
	storeRate = 1 << 20
	// cleanUpTime is for taking back what was stored in vain, after whoever asked for it may have gone. What is left a
	// sweep removes.
	cleanUpTime = time.Second
)

// UploadHotelImagesParams are photographs of a hotel.
type UploadHotelImagesParams struct {
	HotelID int64         `path:"hotel_id" minimum:"1" example:"1" description:"The hotel."`
	Files   httpapi.Files `part:"file" maxItems:"10"`
}

// UploadRoomImagesParams are photographs of a room.
type UploadRoomImagesParams struct {
	HotelID int64         `path:"hotel_id" minimum:"1" example:"1" description:"The hotel."`
	RoomID  int64         `path:"room_id" minimum:"1" example:"1" description:"The room type."`
	Files   httpapi.Files `part:"file" maxItems:"10"`
}

// Uploaded are images that will be processed.
type Uploaded struct {
	Items []catalog.Image `json:"items" description:"In the order of the files."`
}

// UploadHotelImages adds photographs to the gallery of a hotel that the caller runs.
func (s *Service) UploadHotelImages(ctx context.Context, p *UploadHotelImagesParams) (*Uploaded, error) {
	return s.upload(ctx, catalog.Gallery{HotelID: p.HotelID}, &p.Files)
}

// UploadRoomImages adds photographs to the gallery of a room in a hotel that the caller runs.
func (s *Service) UploadRoomImages(ctx context.Context, p *UploadRoomImagesParams) (*Uploaded, error) {
	return s.upload(ctx, catalog.Gallery{HotelID: p.HotelID, RoomID: p.RoomID}, &p.Files)
}

func (s *Service) upload(ctx context.Context, g catalog.Gallery, files *httpapi.Files) (*Uploaded, error) {
	leave, err := s.admit(ctx, g)
	if err != nil {
		return nil, fmt.Errorf("upload images: %w", err)
	}
	defer leave()
	received, err := s.receive(ctx, files)
	defer closeAll(received)
	if err != nil {
		return nil, fmt.Errorf("upload images: %w", err)
	}
	// A client that goes away now has uploaded, and must not leave files that no row tells of.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), timeToStore(received))
	defer cancel()
	if err := s.recall(ctx, received); err != nil {
		return nil, fmt.Errorf("upload images: %w", err)
	}
	added, err := s.keep(ctx, received)
	if err != nil {
		s.discard(ctx, added)
		return nil, fmt.Errorf("upload images: %w", err)
	}
	uploaded, err := s.add(ctx, g, added)
	if err != nil {
		if isRefusal(err) {
			s.discard(ctx, added)
		}
		return nil, fmt.Errorf("upload images: %w", err)
	}
	s.metrics.uploaded.Add(float64(len(uploaded.Items)))
	return uploaded, nil
}

func timeToStore(received []*photograph) time.Duration {
	var size int64
	for _, p := range received {
		size += p.size
	}
	return storeTime + time.Duration(size)*time.Second/storeRate
}

// admit decides whether the body of an upload is read, and returns the function that ends its turn. How many
// photographs there are is not known yet: that is judged when they are added.
func (s *Service) admit(ctx context.Context, g catalog.Gallery) (leave func(), err error) {
	hotelID := g.HotelID
	if refusal := g.CheckRoom(ctx, s.db, 1); refusal != nil {
		// An upload that is sent again is answered as it was, though it filled the gallery itself, or though the hotel
		// is not there any more.
		known, err := idempotency.From(ctx).Known(ctx, s.db)
		if err != nil {
			return nil, err
		}
		if !known {
			return nil, refusal
		}
		// It takes no turn from a hotel that the caller may have nothing to do with.
		hotelID = 0
	}
	return s.uploads.enter(ctx, hotelID, auth.CallerFrom(ctx).UserID)
}

// recall makes what was received part of the attempt, and returns the error of idempotency.Once for one that was
// answered before, so that nothing is stored for it.
func (s *Service) recall(ctx context.Context, received []*photograph) error {
	attempt := idempotency.From(ctx)
	for _, p := range received {
		attempt.Extend([]byte(p.name), p.hash)
	}
	return attempt.Recall(ctx, s.db)
}

// keep puts photographs into the store under keys of their own. With an error it returns those that may be there.
func (s *Service) keep(ctx context.Context, received []*photograph) ([]catalog.NewImage, error) {
	added := make([]catalog.NewImage, 0, len(received))
	for _, p := range received {
		image := catalog.NewImage{
			Filename: p.name, Original: originals + strings.ToLower(rand.Text()),
			Width: p.info.Width, Height: p.info.Height,
		}
		added = append(added, image)
		if err := s.store.Put(ctx, image.Original, p.file, p.size); err != nil {
			return added, unavailable("The photographs cannot be stored right now.", err)
		}
	}
	return added, nil
}

// add makes the rows of photographs in the store and, in the same transaction, the jobs that process them.
func (s *Service) add(ctx context.Context, g catalog.Gallery, added []catalog.NewImage) (*Uploaded, error) {
	return idempotency.Once(ctx, s.db, func(tx pgx.Tx) (*Uploaded, error) {
		images, err := g.Add(ctx, tx, added)
		if err != nil {
			return nil, err
		}
		var waiting int
		if err := tx.QueryRow(ctx, countWaiting, g.HotelID).Scan(&waiting); err != nil {
			return nil, err
		}
		opts := &river.InsertOpts{Priority: priority(waiting)}
		queued := make([]river.InsertManyParams, len(images))
		for i, image := range images {
			queued[i] = river.InsertManyParams{Args: ProcessArgs{ImageID: image.ID}, InsertOpts: opts}
		}
		if _, err := s.jobs.InsertManyTx(ctx, tx, queued); err != nil {
			return nil, err
		}
		return &Uploaded{Items: images}, nil
	})
}

// priority is that of an upload by which so many images of a hotel wait: the more there are, the later they come, so
// that a hotel with hundreds of photographs does not hold up one with three.
func priority(waiting int) int {
	return min(1+waiting/maxFiles, lastPriority)
}

const countWaiting = `SELECT count(*) FROM images WHERE hotel_id = $1 AND status = 'processing'`

// isRefusal reports whether err is a decision, so that nothing was committed. Of a connection that breaks during a
// commit nobody knows whether it was: then the files stay, and a sweep removes them if no row came to be.
func isRefusal(err error) bool {
	if _, ok := errors.AsType[*idempotency.Replay](err); ok {
		return true
	}
	if _, ok := errors.AsType[*errs.Error](err); ok {
		return true
	}
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	return ok && pgErr.SeverityUnlocalized == "ERROR"
}

// discard removes what was stored in vain. What it leaves, a sweep removes.
func (s *Service) discard(ctx context.Context, added []catalog.NewImage) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTime)
	defer cancel()
	for _, image := range added {
		if err := s.store.Delete(ctx, image.Original); err != nil {
			s.log.Warn("left an upload for the sweep", "key", image.Original, "error", err, "request_id", httpapi.RequestID(ctx))
		}
	}
}

func unavailable(detail errs.Text, cause error) error {
	e := errs.Unavailable.New(detail).Because(cause)
	e.RetryAfter = storagePause
	return e
}
