package media

import (
	"context"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/platform/errs"
)

const (
	// maxUploads is how many uploads a process receives at a time: it bounds the space that they take on the disk.
	maxUploads = 32
	// maxHotelUploads and maxCallerUploads keep one hotel, and one who sends next to nothing to many, from having
	// all of them.
	maxHotelUploads  = 4
	maxCallerUploads = 8
	// admissionWait is how long an upload waits for its turn, its body unread.
	admissionWait = 5 * time.Second
	// uploadPause is what a client is told to wait that did not get its turn.
	uploadPause = 5 * time.Second
)

// An admission lets so many uploads in at a time, and fewer of one hotel and of one caller.
type admission struct {
	slots           *semaphore.Weighted
	hotels, callers quota
}

func newAdmission() *admission {
	return &admission{
		slots:   semaphore.NewWeighted(maxUploads),
		hotels:  quota{most: maxHotelUploads, taken: make(map[int64]int)},
		callers: quota{most: maxCallerUploads, taken: make(map[int64]int)},
	}
}

// enter waits for a turn and returns the function that ends it. Too many of the hotel or the caller, or too long a
// wait, is TooManyUploads.
func (a *admission) enter(ctx context.Context, hotelID, callerID int64) (leave func(), err error) {
	if !a.hotels.take(hotelID) {
		return nil, tooManyUploads("Too many uploads for this hotel are under way.")
	}
	if !a.callers.take(callerID) {
		a.hotels.give(hotelID)
		return nil, tooManyUploads("You have too many uploads under way.")
	}
	waiting, cancel := context.WithTimeout(ctx, admissionWait)
	defer cancel()
	if err := a.slots.Acquire(waiting, 1); err != nil {
		a.hotels.give(hotelID)
		a.callers.give(callerID)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, tooManyUploads("Too many uploads are under way.")
	}
	return func() {
		a.slots.Release(1)
		a.hotels.give(hotelID)
		a.callers.give(callerID)
	}, nil
}

// A quota bounds how much each of those with an id has at a time.
type quota struct {
	most  int
	mu    sync.Mutex
	taken map[int64]int
}

func (q *quota) take(id int64) bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.taken[id] >= q.most {
		return false
	}
	q.taken[id]++
	return true
}

func (q *quota) give(id int64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.taken[id]--; q.taken[id] == 0 {
		delete(q.taken, id)
	}
}

func tooManyUploads(detail errs.Text) error {
	e := catalog.TooManyUploads.New(detail)
	e.RetryAfter = uploadPause
	return e
}
