package crash_test

import (
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"

	"github.com/shumbooking/shumbooking/cmd/bookload/proof/site"
)

// TestAPI kills one of the APIs, or two at once.
func TestAPI(t *testing.T) { //nolint:paralleltest // It has the machine to itself.
	o := begin(t, site.Config{})
	for range rounds() {
		victims := o.random.Perm(len(o.APIs))[:1+o.random.IntN(2)]
		o.strike(func() {
			var killing sync.WaitGroup
			for _, i := range victims {
				killing.Go(o.APIs[i].Kill)
			}
			killing.Wait()
		})
		o.run.More() // from those that live
		for _, i := range victims {
			o.APIs[i].Start()
		}
		for _, i := range victims {
			o.APIs[i].WantReady()
		}
		o.restored()
	}
	o.finish()
}

// TestWorker kills the worker while it processes photographs.
func TestWorker(t *testing.T) { //nolint:paralleltest // It has the machine to itself.
	o := begin(t, site.Config{})
	for range rounds() {
		o.strikeAtWork(o.Worker.Kill)
		o.run.More() // without a worker
		o.Worker.Start()
		o.Worker.WantReady()
		o.restored()
	}
	o.finish()
}

// TestPostgres kills all processes of the database, also while the worker processes photographs, restarts it in order, which
// breaks off what runs as well, and lets it answer nothing for longer than the service waits for an answer.
func TestPostgres(t *testing.T) { //nolint:paralleltest // It has the machine to itself.
	o := begin(t, site.Config{})
	start := func() {
		<-time.After(o.chance(longestAbsence))
		o.wantRecovery(o.Postgres.Start)
	}
	ways := []func(){
		func() { o.strike(o.Postgres.Kill); start() },
		func() { o.strikeAtWork(o.Postgres.Kill); start() },
		func() { o.strike(o.Postgres.Stop); start() },
		func() {
			o.strike(o.Postgres.Pause)
			<-time.After(outage)
			o.wantRecovery(o.Postgres.Resume)
		},
	}
	for range rounds() / 2 {
		for _, way := range o.random.Perm(len(ways)) {
			ways[way]()
			o.restored()
		}
	}
	o.finish()
}

// TestCommit kills all APIs when the database has committed something and nobody has been told.
func TestCommit(t *testing.T) { //nolint:paralleltest // It has the machine to itself.
	armed := make(chan func(), 1)
	lose := func() bool {
		select {
		case kill := <-armed:
			kill()
			return true
		default:
			return false
		}
	}
	o := begin(t, site.Config{Reach: func(tb testing.TB, a site.Addresses) site.Addresses {
		tb.Helper()
		a.Postgres = loseCommits(tb, a.Postgres, lose)
		return a
	}})
	for range rounds() {
		o.strike(func() {
			killed := make(chan struct{})
			armed <- func() {
				for _, a := range o.APIs {
					a.Kill()
				}
				close(killed)
			}
			<-killed
		})
		for _, a := range o.APIs {
			a.Start()
		}
		for _, a := range o.APIs {
			a.WantReady()
		}
		o.restored()
	}
	o.finish()
}

// loseCommits returns the address of a proxy in front of the database. See pgtest.LoseCommits.
func loseCommits(tb testing.TB, addr string, lose func() bool) string {
	tb.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		tb.Fatal(err)
	}
	c := pg.Config{Host: host}
	if c.Port, err = strconv.Atoi(port); err != nil {
		tb.Fatal(err)
	}
	c = pgtest.LoseCommits(tb, c, lose)
	return net.JoinHostPort(c.Host, strconv.Itoa(c.Port))
}

// TestRedis kills Redis, without which everything goes on.
func TestRedis(t *testing.T) { //nolint:paralleltest // It has the machine to itself.
	o := begin(t, site.Config{})
	for range rounds() {
		o.strike(o.Redis.Kill)
		o.run.More() // without Redis
		<-time.After(o.chance(longestAbsence))
		o.Redis.Start()
		o.restored()
	}
	o.finish()
}
