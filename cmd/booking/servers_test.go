//go:build !slim

package main

import (
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/platform/kv"
	"github.com/shumbooking/shumbooking/platform/kv/kvtest"
	"github.com/shumbooking/shumbooking/platform/proctest"
	"github.com/shumbooking/shumbooking/platform/ratelimit"
)

// Keys of the Redis of "booking dev" expire, and it takes the script.
func TestDevRedisKeepsTime(t *testing.T) {
	t.Parallel()
	var v servers
	var s settings
	if err := v.startRedis(&s); err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	t.Cleanup(func() {
		if err := v.stop(ctx); err != nil {
			t.Error(err)
		}
	})
	client := kvtest.Open(t, kv.Config{Host: s.redis.host, Port: s.redis.port, Timeout: kvtest.Patience})
	policy := ratelimit.Policy{Name: "read", Quota: 10, Window: time.Second}
	l, err := ratelimit.New(ratelimit.Config{Policy: policy, Redis: client})
	if err != nil {
		t.Fatal(err)
	}
	if d, err := l.Take(t.Context(), "somebody"); err != nil || d.Remaining != 9 {
		t.Errorf("Take() = %+v, %v; want 9 remaining", d, err)
	}
	proctest.Eventually(t, "the key is gone", func() bool { return len(v.redis.Keys()) == 0 })
}
