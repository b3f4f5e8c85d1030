package ratelimit_test

import (
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	dto "github.com/prometheus/client_model/go"
	"github.com/redis/go-redis/v9"

	"github.com/shumbooking/shumbooking/platform/kv"
	"github.com/shumbooking/shumbooking/platform/kv/kvtest"
	"github.com/shumbooking/shumbooking/platform/ratelimit"
)

// slow refills so little that a test does not see it.
var slow = ratelimit.Policy{Name: "write", Quota: 120, Window: 24 * time.Hour}

func newLimiter(t *testing.T, p ratelimit.Policy, client *kv.Client) *ratelimit.Limiter {
	t.Helper()
	return configured(t, ratelimit.Config{Policy: p, Redis: client})
}

func configured(t *testing.T, cfg ratelimit.Config) *ratelimit.Limiter {
	t.Helper()
	l, err := ratelimit.New(cfg)
	if err != nil {
		t.Fatalf("New() = %v", err)
	}
	return l
}

func take(t *testing.T, l *ratelimit.Limiter, key string) ratelimit.Decision {
	t.Helper()
	d, err := l.Take(t.Context(), key)
	if err != nil {
		t.Fatalf("Take(%s) = %v", key, err)
	}
	return d
}

// allowed sends n requests at once, by turns through the limiters, and returns how many passed.
func allowed(t *testing.T, n int, limiters ...*ratelimit.Limiter) int {
	t.Helper()
	var passed atomic.Int64
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			if d, err := limiters[i%len(limiters)].Take(t.Context(), "somebody"); err == nil && d.Allowed {
				passed.Add(1)
			}
		})
	}
	wg.Wait()
	return int(passed.Load())
}

func TestFirstOfABudget(t *testing.T) {
	t.Parallel()
	l := newLimiter(t, ratelimit.Policy{Name: "write", Quota: 120, Window: time.Minute}, kvtest.New(t))
	if r, reset := told(take(t, l, "somebody")); r != 119 || reset != time.Minute {
		t.Errorf("the first of 120 is told r=%d;t=%v, want r=119;t=1m", r, reset)
	}
}

func TestBudgetIsSpent(t *testing.T) {
	t.Parallel()
	for name, client := range map[string]*kv.Client{"with Redis": kvtest.New(t), "without": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLimiter(t, ratelimit.Policy{Name: "auth", Quota: 3, Window: time.Hour}, client)
			for want := 2; want >= 0; want-- {
				if d := take(t, l, "somebody"); !d.Allowed || d.Remaining != want {
					t.Errorf("%+v, want %d remaining", d, want)
				}
			}
			refused := take(t, l, "somebody")
			if refused.Allowed || refused.RetryAfter <= 19*time.Minute || refused.RetryAfter > 20*time.Minute || refused.Reset != refused.RetryAfter {
				t.Errorf("%+v, want it refused for the 20 minutes that one of 3 in an hour takes", refused)
			}
			for range 10 {
				// Refused requests are not charged: the wait does not grow.
				if again := take(t, l, "somebody"); again.Allowed || again.RetryAfter > refused.RetryAfter {
					t.Errorf("%+v, want it refused for no longer than %v", again, refused.RetryAfter)
				}
			}
			if d := take(t, l, "somebody else"); !d.Allowed || d.Remaining != 2 {
				t.Errorf("%+v, want the whole budget of another", d)
			}
		})
	}
}

func TestBudgetsAreApart(t *testing.T) {
	t.Parallel()
	client := kvtest.New(t)
	read := newLimiter(t, ratelimit.Policy{Name: "read", Quota: 1, Window: time.Hour}, client)
	write := newLimiter(t, ratelimit.Policy{Name: "write", Quota: 1, Window: time.Hour}, client)
	if !take(t, read, "somebody").Allowed || !take(t, write, "somebody").Allowed {
		t.Error("one budget is charged for another")
	}
}

// Three processes, each with connections of its own, let exactly the budget pass together.
func TestProcessesShareABudget(t *testing.T) {
	t.Parallel()
	cfg := kvtest.Config(t)
	var processes []*ratelimit.Limiter
	for range 3 {
		processes = append(processes, newLimiter(t, slow, kvtest.Open(t, cfg)))
	}
	if got := allowed(t, 600, processes...); got != slow.Quota {
		t.Errorf("%d of 600 requests to three processes passed, want %d", got, slow.Quota)
	}
}

// Whatever the clock of a process shows, Redis' counts.
func TestClocksOfProcessesDoNotMatter(t *testing.T) {
	t.Parallel()
	client := kvtest.New(t)
	passed := 0
	for _, off := range []time.Duration{-24 * time.Hour, 0, 24 * time.Hour} {
		l := configured(t, ratelimit.Config{
			Policy: slow, Redis: client, Now: func() time.Time { return time.Now().Add(off) },
		})
		passed += allowed(t, slow.Quota, l)
	}
	if passed != slow.Quota {
		t.Errorf("%d requests passed, want %d", passed, slow.Quota)
	}
}

func TestKeysExpire(t *testing.T) {
	t.Parallel()
	cfg := kvtest.Config(t)
	client := kvtest.Open(t, cfg)
	l := newLimiter(t, ratelimit.Policy{Name: "write", Quota: 60, Window: time.Minute}, client)
	for range 30 {
		take(t, l, "somebody")
	}
	ttl := redis.NewDurationCmd(t.Context(), time.Millisecond, "pttl", "rate:write:somebody")
	if err := client.Do(t.Context(), ttl); err != nil {
		t.Fatal(err)
	}
	if got := ttl.Val(); got <= 25*time.Second || got > 30*time.Second {
		t.Errorf("half of a budget of a minute is kept for %v, want 30s", got)
	}
}

// What the caller asks in the same round trip is answered, also when Redis does not know the script.
func TestTakeAlongside(t *testing.T) {
	t.Parallel()
	server := kvtest.Start(t)
	cfg := server.Config()
	cfg.Timeout = kvtest.Patience
	client := kvtest.Open(t, cfg)
	l := newLimiter(t, slow, client)
	for i := range 3 {
		get := redis.NewStringCmd(t.Context(), "get", "x")
		d, err := l.Take(t.Context(), "somebody", get)
		if err != nil || !d.Allowed || !errors.Is(get.Err(), redis.Nil) {
			t.Errorf("Take() = %+v, %v beside %v; want it allowed beside redis.Nil", d, err, get.Err())
		}
		if want := slow.Quota - 1 - i%2; i < 2 && d.Remaining != want {
			t.Errorf("%d remaining, want %d", d.Remaining, want)
		}
		if i == 1 {
			server.Flush()
		}
	}
	server.Kill()
	get := redis.NewStringCmd(t.Context(), "get", "x")
	if d, err := l.Take(t.Context(), "somebody", get); err != nil || !d.Allowed || !errors.Is(get.Err(), kv.ErrAway) {
		t.Errorf("without Redis Take() = %+v, %v beside %v; want it allowed beside ErrAway", d, err, get.Err())
	}
}

// Redis dies in the middle of a burst, comes back empty, and is flushed: a process lets no second burst pass.
func TestNoSecondBurst(t *testing.T) {
	t.Parallel()
	for name, hurt := range map[string]func(*kvtest.Server){
		"killed":    (*kvtest.Server).Kill,
		"paused":    (*kvtest.Server).Pause,
		"flushed":   (*kvtest.Server).Flush,
		"restarted": func(s *kvtest.Server) { s.Kill(); s.Restart() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := kvtest.Start(t)
			registry := prometheus.NewRegistry()
			cfg := server.Config()
			isAway := name == "killed" || name == "paused"
			if !isAway {
				// So that it is Redis who answers, also on a busy machine.
				cfg.Timeout = kvtest.Patience
			}
			l := configured(t, ratelimit.Config{Policy: slow, Redis: kvtest.Open(t, cfg), Metrics: registry})
			passed := allowed(t, 80, l)
			if passed != 80 {
				t.Errorf("%d of the first 80 passed, want all", passed)
			}
			hurt(server)
			for range 3 {
				passed += allowed(t, 200, l)
			}
			if most := slow.Quota * 12 / 10; passed < slow.Quota || passed > most {
				t.Errorf("%d requests passed, want %d to %d", passed, slow.Quota, most)
			}
			refused := 680 - passed
			if got := counted(t, registry, "ratelimit_decisions_total", "refused"); got != float64(refused) {
				t.Errorf("%v requests counted as refused, want %d", got, refused)
			}
			if isAway && counted(t, registry, "ratelimit_fallback_total", "") == 0 {
				t.Error("nobody counted that the process decided without Redis")
			}
		})
	}
}

// counted adds up the series of a metric, those with the label's value if it is not empty.
func counted(t *testing.T, registry *prometheus.Registry, name, label string) float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		for _, m := range f.GetMetric() {
			has := slices.ContainsFunc(m.GetLabel(), func(l *dto.LabelPair) bool { return l.GetValue() == label })
			if f.GetName() == name && (label == "" || has) {
				sum += m.GetCounter().GetValue()
			}
		}
	}
	return sum
}

// A flood of keys costs what the cap says, and the buckets in use stay.
func TestFloodOfKeys(t *testing.T) {
	t.Parallel()
	l := newLimiter(t, ratelimit.Policy{Name: "auth", Quota: 2, Window: time.Hour}, nil)
	l.LimitBuckets(1000)
	take(t, l, "victim")
	take(t, l, "victim")
	for i := range 50_000 {
		take(t, l, fmt.Sprint("flood ", i))
		if i%500 == 0 && take(t, l, "victim").Allowed {
			t.Fatal("a flood of other keys renewed a budget")
		}
	}
	if got := l.Buckets(); got > 1000 {
		t.Errorf("%d buckets, want at most 1000", got)
	}
}

func TestIdleBucketsAreDropped(t *testing.T) {
	t.Parallel()
	now := time.Unix(1_800_000_000, 0)
	p := ratelimit.Policy{Name: "read", Quota: 2, Window: time.Minute}
	l := configured(t, ratelimit.Config{Policy: p, Now: func() time.Time { return now }})
	for i := range 1000 {
		take(t, l, fmt.Sprint("before ", i))
	}
	now = now.Add(2 * time.Minute)
	for i := range 1000 {
		take(t, l, fmt.Sprint("after ", i))
	}
	if got := l.Buckets(); got != 1000 {
		t.Errorf("%d buckets, want those of the last two minutes, 1000", got)
	}
}

func TestNewRefusesNonsense(t *testing.T) {
	t.Parallel()
	for _, p := range []ratelimit.Policy{
		{}, {Name: "x", Quota: 0, Window: time.Minute}, {Name: "x", Quota: 1}, {Name: "x", Quota: 1, Window: time.Millisecond},
		{Quota: 1, Window: time.Minute}, {Name: "x", Quota: ratelimit.MaxQuota + 1, Window: time.Second},
	} {
		if _, err := ratelimit.New(ratelimit.Config{Policy: p}); err == nil {
			t.Errorf("New(%+v) = nil error", p)
		}
	}
}
