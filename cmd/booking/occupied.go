package main

import (
	"context"
	"net"
	"net/http"
	"sync"
)

// occupied knows the connections of a server on which a request is served or, as they are new, expected.
//
// http.Server.Shutdown drops a request that arrives while it waits, on connections without one so far as well. So it is
// for when none of these is left.
type occupied struct {
	mu      sync.Mutex
	conns   map[net.Conn]struct{}
	changed chan struct{} // gets a value, if nobody was told yet, when one is gone
}

func newOccupied() *occupied {
	return &occupied{conns: make(map[net.Conn]struct{}), changed: make(chan struct{}, 1)}
}

// note is the ConnState of the server.
func (o *occupied) note(conn net.Conn, state http.ConnState) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if state == http.StateNew || state == http.StateActive {
		o.conns[conn] = struct{}{}
		return
	}
	delete(o.conns, conn)
	select {
	case o.changed <- struct{}{}:
	default:
	}
}

func (o *occupied) count() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.conns)
}

// wait returns when there is none, or with the error of ctx.
func (o *occupied) wait(ctx context.Context) error {
	for o.count() > 0 {
		select {
		case <-o.changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
