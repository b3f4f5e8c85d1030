package kv_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/shumbooking/shumbooking/platform/kv"
	"github.com/shumbooking/shumbooking/platform/kv/kvtest"
	"github.com/shumbooking/shumbooking/platform/tracing/tracingtest"
)

// TestSpans asks a Redis that is there and one that is away, which is not even asked the second time.
func TestSpans(t *testing.T) {
	t.Parallel()
	const secret = "canary-of-a-key"
	collector := tracingtest.New(t)
	tracer, flush := collector.Tracer(t)
	ctx, above := tracer.Start(t.Context(), "above")
	get := func() redis.Cmder { return redis.NewStringCmd(ctx, "get", secret) }
	if err := kvtest.New(t).Do(ctx, get(), redis.NewCmd(ctx, "incr", secret+"2")); err != nil {
		t.Fatal(err)
	}
	away := kv.Open(kv.Config{Host: "127.0.0.1", Port: 1})
	for range 2 {
		if err := away.Do(ctx, get()); err == nil {
			t.Error("nobody answers")
		}
	}
	above.End()
	flush()
	var told []string
	for _, s := range collector.Spans() {
		if strings.Contains(s.Text, secret) {
			t.Errorf("a span has a key: %s", s.Text)
		}
		told = append(told, s.Name+" "+s.Status)
	}
	if want := []string{"PIPELINE GET INCR ", "GET no answer", "GET no answer", "above "}; !slices.Equal(told, want) {
		t.Errorf("spans: got %q, want %q", told, want)
	}
}
