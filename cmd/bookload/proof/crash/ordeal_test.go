package crash_test

import (
	"math/rand/v2"
	"syscall"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/platform/proctest"

	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/cmd/bookload/load"
	"github.com/shumbooking/shumbooking/cmd/bookload/proof/site"
)

const (
	users = 16
	// longestCalm is how long the load goes on at most before something is hurt.
	longestCalm = 500 * time.Millisecond
	// longestAbsence is how long something stays away at most before it is started again.
	longestAbsence = 500 * time.Millisecond
	// outage is longer than the service waits for an answer of the database.
	outage = 3 * time.Second
	// forever is longer than any load here.
	forever = time.Hour
)

// An ordeal is a site under a load, in the middle of which something is hurt again and again.
type ordeal struct {
	*site.Site

	t       *testing.T
	run     *site.Run
	probe   *probe
	seed    uint64
	random  *rand.Rand
	strikes []time.Time
	// back is when what was hurt last was there again.
	back time.Time
	// accepted are when the database accepted connections again, and slowest is how long it took at most from there until
	// something was written.
	accepted []time.Time
	slowest  time.Duration
}

func begin(t *testing.T, c site.Config) *ordeal {
	t.Helper()
	o := &ordeal{t: t, Site: site.Start(t, c), seed: *seed}
	if o.seed == 0 {
		o.seed = rand.Uint64()
	}
	t.Logf("-seed %d", o.seed)
	o.random = rand.New(rand.NewPCG(o.seed, 0))
	o.probe = newProbe(t, o.Site)
	o.run = o.Begin(load.Config{Profile: "mixed", Duration: forever, Users: users, Seed: o.seed})
	return o
}

// chance returns a time of at most so long.
func (o *ordeal) chance(most time.Duration) time.Duration {
	return time.Duration(o.random.Int64N(int64(most)))
}

// strike hurts something at some moment in the middle of the load.
func (o *ordeal) strike(hurt func()) {
	o.t.Helper()
	o.calm()
	o.strikes = append(o.strikes, time.Now())
	hurt()
}

// strikeAtWork is strike at a moment at which the worker is processing photographs.
func (o *ordeal) strikeAtWork(hurt func()) {
	o.t.Helper()
	o.calm()
	proctest.Eventually(o.t, "a photograph is being processed", func() bool {
		// While it stands still nothing gets done between the look and what follows.
		o.Worker.Signal(syscall.SIGSTOP)
		if o.number(runningJobs) > 0 {
			return true
		}
		o.Worker.Signal(syscall.SIGCONT)
		return false
	})
	o.strikes = append(o.strikes, time.Now())
	hurt()
	if !o.Worker.Over() {
		o.Worker.Signal(syscall.SIGCONT)
	}
}

// calm lets the load go on for some time.
func (o *ordeal) calm() {
	o.t.Helper()
	o.run.More()
	<-time.After(o.chance(longestCalm))
}

// restored says that what was hurt is there again, and that the load goes on.
func (o *ordeal) restored() {
	o.t.Helper()
	o.back = time.Now()
	o.run.More()
}

// finish ends the load and compares what it was told with what there is.
func (o *ordeal) finish() {
	o.t.Helper()
	result := o.run.End()
	o.WantRunning()
	book := o.run.Ledger()
	caught, retried, bookings := o.effect(book, result.Started)
	o.awaitImages()
	o.WantClean(o.run, 0)
	o.Launch("recount").WantSuccess()
	o.t.Logf("hurt %d times: %d operations, %d of them under way at such a moment and %d repeated; %d bookings acknowledged",
		len(o.strikes), len(book.Ops), caught, retried, bookings)
	if len(o.accepted) > 0 {
		o.t.Logf("slowest recovery %v, and %v until a guest of the load was told of something written, as guests wait between attempts",
			o.slowest, o.slowestTold(book, result.Started))
	}
}

// slowestTold is how long it took at most until the load was told of something written.
func (o *ordeal) slowestTold(book *ledger.Ledger, started time.Time) (slowest time.Duration) {
	for _, accepted := range o.accepted {
		took := forever
		for _, op := range book.Ops {
			if op.Result() != ledger.Done || op.Kind == ledger.Look {
				continue
			}
			if since := started.Add(time.Duration(op.Outcome.At)).Sub(accepted); since >= 0 {
				took = min(took, since)
			}
		}
		slowest = max(slowest, took)
	}
	return slowest
}

// effect returns how many operations were under way when something was hurt, how many were asked for more than once, and how
// many bookings were acknowledged. The test fails if nothing went on between two moments, or at none of them.
func (o *ordeal) effect(book *ledger.Ledger, started time.Time) (caught, retried, bookings int) {
	o.t.Helper()
	between := make([]int, len(o.strikes))
	for _, op := range book.Ops {
		if op.Outcome == nil {
			continue
		}
		begun, known := started.Add(time.Duration(op.At)), started.Add(time.Duration(op.Outcome.At))
		for i, at := range o.strikes {
			if begun.Before(at) && known.After(at) {
				caught++
			}
			if known.Before(at) && (i == 0 || known.After(o.strikes[i-1])) {
				between[i]++
			}
		}
		if op.Outcome.Attempts > 1 {
			retried++
		}
		if op.Kind == ledger.Book && op.Result() == ledger.Done {
			bookings++
		}
	}
	for i, n := range between {
		if n == 0 {
			o.t.Errorf("nothing was asked for and answered before moment %d", i+1)
		}
	}
	if caught == 0 || bookings == 0 {
		o.t.Errorf("%d operations were under way when something was hurt, and %d bookings were acknowledged, want some of both", caught, bookings)
	}
	return caught, retried, bookings
}
