package media

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/shumbooking/shumbooking/catalog"
)

const (
	// maxUploads is how many uploads a process receives at a time: it bounds the space that they take on the disk.
	maxUploads = 32
	// maxHotelUploads keeps one hotel, or a client that sends next to nothing, from having all of them.
	maxHotelUploads = 4
	// admissionWait is how long an upload waits for its turn, its body unread.
	admissionWait = 5 * time.Second
	// uploadPause is what a client is told to wait that did not get its turn.
	uploadPause = 5 * time.Second
)

// An admission lets so many uploads in at a time, and fewer of one hotel.
type admission struct {
	slots   *semaphore.Weighted
	mu      sync.Mutex
	byHotel map[int64]int
}

// enter waits for a turn and returns the function that ends it. Too many of the hotel, or too long a wait, is
// TooManyUploads.
func (a *admission) enter(ctx context.Context, hotelID int64) (leave func(), err error) {
	if !a.take(hotelID) {
		return nil, tooManyUploads("So many uploads for this hotel are under way already.")
	}
	waiting, cancel := context.WithTimeout(ctx, admissionWait)
	defer cancel()
	if err := a.slots.Acquire(waiting, 1); err != nil {
		a.give(hotelID)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, tooManyUploads("So many uploads are under way already.")
	}
	return func() {
		a.slots.Release(1)
		a.give(hotelID)
	}, nil
}

func (a *admission) take(hotelID int64) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byHotel[hotelID] >= maxHotelUploads {
		return false
	}
	a.byHotel[hotelID]++
	return true
}

func (a *admission) give(hotelID int64) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.byHotel[hotelID]--; a.byHotel[hotelID] == 0 {
		delete(a.byHotel, hotelID)
	}
}

func tooManyUploads(detail string) error {
	e := catalog.TooManyUploads.New(detail)
	e.RetryAfter = uploadPause
	return e
}
