package main

import (
	"context"
	"errors"
	"log/slog"
)

// A service is a command that runs until it is told to stop: what it is made of, and how that is run.
type service struct {
	assemble func(context.Context, settings, *slog.Logger) (*application, error)
	run      func(context.Context, *application, settings, server) error
}

// start reads the settings, listens on addr and runs the service until ctx ends.
func (v service) start(ctx context.Context, env environment, addr string) (err error) {
	s, err := readSettings(env.getenv, needs{database: true, serving: true})
	if err != nil {
		return err
	}
	log := newLogger(env.stderr, s)
	listener, err := listen(ctx, addr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ignoreClosed(listener.Close())) }()
	a, err := v.assemble(ctx, s, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	if env.getenv("GOGC") == "" {
		go paceCollector(ctx)
	}
	log.Info("starting", "build", currentBuild(), "address", listener.Addr().String(), "settings", s)
	for _, warning := range s.warnings {
		log.Warn("doubtful setting", "warning", warning)
	}
	return v.run(ctx, a, s, server{listener: listener, handler: a.handler, health: a.health, log: log})
}
