// Package ratelimit counts requests against budgets that all processes share through Redis.
//
// A budget is a bucket that holds Quota requests and fills at Quota per Window, evenly. A request that finds it empty
// is refused and takes nothing. The bucket is kept as the one instant at which it will be full (GCRA), by a script that
// goes by Redis' own clock, so that processes whose clocks differ agree.
//
// Beside it each process keeps a bucket of its own for the requests that it let pass. When Redis is away that one
// decides: as it was charged all along, no second burst begins there. When Redis has lost its memory, it keeps this
// process from granting the budget twice.
//
// # What clients are told
//
// RateLimit has r, what is left, and t (draft-ietf-httpapi-ratelimit-headers-10, section 4.1). Here t is how long the
// bucket takes to earn r requests, at least one: right after the first of 120 in a minute it is r=119;t=60, and of an
// empty bucket it is r=0;t=1. So r/t is never above the rate that can go on for ever, and the only user of a budget is
// never refused who sends r requests whenever they like before they look again; who never looks again and sends at most
// r in any t; or who waits t when r is 0.
package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/shumbooking/shumbooking/platform/kv"
)

// A Policy lets Quota requests pass in each Window, all of them at once if need be.
type Policy struct {
	// Name is the budget's, in metrics and keys.
	Name   string
	Quota  int
	Window time.Duration
}

// MaxQuota is the largest quota of a second or more: what one request costs must not be less than a microsecond, the
// unit of Redis' clock.
const MaxQuota = 1_000_000

// interval is what one request takes to be earned. It is rounded up to whole microseconds, so that Redis and the
// process reckon alike.
func (p Policy) interval() time.Duration {
	microseconds := math.Ceil(float64(p.Window.Microseconds()) / float64(p.Quota))
	return time.Duration(microseconds) * time.Microsecond
}

// A Decision is what became of one request.
type Decision struct {
	Allowed bool
	// Remaining requests may follow, and are earned anew within Reset.
	Remaining int
	Reset     time.Duration
	// RetryAfter is when one request will pass, if this one did not.
	RetryAfter time.Duration
}

// Config is what a Limiter needs to know. Fields without "optional" are required.
type Config struct {
	Policy Policy
	// Redis is shared by the processes; optional, for one that is alone.
	Redis *kv.Client
	// Metrics takes the counters; optional.
	Metrics prometheus.Registerer
	// Now is the clock of the process; optional, time.Now by default.
	Now func() time.Time
}

// A Limiter keeps the budgets of one policy, one for each key.
type Limiter struct {
	policy   Policy
	interval time.Duration
	redis    *kv.Client
	local    *buckets
	metrics  metrics
	now      func() time.Time
}

// New returns a Limiter. It is an error if the policy lets nothing pass or more than MaxQuota.
func New(cfg Config) (*Limiter, error) {
	p := cfg.Policy
	if p.Name == "" || p.Quota < 1 || p.Quota > MaxQuota || p.Window < time.Second {
		return nil, fmt.Errorf("rate limit %q: %d requests in %v", p.Name, p.Quota, p.Window)
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	return &Limiter{
		policy: p, interval: p.interval(), redis: cfg.Redis, local: newBuckets(p), now: cfg.Now,
		metrics: newMetrics(cfg.Metrics, p.Name),
	}, nil
}

// Policy returns what the limiter goes by.
func (l *Limiter) Policy() Policy { return l.policy }

// Take counts one request against the budget of key. In the same round trip it runs commands of the caller's, whose
// errors are as kv.Client.Do leaves them: where Redis was not asked, or did not answer, that of each is kv.ErrAway.
//
// The error is that of a ctx that ended. Redis being away is none.
func (l *Limiter) Take(ctx context.Context, key string, alongside ...redis.Cmder) (Decision, error) {
	if wait := l.local.begin(key, l.now()); wait > 0 {
		// It passed its budget in this process alone, whatever Redis knows of it.
		refuseAll(alongside)
		return l.count(l.decide(0, wait), byProcess), nil
	}
	room, err := l.ask(ctx, key, alongside)
	if err != nil || room < 0 {
		l.local.end(key, l.now(), none)
	}
	switch {
	case errors.Is(err, kv.ErrAway):
		l.metrics.fallbacks.Inc()
		return l.count(l.takeLocal(key), byProcess), nil
	case err != nil:
		return Decision{}, err
	case room < 0:
		return l.count(l.decide(0, -room), byRedis), nil
	}
	left := min(int(room/l.interval), l.local.end(key, l.now(), pass))
	return l.count(l.decide(left, 0), byRedis), nil
}

// takeLocal is Take without Redis.
func (l *Limiter) takeLocal(key string) Decision {
	left, wait := l.local.take(key, l.now())
	return l.decide(left, wait)
}

// decide makes the decision of what is left, or for a request that must wait.
func (l *Limiter) decide(left int, wait time.Duration) Decision {
	if wait > 0 {
		return Decision{Reset: wait, RetryAfter: wait}
	}
	return Decision{Allowed: true, Remaining: left, Reset: time.Duration(max(left, 1)) * l.interval}
}

func (l *Limiter) count(d Decision, by judge) Decision {
	l.metrics.decided(d.Allowed, by)
	return d
}

// refuseAll marks commands that are not sent.
func refuseAll(cmds []redis.Cmder) {
	for _, cmd := range cmds {
		cmd.SetErr(kv.ErrAway)
	}
}
