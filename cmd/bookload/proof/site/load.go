package site

import (
	"bytes"
	"cmp"
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/shumbooking/shumbooking/platform/proctest"

	"github.com/shumbooking/shumbooking/cmd/bookload/client"
	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/cmd/bookload/load"
)

// settle is how long a load goes on after its end until it knows what became of everything.
const settle = 2 * time.Minute

// A Run is a load on a site, which goes on in the background.
type Run struct {
	// Path is of the ledger.
	Path string

	site   *Site
	stop   context.CancelFunc
	ended  chan struct{}
	result *load.Result
	err    error
}

// Client returns a client of all APIs.
func (s *Site) Client() *client.Client {
	s.tb.Helper()
	c, err := client.New(client.Config{BaseURLs: s.URLs()})
	if err != nil {
		s.tb.Fatal(err)
	}
	s.tb.Cleanup(c.Close)
	return c
}

// Begin begins a load, which ends when its time is over, by End, or with the test. What c lacks is the site's: its APIs, its
// admin, and a ledger.
func (s *Site) Begin(c load.Config) *Run {
	s.tb.Helper()
	r := &Run{site: s, Path: filepath.Join(s.tb.TempDir(), "ledger.jsonl"), ended: make(chan struct{})}
	book, err := ledger.Create(r.Path, ledger.Header{Profile: c.Profile, Seed: c.Seed, Started: time.Now(), Run: filepath.Base(filepath.Dir(r.Path))})
	if err != nil {
		s.tb.Fatal(err)
	}
	c.Client, c.Ledger = cmp.Or(c.Client, s.Client()), book
	c.AdminEmail, c.AdminPassword = s.AdminEmail, s.AdminPassword
	c.Settle = cmp.Or(c.Settle, settle)
	var ctx context.Context
	ctx, r.stop = context.WithCancel(context.WithoutCancel(s.tb.Context()))
	go func() {
		defer close(r.ended)
		r.result, r.err = load.Run(ctx, c)
		r.err = cmp.Or(r.err, book.Close())
	}()
	s.tb.Cleanup(func() {
		r.stop()
		<-r.ended
	})
	return r
}

// More returns when the load knows what became of an operation of which it did not know when More was called.
func (r *Run) More() {
	r.site.tb.Helper()
	before := r.Outcomes()
	proctest.Eventually(r.site.tb, "the load is told something", func() bool {
		select {
		case <-r.ended:
			r.site.tb.Fatalf("the load has ended: %v", r.err)
		default:
		}
		return r.Outcomes() > before
	})
}

// Outcomes returns of how many operations the load knows by now what became of them.
func (r *Run) Outcomes() int {
	r.site.tb.Helper()
	text, err := os.ReadFile(r.Path)
	if err != nil {
		r.site.tb.Fatal(err)
	}
	return bytes.Count(text, []byte("\n{\"outcome\":"))
}

// End ends the load, waits until it knows what became of everything, and fails the test if there is something that it never
// learns.
func (r *Run) End() *load.Result {
	r.site.tb.Helper()
	r.stop()
	<-r.ended
	if r.err != nil {
		r.site.tb.Fatal(r.err)
	}
	if r.result.Unknown > 0 {
		r.site.tb.Errorf("of %d operations nobody knows what became of them", r.result.Unknown)
	}
	return r.result
}

// Ledger returns what the load was told, after its end.
func (r *Run) Ledger() *ledger.Ledger {
	r.site.tb.Helper()
	l, err := ledger.ReadFile(r.Path)
	if err != nil {
		r.site.tb.Fatal(err)
	}
	return l
}
