// Package booking sells the nights of rooms: it keeps the inventory, searches for what is free, and books and
// cancels stays.
//
// The truth about what is free is room_nights, a sparse counter per room type and night whose CHECK makes
// overbooking impossible. booking_nights is the ledger behind the counters. Whatever a search offers can be
// booked, because both ask the same rule (see offerable).
//
// Locks are taken in one order everywhere: the guest, the booking, the room (an advisory lock, shared by
// bookings and exclusive for changes of the room), and the room's nights by date.
package booking

import (
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/jobs"
	"github.com/shumbooking/shumbooking/platform/page"
)

// Config is what a Service needs beside the database.
type Config struct {
	// Cursors signs the cursors of lists.
	Cursors page.Signer
	// Jobs queues what the end of a room or a hotel leaves to be done.
	Jobs *jobs.Client
	// Metrics takes the counters of bookings and refusals, and what the last recount found.
	Metrics prometheus.Registerer
	// Log is told when the inventory differs from the ledger; optional.
	Log *slog.Logger
}

// Service serves bookings, availability, and the changes of rooms and hotels that touch the inventory.
type Service struct {
	db      *pgxpool.Pool
	cursors page.Signer
	jobs    *jobs.Client
	metrics counters
	full    fullRooms
	log     *slog.Logger
}

// New returns a Service on db.
func New(db *pgxpool.Pool, c Config) *Service {
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.Metrics.MustRegister(newDriftCollector(db, c.Log))
	return &Service{db: db, cursors: c.Cursors, jobs: c.Jobs, metrics: newCounters(c.Metrics), log: c.Log}
}

// The states of a booking.
const (
	Confirmed = "confirmed"
	Cancelled = "cancelled"
)

// A Booking is a stay of one party in a number of rooms of one type. It is never erased.
type Booking struct {
	ID          int64      `json:"id" example:"1"`
	Reference   string     `json:"reference" db:"-" example:"7K3M9QXA" description:"The booking's id in a form to be read aloud."`
	RoomID      int64      `json:"room_id" example:"1"`
	HotelID     int64      `json:"hotel_id" example:"1"`
	RoomTitle   string     `json:"room_title" example:"Double room" description:"The room's title when it was booked."`
	HotelTitle  string     `json:"hotel_title" example:"Seaside" description:"The hotel's title when it was booked."`
	UserID      *int64     `json:"user_id" example:"1" description:"Whose booking it is; null for a guest without an account."`
	DateFrom    date.Date  `json:"date_from" example:"today+30" description:"The first night."`
	DateTo      date.Date  `json:"date_to" example:"today+32" description:"The day of departure."`
	Guests      int        `json:"guests" example:"2" description:"The whole party."`
	Rooms       int        `json:"rooms" example:"1"`
	Status      string     `json:"status" enum:"confirmed,cancelled"`
	Price       int64      `json:"price" example:"1400000" description:"For all rooms and nights, in minor units."`
	Currency    string     `json:"currency" example:"RUB" description:"ISO 4217."`
	Nightly     []Night    `json:"nightly" db:"-"`
	GuestName   *string    `json:"guest_name" example:"Anna Petrova"`
	GuestPhone  *string    `json:"guest_phone" example:"+7 900 000-00-00"`
	Note        *string    `json:"note" example:"Late arrival"`
	CreatedAt   time.Time  `json:"created_at"`
	CancelledAt *time.Time `json:"cancelled_at"`
}

// bookingColumns are the stored fields of a Booking, of bookings b.
const bookingColumns = `b.id, b.room_id, b.hotel_id, b.room_title, b.hotel_title, b.user_id, b.date_from, b.date_to,
	b.guests, b.rooms, b.status, b.price, b.currency, b.guest_name, b.guest_phone, b.note, b.created_at, b.cancelled_at`

// joinNightly gives bookings b their lines of the ledger.
const joinNightly = `
CROSS JOIN LATERAL (
	SELECT array_agg(n.night ORDER BY n.night) AS nightly_dates, array_agg(n.price ORDER BY n.night) AS nightly_prices
	FROM booking_nights n WHERE n.booking_id = b.id
) ledger`

// A bookingRow is a booking as the database returns it.
type bookingRow struct {
	Booking
	NightlyDates  []date.Date
	NightlyPrices []int64
}

// booking completes the fields of r.Booking that are not columns.
func (r *bookingRow) booking() *Booking {
	r.Reference = reference(r.ID)
	r.CreatedAt = r.CreatedAt.UTC()
	if r.CancelledAt != nil {
		r.CancelledAt = new(r.CancelledAt.UTC())
	}
	r.Nightly = make([]Night, len(r.NightlyDates))
	for i, night := range r.NightlyDates {
		r.Nightly[i] = Night{Date: night, Price: r.NightlyPrices[i]}
	}
	return &r.Booking
}

// bookings completes every row.
func bookings(rows []bookingRow) []Booking {
	list := make([]Booking, len(rows))
	for i := range rows {
		list[i] = *rows[i].booking()
	}
	return list
}
