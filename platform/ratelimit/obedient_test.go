package ratelimit_test

import (
	"math"
	"strconv"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"pgregory.net/rapid"

	"github.com/shumbooking/shumbooking/platform/kv"
	"github.com/shumbooking/shumbooking/platform/kv/kvtest"
	"github.com/shumbooking/shumbooking/platform/ratelimit"
)

// A world has a Redis and a process, each with a clock of its own that shows about the same time.
type world struct {
	t       *rapid.T
	redis   *miniredis.Miniredis
	client  *kv.Client
	policy  ratelimit.Policy
	limiter *ratelimit.Limiter
	time    time.Time
}

// newWorld empties the Redis and draws a policy.
func newWorld(t *rapid.T, m *miniredis.Miniredis, client *kv.Client) *world {
	m.FlushAll()
	w := &world{t: t, redis: m, client: client, time: time.Unix(1_800_000_000, 0)}
	w.policy = ratelimit.Policy{
		Name: "write", Quota: rapid.SampledFrom([]int{1, 2, 3, 7, 20, 31, 60, 120}).Draw(t, "quota"),
		Window: time.Duration(rapid.SampledFrom([]int{1, 7, 60, 3600}).Draw(t, "window")) * time.Second,
	}
	var err error
	w.limiter, err = ratelimit.New(ratelimit.Config{Policy: w.policy, Redis: client, Now: func() time.Time { return w.time }})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// take sends a request. The process decides up to 20 ms after it asks Redis.
func (w *world) take() ratelimit.Decision {
	w.redis.SetTime(w.time)
	w.time = w.time.Add(time.Duration(rapid.IntRange(0, 20_000).Draw(w.t, "delay")) * time.Microsecond)
	d, err := w.limiter.Take(w.t.Context(), "somebody")
	if err != nil {
		w.t.Fatal(err)
	}
	return d
}

func (w *world) wait(d time.Duration) {
	w.time = w.time.Add(d)
	w.redis.FastForward(d)
}

// mustPass sends a request of a client that obeys.
func (w *world) mustPass(what string) ratelimit.Decision {
	d := w.take()
	if !d.Allowed {
		w.t.Fatalf("%s was refused for %v, with %d in %v", what, d.RetryAfter, w.policy.Quota, w.policy.Window)
	}
	return d
}

// told are r and t of the header.
func told(d ratelimit.Decision) (r int, t time.Duration) { return d.Remaining, wholeSeconds(d.Reset) }

func wholeSeconds(d time.Duration) time.Duration {
	return time.Duration(math.Ceil(d.Seconds())) * time.Second
}

// begin spends an arbitrary part of the budget, and more, and then waits as it is told.
func (w *world) begin() ratelimit.Decision {
	for range rapid.IntRange(0, w.policy.Quota*5/4).Draw(w.t, "spent") {
		if d := w.take(); !d.Allowed {
			w.wait(wholeSeconds(d.RetryAfter))
			return w.mustPass("a request after Retry-After")
		}
	}
	return w.next(w.take())
}

// next waits if the answer says so.
func (w *world) next(d ratelimit.Decision) ratelimit.Decision {
	for !d.Allowed {
		w.wait(wholeSeconds(d.RetryAfter))
		d = w.mustPass("a request after Retry-After")
	}
	return d
}

func TestObedientClientIsNeverRefused(t *testing.T) {
	t.Parallel()
	m := miniredis.RunT(t)
	port, err := strconv.Atoi(m.Port())
	if err != nil {
		t.Fatal(err)
	}
	client := kvtest.Open(t, kv.Config{Host: m.Host(), Port: port, Timeout: kvtest.Patience})
	for _, tt := range []struct { //nolint:paralleltest // they share a clock
		name string
		send func(*world, ratelimit.Decision)
	}{
		{"who looks at each answer", lookAtEach},
		{"who spends what one answer grants", spendGrants},
		{"who looks once and sends r in any t", lookOnce},
	} {
		for name, redis := range map[string]*kv.Client{"with Redis": client, "without": nil} {
			t.Run(tt.name+" "+name, func(t *testing.T) {
				rapid.Check(t, func(rt *rapid.T) {
					w := newWorld(rt, m, redis)
					tt.send(w, w.begin())
				})
			})
		}
	}
}

func lookAtEach(w *world, d ratelimit.Decision) {
	for range 30 {
		r, t := told(d)
		if r == 0 {
			w.wait(t)
		} else if rapid.Bool().Draw(w.t, "pauses") {
			w.wait(time.Duration(rapid.Int64Range(0, int64(w.policy.Window)).Draw(w.t, "pause")))
		}
		d = w.mustPass("a request that r allows")
	}
}

func spendGrants(w *world, d ratelimit.Decision) {
	for range 5 {
		r, t := told(d)
		if r == 0 {
			w.wait(t)
			r = 1
		}
		for range r {
			d = w.mustPass("one of r requests")
		}
	}
}

func lookOnce(w *world, d ratelimit.Decision) {
	r, t := told(d)
	if r == 0 {
		return
	}
	var sent []time.Time
	for range min(4*r, 150) {
		w.wait(time.Duration(rapid.Int64Range(0, int64(t)).Draw(w.t, "pause")) / time.Duration(r))
		if len(sent) >= r {
			// A client knows when it sent, not when it was decided.
			if early := t + 20*time.Millisecond - w.time.Sub(sent[len(sent)-r]); early > 0 {
				w.wait(early)
			}
		}
		sent = append(sent, w.time)
		w.mustPass("a request at the pace of r in t")
	}
}

// The same with a real Redis and real time, which passes.
func TestObedientClientOfARealRedis(t *testing.T) {
	t.Parallel()
	l := newLimiter(t, ratelimit.Policy{Name: "write", Quota: 20, Window: time.Second}, kvtest.New(t))
	for i := range 70 {
		d := take(t, l, "somebody")
		if !d.Allowed {
			t.Fatalf("request %d is refused for %v", i, d.RetryAfter)
		}
		if r, reset := told(d); r == 0 {
			<-time.After(reset)
		}
	}
}
