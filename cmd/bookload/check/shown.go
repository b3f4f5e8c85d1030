package check

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/client"
	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/platform/date"
)

// mostNights is how many nights of a room the API shows at once.
const mostNights = 366

// A span is how many rooms may be booked on a night as far as the ledger knows.
type span struct{ least, most int }

// checkCounters compares the counters of a room that only this run books with what the ledger adds up to.
func (i *inspection) checkCounters(ctx context.Context, by client.Caller, room ledger.Room) error {
	explained := i.promises.recount(room.ID)
	if len(explained) == 0 {
		return nil
	}
	first, last := bounds(explained)
	for from := first; !from.After(last); from = from.AddDays(mostNights) {
		to := from.AddDays(min(mostNights, last.Sub(from)+1))
		shown, err := i.client.Nights(ctx, by, room.HotelID, room.ID, from, to)
		if status(err) == http.StatusNotFound {
			i.report.find(ruleRoomDiffers, "API: room %d of hotel %d is not there", room.ID, room.HotelID)
			return nil
		}
		if err != nil {
			return err
		}
		for _, night := range shown {
			if s := explained[night.Date]; night.Booked < s.least || night.Booked > s.most {
				i.report.find(ruleCounterDiffers, "API: room %d on %s: %d booked, and the ledger explains %d to %d", room.ID, night.Date, night.Booked, s.least, s.most)
			}
			if night.Capacity != room.Quantity {
				i.report.find(ruleCapacityDiffers, "API: room %d on %s: capacity %d, and there are %d", room.ID, night.Date, night.Capacity, room.Quantity)
			}
		}
		i.report.count(int64(len(shown)), "counters in the API")
	}
	return nil
}

// recount adds up what the ledger knows of a room.
func (p *promises) recount(roomID int64) map[date.Date]span {
	nights := make(map[date.Date]span)
	hold := func(from, to date.Date, of func(date.Date) span) {
		for _, night := range nightsOf(from, to) {
			s, more := nights[night], of(night)
			nights[night] = span{s.least + more.least, s.most + more.most}
		}
	}
	today := date.Of(time.Now().UTC())
	for id, of := range p.bookings {
		if of.told.RoomID == roomID {
			hold(of.told.DateFrom, of.told.DateTo, func(night date.Date) span { return p.held(id, of.told.Rooms, night, today) })
		}
	}
	for w, n := range p.unknown {
		if w.roomID == roomID {
			hold(w.from, w.to, func(date.Date) span { return span{0, n * w.rooms} })
		}
	}
	return nights
}

// held is how many rooms a booking holds on a night. Staff may cancel a stay that has begun, and then the nights before
// stay booked.
func (p *promises) held(id int64, rooms int, night, today date.Date) span {
	of := p.cancels[id]
	switch {
	case of == nil:
		return span{rooms, rooms}
	case of.done == 0, !night.After(today):
		return span{0, rooms}
	}
	return span{}
}

func bounds(nights map[date.Date]span) (first, last date.Date) {
	for night := range nights {
		if first.IsZero() || night.Before(first) {
			first = night
		}
		if night.After(last) {
			last = night
		}
	}
	return first, last
}

// A shownImage is a photograph as the API shows it.
type shownImage struct {
	HotelID  int64  `json:"hotel_id"`
	Status   string `json:"status"`
	Variants []struct {
		URL   string `json:"url"`
		Bytes int64  `json:"bytes"`
	} `json:"variants"`
}

// pollPause is between two looks at a photograph that is being processed.
const pollPause = 200 * time.Millisecond

// checkImages waits until the photographs that were taken are processed, and fetches their files.
func (i *inspection) checkImages(ctx context.Context, wait time.Duration) error {
	deadline := time.Now().Add(wait)
	waiting := 0
	for _, id := range sortedIDs(i.promises.images) {
		image, err := i.image(ctx, id, deadline)
		switch {
		case status(err) == http.StatusNotFound:
			i.report.find(ruleImageMissing, "API: image %d, taken by operation %d", id, i.promises.images[id].op)
		case err != nil:
			return err
		case image.HotelID != i.promises.images[id].hotelID:
			i.report.find(ruleImageMissing, "API: image %d is of hotel %d, and was taken for hotel %d by operation %d",
				id, image.HotelID, i.promises.images[id].hotelID, i.promises.images[id].op)
		case image.Status == "failed":
			i.report.find(ruleImageFailed, "API: image %d, taken by operation %d", id, i.promises.images[id].op)
		case image.Status == "processing":
			waiting++
		}
		for _, file := range image.Variants {
			if err := i.checkFile(ctx, id, file.URL, file.Bytes); err != nil {
				return err
			}
		}
		i.report.count(1, "photographs in the API")
	}
	if waiting > 0 {
		i.report.leave("%d photographs: after %s they are still being processed", waiting, wait)
	}
	return nil
}

// image returns a photograph once it is processed, and as it is at the deadline at the latest.
func (i *inspection) image(ctx context.Context, id int64, deadline time.Time) (shownImage, error) {
	for {
		var image shownImage
		answer, _ := i.client.Settle(ctx, client.Request{Op: "image", Method: http.MethodGet, Path: fmt.Sprintf("/images/%d", id)})
		if !answer.OK() {
			return image, &client.UnexpectedError{Op: "image", Answer: answer}
		}
		err := json.Unmarshal(answer.Body, &image)
		if err != nil || image.Status != "processing" || time.Now().After(deadline) {
			return image, err
		}
		select {
		case <-ctx.Done():
			return image, ctx.Err()
		case <-time.After(pollPause):
		}
	}
}

// checkFile fetches a file of a photograph. Its URL may begin with a prefix that the base URL has too.
func (i *inspection) checkFile(ctx context.Context, id int64, url string, size int64) error {
	const files = "/static/images/"
	_, name, found := strings.Cut(url, files)
	answer, _ := i.client.Settle(ctx, client.Request{Op: "image_file", Method: http.MethodGet, Path: files + name})
	switch {
	case !found, answer.Err == nil && answer.Status == http.StatusNotFound:
		i.report.find(ruleImageMissing, "API: image %d has no file %s", id, url)
	case !answer.OK():
		return &client.UnexpectedError{Op: "image_file", Answer: answer}
	case int64(len(answer.Body)) != size:
		i.report.find(ruleImageMissing, "API: image %d: the file %s has %d bytes, and should have %d", id, url, len(answer.Body), size)
	}
	return nil
}
