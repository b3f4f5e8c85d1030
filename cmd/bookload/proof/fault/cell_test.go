package fault_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/proof/site"
)

// A cell is a fault and what the service does about it.
type cell struct {
	name string
	// behaviour says it in words, and expect what of it is checked while the fault lasts.
	behaviour string
	fault     fault
	expect    expectation
	// hold is how long the fault lasts; brief if it is zero.
	hold time.Duration
	// long cells run with -long only: they vary others.
	long bool
}

const (
	// brief is enough for many requests; patient for the longest that the service waits for an answer.
	brief   = 1500 * time.Millisecond
	patient = 4500 * time.Millisecond
	// returning is enough to find out that all connections are dead and to use others.
	returning = 6 * time.Second
	// storeTime is what uploads have for a bucket that is silent, and a while more.
	storeTime = 8 * time.Second
	// silent is within which time a request is turned away by a service that waits for a connection, or for what it has asked
	// on one; atOnce when nothing is waited for, on a machine that is busy.
	silent = 6 * time.Second
	atOnce = 3 * time.Second
	// deadline is what every answer has to keep, whatever is out of order.
	deadline = 10 * time.Second
	// recovery is how long after a fault everything works again, at most.
	recovery = 6 * time.Second
	// onset is what was known a moment ago and may still be told.
	onset = 500 * time.Millisecond
)

// A fault puts a way out of order until heal is called.
type fault func(w *ways) (heal func())

// Faults of what toxiproxy knows.
func by(to func(*ways) *link, all ...toxic) fault {
	return func(w *ways) func() {
		l := to(w)
		for _, x := range all {
			l.add(x)
		}
		return func() {
			for _, x := range all {
				l.remove(x)
			}
		}
	}
}

func refused(to func(*ways) *link) fault {
	return func(w *ways) func() {
		to(w).cut()
		return to(w).mend
	}
}

// forgotten has all connections fall silent for good, while new ones work.
func forgotten(to func(*ways) *link) fault {
	return func(w *ways) func() {
		l := to(w)
		both := []toxic{{kind: "amnesia", direction: toServer}, {kind: "amnesia", direction: toClient}}
		for _, x := range both {
			l.add(x).(*amnesia).over.Store(true)
		}
		return func() {
			for _, x := range both {
				l.remove(x)
			}
		}
	}
}

// strike strikes out every other answer to a COMMIT.
func strike(what func(*commits) *atomic.Bool) fault {
	return func(w *ways) func() {
		on := what(&w.commits)
		on.Store(true)
		return func() { on.Store(false) }
	}
}

// both has two faults at once.
func both(a, b fault) fault {
	return func(w *ways) func() {
		healA, healB := a(w), b(w)
		return func() {
			healA()
			healB()
		}
	}
}

// run puts a cell into effect on a site, and checks what it says.
func (c *cell) run(t *testing.T, r *rig) {
	t.Helper()
	t.Log(c.behaviour)
	hold := c.hold
	if hold == 0 {
		hold = brief
	}
	if *site.Long {
		hold *= 3
	}
	r.signIn(t)
	before := r.marks(t)
	heal := c.fault(r.ways)
	ctx, end := context.WithTimeout(t.Context(), hold)
	defer end()
	var after marks
	seen := r.probe(ctx, func() {
		after = r.marks(t)
		heal()
	})
	c.expect.judge(t, seen, before, after)
	r.wantRecovered(t)
	r.wantNoLeak(t)
}
