package linear_test

import (
	"sync"
	"sync/atomic"
	"testing"

	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/cmd/bookload/linear"
)

// A hotel has one room, for one night, and books it in the way that it is given.
type hotel struct {
	mu       sync.Mutex
	quantity int
	booked   int
	// checked is called between the look for a free unit and the booking, by a hotel that does not lock in between.
	checked func()
}

// look returns how many units are free.
func (h *hotel) look() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.quantity - h.booked
}

func (h *hotel) take() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.booked++
}

// book is what a hotel does that looks first, and locks only what the race detector sees.
func (h *hotel) book() bool {
	if h.look() == 0 {
		return false
	}
	h.checked()
	h.take()
	return true
}

// meet makes the first so many callers wait for each other.
func meet(n int64) func() {
	var callers atomic.Int64
	all := make(chan struct{})
	return func() {
		if callers.Add(1) == n {
			close(all)
		}
		<-all
	}
}

// drive lets clients book at once, each so often, and returns what they were told, by a clock that only counts.
func drive(book func() bool, quantity, clients, each int) *ledger.Ledger {
	var clock atomic.Int64
	var mu sync.Mutex
	var ops []op
	var running sync.WaitGroup
	for range clients {
		running.Go(func() {
			for range each {
				begin := clock.Add(1)
				made := book()
				end := clock.Add(1)
				o := refused(begin, end, 0, 1, 0)
				if made {
					o = booked(begin, begin, end, 0, 1)
				}
				mu.Lock()
				ops = append(ops, o)
				mu.Unlock()
			}
		})
	}
	running.Wait()
	return ofRoom(quantity, ops...)
}

func wantFinding(tb testing.TB, l *ledger.Ledger, rule string) {
	tb.Helper()
	r := linear.Check(l, seconds)
	if len(r.Findings) != 1 || r.Findings[0].Rule != rule {
		tb.Errorf("Check() = %+v, want %s", r, rule)
	}
}

func TestServiceThatLooksBeforeItBooks(t *testing.T) {
	t.Parallel()
	h := hotel{quantity: 1, checked: meet(2)}
	wantFinding(t, drive(h.book, 1, 2, 5), linear.Booking)
}

func TestServiceThatRefusesWhenItIsBusy(t *testing.T) {
	t.Parallel()
	h := hotel{quantity: 2}
	var busy sync.Mutex
	both := meet(2)
	book := func() bool {
		if !busy.TryLock() {
			both()
			return false
		}
		defer busy.Unlock()
		both()
		if h.look() == 0 {
			return false
		}
		h.take()
		return true
	}
	wantFinding(t, drive(book, 2, 2, 1), linear.Refusal)
}

func TestServiceThatLocks(t *testing.T) {
	t.Parallel()
	h := hotel{quantity: 20, checked: func() {}}
	var one sync.Mutex
	book := func() bool {
		one.Lock()
		defer one.Unlock()
		return h.book()
	}
	wantExplained(t, drive(book, 20, 8, 10))
}
