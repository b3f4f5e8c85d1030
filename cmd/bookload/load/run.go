package load

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/client"
	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
)

// A run is one run of a load.
type run struct {
	config  Config
	profile profile
	setup   *client.Client // measures nothing
	client  *client.Client // measures
	// password is that of all guests that the run makes, and of nobody else.
	password string
	photos   [][]byte
	notes    []string

	world  world
	guests []*account
	staff  *account // nil without an admin
	// shelf and hotShelf have what is booked, of rooms anywhere and of the one that everyone wants.
	shelf, hotShelf shelf

	record  *recorder
	started time.Time
	over    chan struct{} // closed once nothing more is begun
	end     func()        // closes it
	ops     atomic.Int64
	uploads atomic.Int64
	working atomic.Int64
	unknown atomic.Int64
	late    atomic.Int64

	mu  sync.Mutex
	err error // what ended the load early
}

// load has the users work until the time is over or ctx ends, and then until what they have begun is settled.
func (r *run) load(ctx context.Context) (*Result, error) {
	r.started = time.Now()
	r.record = newRecorder(r.started)
	r.client = r.config.Client.Observing(r.record.observe)
	r.over = make(chan struct{})
	// What is under way when ctx ends goes on, but not for ever.
	settling, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	var elapsed time.Duration
	r.end = sync.OnceFunc(func() {
		elapsed = r.record.stop()
		time.AfterFunc(r.config.Settle, giveUp)
		close(r.over)
	})
	defer r.end()
	defer context.AfterFunc(ctx, r.end)()
	defer time.AfterFunc(r.config.Duration, r.end).Stop()

	arrivals := r.schedule()
	var users, ticker sync.WaitGroup
	done := make(chan struct{})
	ticker.Go(func() { r.tick(done) })
	for number := range r.config.Users {
		users.Go(func() { r.newUser(number).work(settling, arrivals) })
	}
	users.Wait()
	close(done)
	ticker.Wait()
	r.end()

	result := r.record.result()
	result.Profile, result.Seed, result.Users, result.Rate = r.config.Profile, r.config.Seed, r.config.Users, r.config.Rate
	result.Started, result.Elapsed = r.started, elapsed
	result.Unknown, result.Late = r.unknown.Load(), r.late.Load()
	result.Dropped, result.Notes = arrivals.dropped(elapsed), r.notes
	return result, r.err
}

// tick tells the progress each second until done is closed.
func (r *run) tick(done <-chan struct{}) {
	second := time.NewTicker(time.Second)
	defer second.Stop()
	for {
		select {
		case <-done:
			return
		case <-second.C:
			p := r.record.progress()
			p.Elapsed, p.Duration, p.Users = time.Since(r.started), r.config.Duration, int(r.working.Load())
			r.config.Progress(p)
		}
	}
}

// fail ends the load with an error.
func (r *run) fail(err error) {
	r.mu.Lock()
	if r.err == nil {
		r.err = err
	}
	r.mu.Unlock()
	r.end()
}

// isOver reports whether nothing more is to be begun.
func (r *run) isOver() bool {
	select {
	case <-r.over:
		return true
	default:
		return false
	}
}

// begin writes down what is about to be asked for. If it returns false, it must not be asked for.
func (r *run) begin(i *ledger.Intent) bool {
	i.Op, i.At = r.ops.Add(1), int64(time.Since(r.started))
	return r.write(ledger.Entry{Intent: i})
}

// finish writes down what became of it.
func (r *run) finish(o *ledger.Outcome) {
	if o.Result == ledger.Unknown {
		r.unknown.Add(1)
	}
	r.write(ledger.Entry{Outcome: o})
}

func (r *run) write(e ledger.Entry) bool {
	if r.config.Ledger == nil {
		return true
	}
	if err := r.config.Ledger.Append(e); err != nil {
		r.fail(err)
		return false
	}
	return true
}

// keep writes down a guest or a room before the load begins.
func (r *run) keep(e ledger.Entry) error {
	if r.config.Ledger == nil {
		return nil
	}
	return r.config.Ledger.Append(e)
}

func (r *run) note(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}
