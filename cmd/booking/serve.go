package main

import (
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
	// stopTimeout is what a server takes to stop at most: less than the 30 s that an orchestrator waits before
	// it kills.
	stopTimeout = 25 * time.Second
	// lingerTime is how long requests are still taken after readiness ended, so that load balancers learn of it
	// before connections are refused.
	lingerTime = 5 * time.Second
)

// A server answers requests until it is told to stop.
type server struct {
	listener net.Listener
	handler  http.Handler
	health   *health.Health
	log      *slog.Logger
	linger   time.Duration
}

// run serves until ctx ends. Then readiness ends, new requests are taken for as long as s.linger says, and those
// in flight are finished, all within stopTimeout.
func (s server) run(ctx context.Context) error {
	h := s.http()
	failed := make(chan error, 1)
	go func() { failed <- h.Serve(s.listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve HTTP: %w", err)
	case <-ctx.Done():
	}
	s.log.Info("draining", "linger", s.linger.String())
	s.health.Drain()
	limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
	defer cancel()
	select {
	case err := <-failed:
		return fmt.Errorf("serve HTTP: %w", err)
	case <-time.After(s.linger):
	}
	if err := h.Shutdown(limit); err != nil {
		return errors.Join(fmt.Errorf("drain HTTP: %w", err), h.Close())
	}
	return nil
}

// http returns the server with its limits: no client can hold a connection for long by doing nothing.
func (s server) http() *http.Server {
	return &http.Server{
		Handler:           s.handler,
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
