package main

import (
	"context"
	"net"
	"strconv"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
)

// redisTimeout bounds every step of a call: Redis answers at once or is done without.
const redisTimeout = 50 * time.Millisecond

// openRedis makes a client. It does not connect.
func openRedis(s redisSettings) *redis.Client {
	return redis.NewClient(&redis.Options{
		Addr:                  net.JoinHostPort(s.host, strconv.Itoa(s.port)),
		DB:                    s.db,
		Password:              string(s.password),
		DialTimeout:           redisTimeout,
		ReadTimeout:           redisTimeout,
		WriteTimeout:          redisTimeout,
		PoolTimeout:           redisTimeout,
		ContextTimeoutEnabled: true,
		// What is tried again costs its time again.
		MaxRetries:               -1,
		DialerRetries:            1,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
}

func pingRedis(client *redis.Client) func(context.Context) error {
	return func(ctx context.Context) error { return client.Ping(ctx).Err() }
}
