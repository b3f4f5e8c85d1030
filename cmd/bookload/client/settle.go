package client

import (
	"context"
	"math/rand/v2"
	"net/http"
	"time"
)

const (
	// firstPause and longestPause are between attempts, the service willing.
	firstPause   = 20 * time.Millisecond
	longestPause = time.Second
)

// Settle sends a request again, with the same key, until its outcome is known: see Answer.Settled. It waits between attempts
// for a time that is partly random, grows, and is at least what the service asks for when it turns requests away. It returns the
// last answer and how many attempts there were. If ctx ends first, or r.Attempts are made, the answer is not settled; if ctx
// has ended before, there is no attempt.
func (c *Client) Settle(ctx context.Context, r Request) (Answer, int) {
	return c.SettleUntil(ctx, nil, r)
}

// SettleUntil is Settle for what need not be known any more once enough is closed: an attempt is still waited for, and there
// is no other.
func (c *Client) SettleUntil(ctx context.Context, enough <-chan struct{}, r Request) (Answer, int) {
	if err := r.encode(); err != nil {
		return Answer{Err: err}, 0
	}
	if err := ctx.Err(); err != nil {
		return Answer{Err: err}, 0
	}
	for attempts := 1; ; attempts++ {
		answer := c.send(ctx, &r)
		if answer.Settled() || c.once || attempts == r.Attempts {
			return answer, attempts
		}
		wait := pause(&answer, attempts)
		due := time.Now().Add(wait)
		if !sleep(ctx, enough, wait) {
			return answer, attempts
		}
		r.Due = due // That it waits is its own choice, and no latency of the service.
	}
}

// pause returns how long to wait after an answer, which was that of the attempt of a number.
func pause(a *Answer, attempts int) time.Duration {
	longest := min(firstPause<<min(attempts, 10), longestPause)
	wait := longest/2 + rand.N(longest/2) //nolint:gosec // It spreads the attempts of many clients, and is no secret.
	if a.Status == http.StatusTooManyRequests || a.Status == http.StatusServiceUnavailable {
		// After what the service asks for, and not all at once.
		return a.RetryAfter + min(wait, a.RetryAfter/4+firstPause)
	}
	return wait
}

// sleep reports whether neither ctx nor the need ended meanwhile.
func sleep(ctx context.Context, enough <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	case <-enough:
		return false
	}
}
