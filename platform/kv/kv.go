// Package kv asks Redis for what a request can do without: every call is over within a fixed short time, and while
// Redis is away nobody waits for it.
package kv

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/shumbooking/shumbooking/platform/tracing"
)

// Timeout is what a call may take in all: waiting for a connection, making one, and the answer.
const Timeout = 50 * time.Millisecond

// defaultPause is how long nobody is let near a Redis that has just failed somebody.
const defaultPause = time.Second

// ErrAway is the error of calls that Redis did not answer, in time or at all.
var ErrAway = errors.New("redis is away")

// Config says where Redis is. Fields without "optional" are required.
type Config struct {
	Host     string
	Port     int
	DB       int    // optional
	Password string // optional
	// TLS says how to make sure of the server; optional, without it nothing is encrypted.
	TLS *tls.Config
	// Timeout is what a call may take; optional, the constant of that name by default.
	Timeout time.Duration
	// Pause is how long calls fail at once after one has failed; optional, one second by default.
	Pause time.Duration
	// Metrics takes the counters; optional.
	Metrics prometheus.Registerer
}

// A Client talks to one Redis.
type Client struct {
	redis   *redis.Client
	timeout time.Duration
	breaker breaker
	metrics metrics
}

// Open makes a client. It does not connect.
func Open(cfg Config) *Client {
	if cfg.Timeout == 0 {
		cfg.Timeout = Timeout
	}
	if cfg.Pause == 0 {
		cfg.Pause = defaultPause
	}
	c := &Client{timeout: cfg.Timeout, breaker: breaker{pause: cfg.Pause, now: time.Now}}
	c.metrics = newMetrics(cfg.Metrics, c.breaker.isClosed)
	c.redis = redis.NewClient(&redis.Options{
		Addr:                  net.JoinHostPort(cfg.Host, strconv.Itoa(cfg.Port)),
		DB:                    cfg.DB,
		Password:              cfg.Password,
		TLSConfig:             cfg.TLS,
		DialTimeout:           cfg.Timeout,
		ReadTimeout:           cfg.Timeout,
		WriteTimeout:          cfg.Timeout,
		PoolTimeout:           cfg.Timeout,
		ContextTimeoutEnabled: true,
		// Who tries again after a pause has a new connection: those from before may be as dead as the one that failed.
		ConnMaxIdleTime: cfg.Pause / 2,
		// What is tried again costs its time again.
		MaxRetries:               -1,
		DialerRetries:            1,
		DisableIdentity:          true,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	return c
}

// Close ends the connections.
func (c *Client) Close() error { return c.redis.Close() }

// Ping asks whether Redis answers, whatever became of calls before. It is for health checks, and takes as long as
// ctx lets it.
func (c *Client) Ping(ctx context.Context) error { return c.redis.Ping(ctx).Err() }

// AddHook lets h see what is sent.
func (c *Client) AddHook(h redis.Hook) { c.redis.AddHook(h) }

// Do runs commands in one round trip. Its error is ErrAway if Redis did not answer all of them, or does not work;
// then so is the error of each command. That a key does not exist (redis.Nil) and that a script is not known
// (IsUnknownScript) are answers, which their commands have.
//
// After a failure all calls fail at once for a pause. Then one of them tries again, and the others go on failing
// until it has an answer. A call that is broken off because ctx ended says nothing about Redis: its error is that
// of ctx.
func (c *Client) Do(ctx context.Context, cmds ...redis.Cmder) error {
	if tracing.IsRecording(ctx) {
		return observe(ctx, cmds, func(ctx context.Context) error { return c.do(ctx, cmds) })
	}
	return c.do(ctx, cmds)
}

func (c *Client) do(ctx context.Context, cmds []redis.Cmder) error {
	pass, ok := c.breaker.enter()
	if !ok {
		c.metrics.refused.Inc()
		return fail(cmds, ErrAway)
	}
	start := time.Now()
	err := c.send(ctx, cmds)
	c.metrics.duration.Observe(time.Since(start).Seconds())
	switch {
	case err == nil:
		c.breaker.leave(pass, answered)
		c.metrics.answered.Inc()
		return nil
	case ctx.Err() != nil:
		c.breaker.leave(pass, brokenOff)
		c.metrics.brokenOff.Inc()
		return fail(cmds, fmt.Errorf("ask redis: %w", context.Cause(ctx)))
	}
	c.breaker.leave(pass, failed)
	c.metrics.failed.Inc()
	return fail(cmds, fmt.Errorf("%w: %w", ErrAway, err))
}

// send returns the first error that is no answer.
func (c *Client) send(ctx context.Context, cmds []redis.Cmder) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	pipe := c.redis.Pipeline()
	for _, cmd := range cmds {
		if err := pipe.Process(ctx, cmd); err != nil {
			return err
		}
	}
	// Exec returns the error of the first command that has one, which may be an answer.
	if _, err := pipe.Exec(ctx); !isAnswer(err) {
		return err
	}
	for _, cmd := range cmds {
		if err := cmd.Err(); !isAnswer(err) {
			return err
		}
	}
	return nil
}

func isAnswer(err error) bool { return err == nil || errors.Is(err, redis.Nil) || IsUnknownScript(err) }

// fail gives every command the error, so that none is taken for answered.
func fail(cmds []redis.Cmder, err error) error {
	for _, cmd := range cmds {
		cmd.SetErr(err)
	}
	return err
}

// IsUnknownScript reports whether err is the answer to EVALSHA of a script that Redis does not have, as after a
// restart.
func IsUnknownScript(err error) bool { return redis.HasErrorPrefix(err, "NOSCRIPT") }
