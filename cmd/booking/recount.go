package main

import (
	"context"
	"flag"
	"fmt"
	"io"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/shumbooking/shumbooking/booking"
	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/pg"
)

func recountCommand() command {
	return command{
		name:    "recount",
		summary: "compares the inventory with the ledger of the bookings",
		help:    "Prints the nights of rooms whose counter differs from the ledger, and exits with 1 if there are any.",
		setup: func(flags *flag.FlagSet) action {
			var since date.Date
			flags.Func("since", "first `night` to look at; all of them by default", func(text string) (err error) {
				since, err = date.Parse(text)
				return err
			})
			return func(ctx context.Context, env environment, _ []string) error {
				s, err := readSettings(env.getenv, needs{database: true})
				if err != nil {
					return err
				}
				pool, err := pg.Open(ctx, s.database, newLogger(env.stderr, s))
				if err != nil {
					return err
				}
				defer pool.Close()
				drift, err := booking.New(pool, booking.Config{Metrics: prometheus.NewRegistry()}).Recount(ctx, since)
				if err != nil {
					return err
				}
				return reportDrift(env.stdout, drift)
			}
		},
	}
}

func reportDrift(w io.Writer, drift booking.Drift) error {
	for _, n := range drift.First {
		fmt.Fprintf(w, "room %d, night %s: counter %d, ledger %d\n", n.RoomID, n.Night, n.Counter, n.Ledger)
	}
	if drift.Nights > 0 {
		return fmt.Errorf("%d nights differ from the ledger", drift.Nights)
	}
	fmt.Fprintln(w, "Every counter is what the ledger says.")
	return nil
}
