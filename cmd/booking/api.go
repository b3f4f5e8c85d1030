package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"syscall"

	"github.com/shumbooking/shumbooking/platform/pg"
)

const defaultAPIAddr = ":8000"

func apiCommand() command {
	return command{
		name:    "api",
		summary: "serves the API",
		help: `Answers /live at once and waits for its database. /ready says 200 when the schema is current and, where
ADMIN_EMAIL and ADMIN_PASSWORD are set, an admin exists. The schema is for 'booking migrate' to change.
The log goes to standard error. On SIGTERM /ready says 503, requests in flight are finished, and the program ends.`,
		setup: func(flags *flag.FlagSet) action {
			addr := flags.String("addr", defaultAPIAddr, "`address` to listen on")
			return func(ctx context.Context, env environment, _ []string) error {
				return service{newApplication, serveAPI}.start(ctx, env, *addr)
			}
		},
	}
}

func serveAPI(ctx context.Context, a *application, s settings, srv server) error {
	if s.environment != envLocal {
		srv.linger = lingerTime
	}
	return a.run(ctx, srv, func(ctx context.Context) error { return a.start(ctx, s.admin) })
}

// start waits for what requests need, makes the first admin, and declares the application ready.
func (a *application) start(ctx context.Context, admin adminSettings) error {
	if err := a.retry(ctx, "the current schema", a.checkSchema); err != nil {
		return err
	}
	if err := a.ensureAdmin(ctx, admin); err != nil {
		return err
	}
	a.health.Started()
	a.log.Info("ready")
	return nil
}

// ensureAdmin makes the admin that the settings name, if they do and if there is none.
func (a *application) ensureAdmin(ctx context.Context, admin adminSettings) error {
	if admin.email == "" {
		return nil
	}
	var refused error
	err := a.retry(ctx, "the database", func(ctx context.Context) error {
		err := a.auth.EnsureAdmin(ctx, admin.email, string(admin.password))
		if err != nil && !pg.IsUnavailable(err) {
			refused, err = err, nil
		}
		return err
	})
	return errors.Join(refused, err)
}

func listen(ctx context.Context, addr string) (net.Listener, error) {
	var lc net.ListenConfig
	listener, err := lc.Listen(ctx, "tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("%s is in use by another program: end it, or choose another address with --addr", addr)
	}
	return listener, err
}

// ignoreClosed returns nil for the error of closing a listener twice, as the server closes it too.
func ignoreClosed(err error) error {
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}
