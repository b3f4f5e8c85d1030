package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/catalog/world"
)

// A loader fills the tables in one transaction.
type loader struct {
	tx      pgx.Tx
	opts    Options
	sum     Summary
	unbuilt []unbuilt
	world   *world.World
	gen     generator
}

// Stages as Progress names them.
const (
	stagePlaces  = "countries and cities"
	stageHotels  = "hotels and bookings"
	stageIndexes = "indexes"
)

// frozen is allowed in the tables that begin emptied.
const frozen = ", FREEZE"

// begin makes the tables fit for copying into.
func (l *loader) begin(ctx context.Context) error {
	l.opts.Progress(stagePlaces, 0, 1)
	if _, err := l.tx.Exec(ctx, "TRUNCATE "+filled+" RESTART IDENTITY"); err != nil {
		return fmt.Errorf("empty tables: %w", err)
	}
	var err error
	l.unbuilt, err = unbuild(ctx, l.tx)
	return err
}

// loadPlaces copies the countries and the cities of the world.
func (l *loader) loadPlaces(ctx context.Context) error {
	var err error
	if l.world, err = world.Load(); err != nil {
		return err
	}
	var countries, cities rows
	countryIDs := make(map[string]int64, len(l.world.Countries))
	currencies := make(map[string]string, len(l.world.Countries))
	l.gen.pricers = make(map[string]pricer)
	for i, c := range l.world.Countries {
		countryIDs[c.ISOCode], currencies[c.ISOCode] = int64(i)+1, c.Currency
		l.gen.pricers[c.Currency] = newPricer(c.Currency)
		countries.add(4)
		countries.bigint(int64(i) + 1)
		countries.text(c.Name)
		countries.text(c.ISOCode)
		countries.text(c.Currency)
	}
	l.gen.places = make([]place, len(l.world.Cities))
	for i := range l.world.Cities {
		c := &l.world.Cities[i]
		l.gen.places[i] = place{City: c, id: int64(i) + 1, currency: currencies[c.CountryCode]}
		cities.addCity(c, int64(i)+1, countryIDs[c.CountryCode])
	}
	l.sum.Countries, l.sum.Cities, l.sum.CitiesLeftOut = countries.count, cities.count, int64(l.world.LeftOut)
	if err := copyRows(ctx, l.tx, "countries (id, name, iso_code, currency)", frozen, &countries); err != nil {
		return err
	}
	err = copyRows(ctx, l.tx, `cities (id, country_id, region, name, latitude, longitude, time_zone, population)`,
		frozen, &cities)
	l.opts.Progress(stagePlaces, 1, 1)
	return err
}

func (r *rows) addCity(c *world.City, id, country int64) {
	r.add(8)
	r.bigint(id)
	r.bigint(country)
	r.nullableText(c.Region)
	r.text(c.Name)
	r.double(c.Latitude)
	r.double(c.Longitude)
	r.text(c.TimeZone)
	r.integer(c.Population)
}

// loadFacilities copies the facilities, those of hotels before those of rooms.
func (l *loader) loadFacilities(ctx context.Context) error {
	var r rows
	for _, list := range [][]facility{hotelFacilities, roomFacilities} {
		for _, f := range list {
			r.add(2)
			r.bigint(r.count)
			r.text(f.title)
		}
	}
	return copyRows(ctx, l.tx, "facilities (id, title)", frozen, &r)
}

// countGuests says how many users travel: about one for ten bookings, but so
// many that nobody comes near ten bookings on one night, which the API refuses.
func countGuests(hotels int) int {
	const least, enough = 500, 200_000
	return max(min(3*hotels, enough), hotels, least)
}

// loadGuests copies the users who travel. They have no password, so nobody can
// sign in as one of them.
func (l *loader) loadGuests(ctx context.Context) error {
	g := &l.gen
	g.guests = countGuests(l.opts.Hotels)
	// The lock on users keeps everybody else from taking ids in between.
	if err := l.tx.QueryRow(ctx, reserveUserIDs, g.guests).Scan(&g.firstGuest); err != nil {
		return fmt.Errorf("reserve ids of users: %w", err)
	}
	oldest := l.opts.Today.AddDays(-800).Time()
	r := newRandom(-1)
	var users rows
	for n := range g.guests {
		id := g.firstGuest + int64(n)
		users.add(5)
		users.bigint(id)
		users.text(fmt.Sprintf("guest%d@demo.example", id))
		users.text(one(r, firstNames))
		users.text(one(r, lastNames))
		users.timestamptz(oldest.Add(time.Duration(r.below(300*86400)) * time.Second))
	}
	l.sum.Guests = users.count
	return copyRows(ctx, l.tx, "users (id, email, first_name, last_name, created_at)", "", &users)
}

const reserveUserIDs = `
SELECT setval(pg_get_serial_sequence('users', 'id'), nextval(pg_get_serial_sequence('users', 'id')) + $1 - 1) - $1 + 1`

// loadHotels copies the hotels with their rooms and bookings.
func (l *loader) loadHotels(ctx context.Context) error {
	l.gen.sites = sites(l.world.Cities, l.opts.Hotels)
	l.gen.calendar = newCalendar(l.opts.Today)
	total := int64(l.opts.Hotels)
	l.opts.Progress(stageHotels, 0, total)
	return l.gen.each(ctx, func(b *batch) error {
		for _, t := range b.targets() {
			if err := copyRows(ctx, l.tx, t.columns, frozen, t.rows); err != nil {
				return err
			}
		}
		l.sum.Hotels += b.hotels.count
		l.sum.Rooms += b.rooms.count
		l.sum.Bookings += b.bookings.count
		l.sum.Nights += b.bookingNights.count
		l.opts.Progress(stageHotels, l.sum.Hotels, total)
		return nil
	})
}

// finish builds what begin took down and gathers the statistics that plans are
// made from.
func (l *loader) finish(ctx context.Context) error {
	total := int64(len(l.unbuilt)) + 1
	for done, object := range l.unbuilt {
		l.opts.Progress(stageIndexes, int64(done), total)
		if _, err := l.tx.Exec(ctx, object.Create); err != nil {
			return fmt.Errorf("%s: %w", object.Create, err)
		}
	}
	l.opts.Progress(stageIndexes, total-1, total)
	if _, err := l.tx.Exec(ctx, restartIDs); err != nil {
		return fmt.Errorf("restart ids: %w", err)
	}
	if _, err := l.tx.Exec(ctx, "ANALYZE users, "+filled); err != nil {
		return fmt.Errorf("gather statistics: %w", err)
	}
	l.opts.Progress(stageIndexes, total, total)
	return nil
}
