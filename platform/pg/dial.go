package pg

import (
	"context"
	"net"
	"time"
)

const (
	// unheardTime is how long the other side may leave unacknowledged what was sent to it.
	unheardTime = 10 * time.Second
	// An idle connection is dead when it leaves this many probes unanswered.
	keepAliveIdle     = 10 * time.Second
	keepAliveInterval = 3 * time.Second
	keepAliveCount    = 3
)

type connectingKey struct{}

// dial connects as pgx wants it, so that the system finds out by itself about a connection whose packets get lost.
// What is not dialed to become a connection of the pool cancels a statement of one, and has only the time of a farewell.
func dial(ctx context.Context, network, address string) (net.Conn, error) {
	dialer := net.Dialer{
		KeepAliveConfig: net.KeepAliveConfig{Enable: true, Idle: keepAliveIdle, Interval: keepAliveInterval, Count: keepAliveCount},
		Control:         boundUnheard,
	}
	if ctx.Value(connectingKey{}) != nil {
		return dialer.DialContext(ctx, network, address)
	}
	dialer.Deadline = time.Now().Add(farewell)
	conn, err := dialer.DialContext(ctx, network, address)
	if err == nil {
		err = conn.SetDeadline(dialer.Deadline)
	}
	return conn, err
}
