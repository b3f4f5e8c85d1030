package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/shumbooking/shumbooking/booking"
	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/pg"
)

const (
	// A server that just started has better things to do than to recount.
	firstRecount  = 5 * time.Minute
	recountPeriod = time.Hour
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

// recountNowAndThen keeps the gauge inventory_drift true, until ctx ends.
func (a *application) recountNowAndThen(ctx context.Context) {
	for wait := firstRecount; ; wait = recountPeriod {
		select {
		case <-ctx.Done():
			return
		case <-time.After(wait):
			a.recount(ctx)
		}
	}
}

// recount looks at the nights that can still be booked. Yesterday is today somewhere still.
func (a *application) recount(ctx context.Context) {
	drift, err := a.booking.Recount(ctx, date.Of(time.Now().UTC()).AddDays(-1))
	if err != nil && ctx.Err() == nil {
		a.log.Warn("inventory not recounted", "error", err)
	}
	if drift.Nights > 0 {
		a.log.Error("inventory differs from the ledger", "nights", drift.Nights, "first", drift.First[0])
	}
}
