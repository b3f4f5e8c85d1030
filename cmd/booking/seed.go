package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/shumbooking/shumbooking/cmd/booking/internal/demo"
	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/pg"
)

const defaultHotels = 1000

func seedCommand() command {
	return command{
		name:    "seed",
		summary: "fills an empty database with demo data",
		help: `Loads the countries and cities of the world and makes up hotels, rooms, guests and bookings in them. The
schema must be there ('booking migrate up') and the catalogue empty. It works as DB_MIGRATE_USERNAME, or as
DB_USERNAME where that is not set. A database that has the demo data already is left as it is.`,
		setup: func(flags *flag.FlagSet) action {
			hotels := hotelsFlag(flags)
			return func(ctx context.Context, env environment, _ []string) error {
				if err := checkHotels(*hotels); err != nil {
					return err
				}
				s, err := readSettings(env.getenv, needs{database: true})
				if err != nil {
					return err
				}
				sum, err := loadDemo(ctx, env, s.owner, *hotels, newLogger(env.stderr, s))
				if err != nil {
					return err
				}
				printSummary(env.stdout, sum)
				return nil
			}
		},
	}
}

func hotelsFlag(flags *flag.FlagSet) *int {
	return flags.Int("hotels", defaultHotels, "`number` of hotels to make up")
}

func checkHotels(n int) error {
	if n < 1 || n > demo.MaxHotels {
		return usagef("--hotels is %d, want 1 to %d", n, demo.MaxHotels)
	}
	return nil
}

func loadDemo(ctx context.Context, env environment, c pg.Config, hotels int, log *slog.Logger) (demo.Summary, error) {
	pool, err := pg.Open(ctx, c, log)
	if err != nil {
		return demo.Summary{}, err
	}
	defer pool.Close()
	show, end := newProgress(env.stderr)
	defer end()
	return demo.Load(ctx, pool, demo.Options{Hotels: hotels, Today: date.Of(time.Now().UTC()), Progress: show})
}

func printSummary(w io.Writer, s demo.Summary) {
	if s.Existing {
		fmt.Fprint(w, "The demo data is there already: ")
	}
	fmt.Fprintf(w, "%d countries, %d cities (%d namesakes left out), %d hotels, %d room types, %d guests, %d bookings of %d nights",
		s.Countries, s.Cities, s.CitiesLeftOut, s.Hotels, s.Rooms, s.Guests, s.Bookings, s.Nights)
	if !s.Existing {
		fmt.Fprintf(w, ", loaded in %s", s.Elapsed.Round(100*time.Millisecond))
	}
	fmt.Fprintln(w, ".")
}
