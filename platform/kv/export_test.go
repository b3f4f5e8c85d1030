package kv

import "time"

// SetClock lets the pauses of c go by another clock.
func (c *Client) SetClock(now func() time.Time) { c.breaker.now = now }
