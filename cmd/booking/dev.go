package main

import (
	"context"
	"errors"
	"flag"
	"fmt"

	"github.com/shumbooking/shumbooking/cmd/booking/internal/demo"
	"github.com/shumbooking/shumbooking/migrations"
)

const defaultDevAddr = "127.0.0.1:8000"

// devOptions are the flags of "booking dev".
type devOptions struct {
	addr, data string
	ephemeral  bool
	hotels     int
}

func devCommand() command {
	return command{
		name:    "dev",
		summary: "runs everything in one process, for development",
		help: `Starts PostgreSQL (programs that are installed, else downloaded ones) and Redis (in this process), or uses those
that DB_HOST and REDIS_HOST name; migrates the schema, makes the first admin, loads demo data, serves the API, and
runs jobs.
The build in the image has neither to start. What it prints goes to standard output, its log to standard error.
Every setting of 'booking api' works here too.`,
		setup: func(flags *flag.FlagSet) action {
			var o devOptions
			flags.StringVar(&o.addr, "addr", defaultDevAddr, "`address` to listen on")
			flags.StringVar(&o.data, "data", "", "`directory` that keeps the data between runs (default in the user's cache directory)")
			flags.BoolVar(&o.ephemeral, "ephemeral", false, "keep nothing: start empty and leave nothing behind")
			flags.IntVar(&o.hotels, "hotels", defaultHotels, "`number` of hotels to make up when there is no demo data yet")
			return func(ctx context.Context, env environment, _ []string) error {
				if o.ephemeral && o.data != "" {
					return usagef("--ephemeral keeps no data, so that --data cannot be given with it")
				}
				if err := checkHotels(o.hotels); err != nil {
					return err
				}
				return runDev(ctx, env, o)
			}
		},
	}
}

func runDev(ctx context.Context, env environment, o devOptions) (err error) {
	s, err := readSettings(env.getenv, needs{environment: envLocal})
	if err != nil {
		return err
	}
	if s.environment == envProduction {
		return errors.New("its passwords are known to everybody, so that it does not run with APP_ENV=production")
	}
	log := newLogger(env.stderr, s)
	// First of all, so that a busy port is known before anything is started.
	listener, err := listen(ctx, o.addr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, ignoreClosed(listener.Close())) }()
	b, err := startBackends(ctx, &s, o, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.stop(context.WithoutCancel(ctx))) }()
	a, err := newApplication(ctx, s, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, a.close()) }()
	if err := a.employ(ctx, s); err != nil {
		return err
	}
	log.Info("starting", "build", currentBuild(), "address", listener.Addr().String(), "settings", s)
	d := &development{application: a, env: env, settings: s, options: o, backends: b, address: listener.Addr()}
	return a.run(ctx, server{listener: listener, handler: a.handler, health: a.health, log: log}, d.start)
}

// start prepares the database, declares the application ready and tells how to use it.
func (d *development) start(ctx context.Context) error {
	if err := d.retry(ctx, "the database", d.probe.Ping); err != nil {
		return err
	}
	if err := migrations.Up(ctx, d.settings.owner, d.log); err != nil {
		return err
	}
	if err := grant(ctx, d.settings); err != nil {
		return err
	}
	if err := d.loadDemo(ctx); err != nil {
		return err
	}
	if err := d.makeAccounts(ctx); err != nil {
		return err
	}
	d.health.Started()
	d.log.Info("ready")
	return d.printGuide(ctx)
}

// loadDemo loads the demo data into an empty catalogue and leaves any other as it is.
func (d *development) loadDemo(ctx context.Context) error {
	sum, err := loadDemo(ctx, d.env, d.settings.owner, d.options.hotels, d.log)
	if errors.Is(err, demo.ErrOtherNumber) || errors.Is(err, demo.ErrNotEmpty) {
		fmt.Fprintf(d.env.stdout, "No demo data was loaded: %v.\n", err)
		return nil
	}
	if err != nil {
		return err
	}
	printSummary(d.env.stdout, sum)
	return nil
}
