package fault_test

import (
	"context"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/platform/proctest"
)

// marks are what has been counted until a moment.
type marks struct {
	postgres, redis, bucket int64 // bytes that the service sent to each
	commits                 int64 // whose answer was struck out
	fallbacks               float64
	bookings                int64
}

func (r *rig) marks(t *testing.T) marks {
	t.Helper()
	m := marks{
		postgres: r.ways.postgres.sent.bytes.Load(), redis: r.ways.redis.sent.bytes.Load(),
		bucket: r.ways.bucket.sent.bytes.Load(), commits: r.ways.commits.hit.Load(),
	}
	for i := range r.site.APIs {
		m.fallbacks += r.site.Metric(i, "ratelimit_fallback_total")
	}
	m.bookings = r.count(t, "SELECT count(*) FROM bookings")
	return m
}

func (r *rig) count(t *testing.T, sql string) (n int64) {
	t.Helper()
	if err := r.db.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// A level is what a site holds on to while all is well: by API, and in the database.
type level struct {
	goroutines, files [apis]float64
	sessions          int64
}

// Bands are how much more than before there may be once a fault is over: the load is not the same at any two moments.
const (
	goroutineBand = 60
	fileBand      = 40
)

// noteLevel notes the highest level of a while.
func (r *rig) noteLevel(t *testing.T) {
	t.Helper()
	ctx, end := context.WithTimeout(t.Context(), brief)
	defer end()
	r.probe(ctx, func() {})
	now := r.levelNow(t)
	r.level.sessions = max(r.level.sessions, now.sessions)
	for i := range r.site.APIs {
		r.level.goroutines[i] = max(r.level.goroutines[i], now.goroutines[i])
		r.level.files[i] = max(r.level.files[i], now.files[i])
	}
}

func (r *rig) levelNow(t *testing.T) (l level) {
	t.Helper()
	for i := range r.site.APIs {
		l.goroutines[i], l.files[i] = r.site.Metric(i, "go_goroutines"), r.site.Metric(i, "process_open_fds")
	}
	l.sessions = r.count(t, "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend'")
	return l
}

// wantRecovered fails the test if not everything works again on every API soon.
func (r *rig) wantRecovered(t *testing.T) {
	t.Helper()
	start := time.Now()
	ctx, end := context.WithTimeout(t.Context(), recovery+deadline)
	defer end()
	var asking sync.WaitGroup
	for api := range r.clients {
		for _, o := range ops() {
			asking.Go(func() {
				last := r.ask(ctx, o, api, start)
				for !last.OK() && ctx.Err() == nil {
					wait(ctx, o.pause()/2)
					last = r.ask(ctx, o, api, start)
				}
				if !last.OK() || last.begin+last.took > recovery {
					t.Errorf("%v (after the end of the fault), want it to work again within %v", last, recovery)
				}
			})
		}
	}
	asking.Wait()
	t.Logf("all works again after %v", time.Since(start).Round(10*time.Millisecond))
}

// wantNoLeak fails the test if the site goes on holding on to what it needed during a fault.
func (r *rig) wantNoLeak(t *testing.T) {
	t.Helper()
	var now level
	proctest.Eventually(t, "nothing is held on to", func() bool {
		now = r.levelNow(t)
		return !r.level.exceeded(now) && r.count(t, `
			SELECT count(*) FROM pg_stat_activity WHERE state LIKE 'idle in transaction%' AND state_change < now() - interval '1 s'`) == 0
	})
	r.site.WantRunning()
}

func (l *level) exceeded(now level) bool {
	for i := range now.goroutines {
		if now.goroutines[i] > l.goroutines[i]+goroutineBand || now.files[i] > l.files[i]+fileBand {
			return true
		}
	}
	return now.sessions > l.sessions+fileBand
}

// split takes an address apart.
func split(tb testing.TB, addr string) (host string, port int) {
	tb.Helper()
	host, text, err := net.SplitHostPort(addr)
	if err == nil {
		port, err = strconv.Atoi(text)
	}
	if err != nil {
		tb.Fatal(err)
	}
	return host, port
}
