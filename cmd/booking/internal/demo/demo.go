// Package demo fills an empty database with demonstration data: the countries
// and cities of the real world, and hotels, rooms, guests and bookings made up
// so that they could be real. The same number of hotels on the same day gives
// the same data.
package demo

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shumbooking/shumbooking/platform/date"
)

// Options say what to load.
type Options struct {
	// Hotels is how many to make up, from 1 to MaxHotels. They get about thirty
	// bookings each.
	Hotels int
	// Today is the day around which the bookings lie.
	Today date.Date
	// Progress, where set, is called some times per second, by one goroutine at
	// a time, with how much of a stage is done.
	Progress func(stage string, done, total int64)
}

// MaxHotels is the largest number of hotels that can be made up.
const MaxHotels = 2_000_000

// Summary counts the rows of a load.
type Summary struct {
	Countries int64 `json:"countries"`
	Cities    int64 `json:"cities"`
	// CitiesLeftOut are those that a larger city of the same country, region and
	// name kept out.
	CitiesLeftOut int64 `json:"cities_left_out"`
	Hotels        int64 `json:"hotels"`
	Rooms         int64 `json:"rooms"` // room types
	Guests        int64 `json:"guests"`
	Bookings      int64 `json:"bookings"`
	Nights        int64 `json:"nights"` // of bookings
	// Elapsed is how long this call took.
	Elapsed time.Duration `json:"-"`
	// Existing is set when the data was there before, and nothing was done. The
	// counts are those of the load that made it.
	Existing bool `json:"-"`
}

// Errors of Load.
var (
	ErrHotels      = fmt.Errorf("the number of hotels must be from 1 to %d", MaxHotels)
	ErrOtherNumber = errors.New("demo data with another number of hotels is in the database")
	ErrNotEmpty    = errors.New("the catalogue is not empty, and what is in it is not demo data")
)

// Load fills the catalogue and the bookings of db, whose role must own the
// tables, in one transaction: it leaves everything or nothing. Nobody else can
// use those tables and users meanwhile.
//
// A database that demo data of as many hotels was loaded into before is left as
// it is, whatever day that was and whatever changed since. Load returns
// ErrOtherNumber when it was another number, and ErrNotEmpty when there is a
// country, city, facility or hotel that did not come from here.
func Load(ctx context.Context, db *pgxpool.Pool, opts Options) (Summary, error) {
	started := time.Now()
	if opts.Hotels < 1 || opts.Hotels > MaxHotels {
		return Summary{}, fmt.Errorf("load demo data: %d: %w", opts.Hotels, ErrHotels)
	}
	if opts.Progress == nil {
		opts.Progress = func(string, int64, int64) {}
	}
	// Looked at without a lock first, so that starting again does not stop the
	// requests that are being served.
	sum, err := inFreeSession(ctx, db, func(tx pgx.Tx) (Summary, error) { return existing(ctx, tx, opts.Hotels) })
	if err == nil && !sum.Existing {
		sum, err = inFreeSession(ctx, db, func(tx pgx.Tx) (Summary, error) { return load(ctx, tx, opts) })
	}
	if err != nil {
		return Summary{}, fmt.Errorf("load demo data: %w", err)
	}
	sum.Elapsed = time.Since(started)
	return sum, nil
}

// inFreeSession runs fn in a transaction without the time limits of requests:
// even a look waits for a load that is under way.
func inFreeSession(ctx context.Context, db *pgxpool.Pool, fn func(pgx.Tx) (Summary, error)) (sum Summary, err error) {
	err = pgx.BeginFunc(ctx, db, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, freeSession); err != nil {
			return err
		}
		var err error
		sum, err = fn(tx)
		return err
	})
	return sum, err
}

// load does the work of Load inside of a transaction.
func load(ctx context.Context, tx pgx.Tx, opts Options) (Summary, error) {
	l := &loader{tx: tx, opts: opts}
	if _, err := tx.Exec(ctx, lockTables); err != nil {
		return Summary{}, fmt.Errorf("lock tables: %w", err)
	}
	sum, err := existing(ctx, tx, opts.Hotels)
	if err != nil || sum.Existing {
		return sum, err
	}
	for _, step := range []func(context.Context) error{
		l.begin, l.loadPlaces, l.loadFacilities, l.loadGuests, l.loadHotels, l.finish,
	} {
		if err := step(ctx); err != nil {
			return Summary{}, err
		}
	}
	return l.sum, mark(ctx, tx, l.sum)
}
