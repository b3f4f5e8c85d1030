package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/shumbooking/shumbooking/platform/health"
)

const (
	readHeaderTimeout = 5 * time.Second
	readTimeout       = 15 * time.Second
	writeTimeout      = 30 * time.Second
	idleTimeout       = 60 * time.Second
	maxHeaderBytes    = 16 << 10
	// stopTimeout is what a server takes to stop at most. The rest of the 30 s that an orchestrator waits before it
	// kills is for what is closed afterwards.
	stopTimeout = 25 * time.Second
	// lingerTime is how long requests are still taken after readiness ended, so that load balancers learn of it
	// before connections are refused. It is longer than a proxy may keep a connection that it does not use: 3 s.
	lingerTime = 5 * time.Second
)

// A server answers requests until it is told to stop.
type server struct {
	listener net.Listener
	handler  http.Handler
	health   *health.Health
	log      *slog.Logger
	// linger is how long requests are still taken then, none where it is zero.
	linger time.Duration
	// limit is how long stopping takes at most: stopTimeout where it is zero.
	limit time.Duration
}

// run serves until ctx ends. Then readiness ends, requests are taken for as long as s.linger says, each being the last of
// its connection, and those of all who have connected are finished, all within s.limit. It returns an error where it
// had to break requests off, or may have lost connections.
func (s server) run(ctx context.Context) error {
	h, busy := s.http(), newOccupied()
	h.Handler, h.ConnState = dismiss(ctx, s.handler), busy.note
	listener := newLastCall(s.listener)
	ended := make(chan error, 1)
	go func() { ended <- h.Serve(listener) }()
	select {
	case err := <-ended:
		return fmt.Errorf("serve HTTP: %w", err)
	case <-ctx.Done():
	}
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), cmp.Or(s.limit, stopTimeout))
	defer cancel()
	select {
	case err := <-ended:
		return fmt.Errorf("serve HTTP: %w", err)
	case <-time.After(s.drain()):
	}
	// Whoever is lost by it, those who are served are not.
	lost := listener.Close()
	// Only now all connections are known.
	if err := <-ended; !errors.Is(err, net.ErrClosed) {
		return errors.Join(lost, fmt.Errorf("serve HTTP: %w", err), h.Close())
	}
	return errors.Join(lost, s.finish(limit, h, busy), h.Close())
}

// drain ends readiness, and returns how long requests may be sent here that nobody should send.
func (s server) drain() time.Duration {
	linger := s.linger
	if s.health.IsStarting() {
		linger = 0 // Nobody was told to send any.
	}
	s.health.Drain()
	s.log.Info("draining", "linger", linger.String())
	return linger
}

// finish waits until the requests of a server without a listener are answered.
func (s server) finish(ctx context.Context, h *http.Server, busy *occupied) error {
	err := busy.wait(ctx)
	if err == nil {
		err = h.Shutdown(ctx)
	}
	if err != nil {
		return fmt.Errorf("drain HTTP: %d connections left: %w", busy.count(), err)
	}
	return nil
}

// http returns the server with its limits: no client can hold a connection for long by doing nothing.
func (s server) http() *http.Server {
	return &http.Server{
		ReadHeaderTimeout: readHeaderTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    maxHeaderBytes,
		// OPTIONS * is answered by the API as well, so that it is counted and logged.
		DisableGeneralOptionsHandler: true,
		ErrorLog:                     slog.NewLogLogger(s.log.Handler(), slog.LevelWarn),
	}
}
