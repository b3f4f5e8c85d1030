// Package catalog is what can be booked, and where: countries and their cities, hotels and their rooms, what
// facilities those have, what they look like, and who manages which hotel.
//
// What a change of a room or the removal of a hotel means for its bookings is decided above, in package booking:
// the functions that take a transaction are its part of that work. The files of images are those of package media.
package catalog

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"

	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/jobs"
	"github.com/shumbooking/shumbooking/platform/page"
)

// Config is what a Service needs beside the database.
type Config struct {
	// Cursors signs the cursors of lists.
	Cursors page.Signer
	// Jobs queues the removal of what images leave behind.
	Jobs *jobs.Client
	// Metrics takes hotels_created_total.
	Metrics prometheus.Registerer
}

// A Service serves the endpoints of the catalogue.
type Service struct {
	db            *pgxpool.Pool
	cursors       page.Signer
	jobs          *jobs.Client
	hotelsCreated prometheus.Counter
}

// New returns a Service over db.
func New(db *pgxpool.Pool, c Config) *Service {
	return &Service{
		db:      db,
		cursors: c.Cursors,
		jobs:    c.Jobs,
		hotelsCreated: promauto.With(c.Metrics).NewCounter(prometheus.CounterOpts{
			Name: "hotels_created_total",
			Help: "Hotels created through the API.",
		}),
	}
}

// Register mounts the endpoints on api.
func (s *Service) Register(api *httpapi.API) {
	s.registerCountries(api)
	s.registerCities(api)
	s.registerFacilities(api)
	s.registerHotels(api)
	s.registerRooms(api)
	s.registerManagers(api)
	s.registerImages(api)
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
	SendBatch(ctx context.Context, b *pgx.Batch) pgx.BatchResults
}
