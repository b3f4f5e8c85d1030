package ratelimit

import (
	"context"
	_ "embed"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/shumbooking/shumbooking/platform/kv"
)

//go:embed take.lua
var takeSource string

// takeScript knows the name that Redis has for the source.
var takeScript = redis.NewScript(takeSource)

// ask takes from the bucket that Redis keeps. It returns the room that is left in the bucket, as the time that it took
// to earn, or how long the request is too early, as a negative time.
func (l *Limiter) ask(ctx context.Context, key string, alongside []redis.Cmder) (time.Duration, error) {
	if l.redis == nil {
		refuseAll(alongside)
		return 0, kv.ErrAway
	}
	take := l.command(ctx, "evalsha", takeScript.Hash(), key)
	err := l.redis.Do(ctx, append([]redis.Cmder{take}, alongside...)...)
	if err == nil && kv.IsUnknownScript(take.Err()) {
		// A Redis that was started or flushed since. What stood beside it has its answer.
		take = l.command(ctx, "eval", takeSource, key)
		err = l.redis.Do(ctx, take)
	}
	if err != nil {
		return 0, err
	}
	microseconds, err := take.Int64()
	if err != nil {
		return 0, errors.Join(kv.ErrAway, err)
	}
	return time.Duration(microseconds) * time.Microsecond, nil
}

func (l *Limiter) command(ctx context.Context, verb, script, key string) *redis.Cmd {
	return redis.NewCmd(ctx, verb, script, 1, "rate:"+l.policy.Name+":"+key, l.interval.Microseconds(), l.policy.Quota)
}
