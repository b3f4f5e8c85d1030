package kv_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/redis/go-redis/v9"

	"github.com/shumbooking/shumbooking/platform/kv"
	"github.com/shumbooking/shumbooking/platform/kv/kvtest"
)

// A gate counts the calls that get as far as Redis, and holds them while it is shut.
type gate struct {
	calls atomic.Int32
	shut  chan struct{} // nil while it is open
	until chan struct{}
	err   error // of those it held, if not nil
}

func (g *gate) DialHook(next redis.DialHook) redis.DialHook {
	return func(ctx context.Context, network, addr string) (net.Conn, error) { return next(ctx, network, addr) }
}
func (g *gate) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }
func (g *gate) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		g.calls.Add(1)
		if g.shut != nil {
			g.shut <- struct{}{}
			<-g.until
			if g.err != nil {
				return g.err
			}
		}
		return next(ctx, cmds)
	}
}

// A clock shows the time that a test sets.
type clock struct{ ns atomic.Int64 }

func (c *clock) now() time.Time { return time.Unix(0, c.ns.Load()) }
func (c *clock) passPause()     { c.ns.Add(int64(time.Second)) }

// A bench is a client with a gate, a clock and metrics.
type bench struct {
	*kv.Client
	gate    *gate
	clock   *clock
	metrics *prometheus.Registry
}

func setup(t *testing.T, cfg kv.Config) *bench {
	t.Helper()
	b := &bench{gate: &gate{}, clock: &clock{}, metrics: prometheus.NewRegistry()}
	cfg.Metrics = b.metrics
	b.Client = kvtest.Open(t, cfg)
	b.AddHook(b.gate)
	b.SetClock(b.clock.now)
	return b
}

func (b *bench) ping(ctx context.Context) error { return b.Do(ctx, redis.NewStatusCmd(ctx, "ping")) }

func wantAway(t *testing.T, what string, err error) {
	t.Helper()
	if !errors.Is(err, kv.ErrAway) {
		t.Errorf("%s: %v, want ErrAway", what, err)
	}
}

func TestDoIsOneRoundTrip(t *testing.T) {
	t.Parallel()
	b := setup(t, kvtest.Config(t))
	ctx := t.Context()
	if err := b.ping(ctx); err != nil { // to connect
		t.Fatal(err)
	}
	b.gate.calls.Store(0)
	set, get := redis.NewStatusCmd(ctx, "set", "a", "1"), redis.NewStringCmd(ctx, "get", "a")
	absent := redis.NewStringCmd(ctx, "get", "b")
	unknown := redis.NewCmd(ctx, "evalsha", strings.Repeat("0", 40), 0)
	if err := b.Do(ctx, set, get, absent, unknown); err != nil {
		t.Fatalf("Do() = %v", err)
	}
	if got := get.Val(); got != "1" {
		t.Errorf("GET = %q, want 1", got)
	}
	if !errors.Is(absent.Err(), redis.Nil) || !kv.IsUnknownScript(unknown.Err()) {
		t.Errorf("errors = %v, %v; want redis.Nil and an unknown script", absent.Err(), unknown.Err())
	}
	if got := b.gate.calls.Load(); got != 1 {
		t.Errorf("%d round trips, want 1", got)
	}
}

// A Redis that answers and does not work, such as one that is out of memory, is away too.
func TestDoFailsWithOneOfItsCommands(t *testing.T) {
	t.Parallel()
	b := setup(t, kvtest.Config(t))
	ctx := t.Context()
	fine, broken := redis.NewStatusCmd(ctx, "ping"), redis.NewStatusCmd(ctx, "nonsense")
	wantAway(t, "a command that Redis refuses", b.Do(ctx, fine, broken))
	wantAway(t, "the command beside it", fine.Err())
}

func TestAwayCostsOneCallAPause(t *testing.T) {
	t.Parallel()
	server := kvtest.Start(t)
	b := setup(t, server.Config())
	if err := b.ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	server.Pause()
	b.gate.calls.Store(0)
	for range 3 {
		for range 100 {
			get := redis.NewStringCmd(t.Context(), "get", "a")
			wantAway(t, "a slow Redis", b.Do(t.Context(), get))
			wantAway(t, "the command of a call that was not made", get.Err())
		}
		b.clock.passPause()
	}
	if got := b.gate.calls.Load(); got != 3 {
		t.Errorf("300 calls in three pauses asked a slow Redis %d times, want 3", got)
	}
	if got := testutil.ToFloat64(collector{b.metrics, "redis_up"}); got != 0 {
		t.Errorf("redis_up = %v, want 0", got)
	}
	server.Kill()
	server.Restart()
	b.clock.passPause()
	if err := b.ping(t.Context()); err != nil {
		t.Errorf("once it is back: %v", err)
	}
	if got := testutil.ToFloat64(collector{b.metrics, "redis_up"}); got != 1 {
		t.Errorf("redis_up = %v, want 1", got)
	}
}

func TestOneCallProbes(t *testing.T) {
	t.Parallel()
	server := kvtest.Start(t)
	cfg := server.Config()
	cfg.Timeout = kvtest.Patience
	b := setup(t, cfg)
	server.Kill()
	wantAway(t, "a killed Redis", b.ping(t.Context()))
	server.Restart()
	b.clock.passPause()
	b.gate.calls.Store(0)
	b.gate.shut, b.gate.until = make(chan struct{}), make(chan struct{})
	var probe sync.WaitGroup
	probe.Go(func() {
		if err := b.ping(t.Context()); err != nil {
			t.Errorf("the probe: %v", err)
		}
	})
	<-b.gate.shut
	for range 100 {
		wantAway(t, "a call during the probe", b.ping(t.Context()))
	}
	close(b.gate.until)
	probe.Wait()
	if got := b.gate.calls.Load(); got != 1 {
		t.Errorf("%d calls probed, want 1", got)
	}
	b.gate.shut = nil
	if err := b.ping(t.Context()); err != nil {
		t.Errorf("after the probe: %v", err)
	}
}

// Who gives up has learned nothing about Redis, and hinders nobody from learning it.
func TestBrokenOffIsNoFailure(t *testing.T) {
	t.Parallel()
	server := kvtest.Start(t)
	b := setup(t, server.Config())
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for what, err := range map[string]error{"before": b.ping(gone), "again": b.ping(gone)} {
		if !errors.Is(err, context.Canceled) || errors.Is(err, kv.ErrAway) {
			t.Errorf("%s: %v, want that the context ended", what, err)
		}
	}
	if err := b.ping(t.Context()); err != nil {
		t.Errorf("after calls that were broken off: %v", err)
	}
	server.Kill()
	wantAway(t, "a killed Redis", b.ping(t.Context()))
	server.Restart()
	b.clock.passPause()
	if err := b.ping(gone); errors.Is(err, kv.ErrAway) {
		t.Errorf("a probe that was broken off: %v, want that the context ended", err)
	}
	if err := b.ping(t.Context()); err != nil {
		t.Errorf("the call after a probe that was broken off: %v", err)
	}
}

// A call that was under way when others found out says nothing new.
func TestLateFailureIsNoNews(t *testing.T) {
	t.Parallel()
	server := kvtest.Start(t)
	b := setup(t, server.Config())
	b.gate.shut, b.gate.until, b.gate.err = make(chan struct{}), make(chan struct{}), errors.New("too late")
	var late sync.WaitGroup
	late.Go(func() { wantAway(t, "the late call", b.ping(t.Context())) })
	<-b.gate.shut
	server.Kill()
	b.gate.shut = nil
	wantAway(t, "the call that finds out", b.ping(t.Context()))
	server.Restart()
	b.clock.passPause()
	if err := b.ping(t.Context()); err != nil {
		t.Fatalf("once Redis is back: %v", err)
	}
	close(b.gate.until)
	late.Wait()
	if err := b.ping(t.Context()); err != nil {
		t.Errorf("after a failure from before: %v", err)
	}
}

// A collector shows one metric of a registry to testutil.
type collector struct {
	from *prometheus.Registry
	name string
}

func (c collector) Describe(chan<- *prometheus.Desc) {}

func (c collector) Collect(ch chan<- prometheus.Metric) {
	families, err := c.from.Gather()
	if err != nil {
		panic(err)
	}
	for _, f := range families {
		if f.GetName() == c.name {
			ch <- prometheus.MustNewConstMetric(prometheus.NewDesc(c.name, "", nil, nil), prometheus.GaugeValue,
				f.GetMetric()[0].GetGauge().GetValue())
		}
	}
}
