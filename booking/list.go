package booking

import (
	"context"
	"fmt"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/page"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// ListParams filter and page the bookings of hotels.
type ListParams struct {
	page.Params
	HotelID   *int64     `query:"hotel_id" minimum:"1" description:"Only those of this hotel."`
	RoomID    *int64     `query:"room_id" minimum:"1" description:"Only those of this room type."`
	UserID    *int64     `query:"user_id" minimum:"1" description:"Only those of this guest."`
	Status    string     `query:"status" enum:"confirmed,cancelled" description:"Only those with this status."`
	From      *date.Date `query:"from" description:"Stays with a night on this date or later."`
	To        *date.Date `query:"to" description:"Stays with a night before this date."`
	Reference *string    `query:"reference" minLength:"8" maxLength:"8" description:"In either case; O is read as 0, I and L as 1."`
}

// Validate checks that the reference can be one, and the order of the dates.
func (p *ListParams) Validate() error {
	if p.Reference != nil {
		if _, ok := parseReference(*p.Reference); !ok {
			return errs.InvalidQuery("reference", "pattern", "is not a reference of a booking")
		}
	}
	if p.From != nil && p.To != nil && !p.From.Before(*p.To) {
		return errs.InvalidQuery("to", "date_order", "must be after from")
	}
	return nil
}

// List returns the bookings of the hotels that the caller runs: of all hotels for admins. Newest stay first.
func (s *Service) List(ctx context.Context, p *ListParams) (*page.List[Booking], error) {
	after, err := s.positionOf(p.Cursor, "bookings", p)
	if err != nil {
		return nil, err
	}
	q := p.ofAll(after)
	if caller := auth.CallerFrom(ctx); caller.Role != auth.Admin {
		q = p.ofManager(after, caller.UserID)
	}
	return s.listBookings(ctx, q, "bookings", p, p.Limit)
}

// ofAll selects from the bookings of all hotels.
func (p *ListParams) ofAll(after *stayPosition) *pg.Statement {
	q := pg.NewStatement()
	q.Add(selectBookings + "\nFROM (\nSELECT " + bookingColumns + " FROM bookings b WHERE true")
	p.filter(q, after)
	q.Add(withNightly)
	return q
}

// ofManager selects from the bookings of the hotels that a manager runs. Each hotel gives its newest by an index,
// whatever number of bookings the other hotels have.
func (p *ListParams) ofManager(after *stayPosition, managerID int64) *pg.Statement {
	q := pg.NewStatement()
	q.Add(selectBookings + "\nFROM (\nSELECT " + bookingColumns + " FROM hotel_managers m CROSS JOIN LATERAL (\nSELECT " +
		bookingColumns + " FROM bookings b WHERE b.hotel_id = m.hotel_id")
	p.filter(q, after)
	q.Add(") AS b WHERE m.user_id = ?::bigint", managerID)
	q.Add(newestFirst, p.Limit+1)
	q.Add(withNightly)
	return q
}

// MineParams page the caller's bookings.
type MineParams struct {
	page.Params
}

// Mine returns the caller's own bookings, newest stay first.
func (s *Service) Mine(ctx context.Context, p *MineParams) (*page.List[Booking], error) {
	after, err := s.positionOf(p.Cursor, "my bookings", p)
	if err != nil {
		return nil, err
	}
	q := ofUser(after, auth.CallerFrom(ctx).UserID, p.Limit)
	return s.listBookings(ctx, q, "my bookings", p, p.Limit)
}

// ofUser selects from the bookings of one user.
func ofUser(after *stayPosition, userID int64, limit int) *pg.Statement {
	q := pg.NewStatement()
	q.Add(selectBookings+"\nFROM (\nSELECT "+bookingColumns+" FROM bookings b WHERE b.user_id = ?::bigint", userID)
	seek(q, after)
	q.Add(newestFirst, limit+1)
	q.Add(withNightly)
	return q
}

// A stayPosition is a place in the order by newest stay.
type stayPosition struct {
	DateFrom date.Date `json:"d"`
	ID       int64     `json:"i"`
}

func (s *Service) positionOf(cursor, list string, filters any) (*stayPosition, error) {
	if cursor == "" {
		return nil, nil
	}
	at := new(stayPosition)
	if err := s.cursors.Decode(cursor, list, filters, at); err != nil {
		return nil, err
	}
	return at, nil
}

// listBookings runs q, which asks for one booking more than limit, and makes a page of the result.
func (s *Service) listBookings(ctx context.Context, q *pg.Statement, list string, filters any, limit int) (*page.List[Booking], error) {
	rows, err := pg.Collect[bookingRow](ctx, s.db, q.String(), q.Args()...)
	if err != nil {
		return nil, fmt.Errorf("list bookings: %w", err)
	}
	return page.Cut(bookings(rows), limit, func(last Booking) (string, error) {
		return s.cursors.Encode(list, filters, stayPosition{last.DateFrom, last.ID})
	})
}

const (
	selectBookings = "SELECT " + bookingColumns + ", ledger.nightly_dates, ledger.nightly_prices"
	withNightly    = "\n) AS b" + joinNightly + "\nORDER BY b.date_from DESC, b.id DESC"
	newestFirst    = "\nORDER BY b.date_from DESC, b.id DESC LIMIT ?::integer"
)

func seek(q *pg.Statement, after *stayPosition) {
	if after != nil {
		q.Add("AND (b.date_from, b.id) < (?::date, ?::bigint)", after.DateFrom, after.ID)
	}
}

// filter adds the conditions of p, the place to go on from and the limit.
func (p *ListParams) filter(q *pg.Statement, after *stayPosition) {
	if p.HotelID != nil {
		q.Add("AND b.hotel_id = ?::bigint", *p.HotelID)
	}
	if p.RoomID != nil {
		q.Add("AND b.room_id = ?::bigint", *p.RoomID)
	}
	if p.UserID != nil {
		q.Add("AND b.user_id = ?::bigint", *p.UserID)
	}
	switch p.Status {
	case Confirmed:
		q.Add("AND b.status = 'confirmed'")
	case Cancelled:
		q.Add("AND b.status = 'cancelled'")
	}
	if p.From != nil {
		// No stay is longer than 30 nights: the second condition is for the index on the first night.
		q.Add("AND b.date_to > ?::date AND b.date_from > ?::date - 30", *p.From, *p.From)
	}
	if p.To != nil {
		q.Add("AND b.date_from < ?::date", *p.To)
	}
	if p.Reference != nil {
		id, _ := parseReference(*p.Reference)
		q.Add("AND b.id = ?::bigint", id)
	}
	seek(q, after)
	q.Add(newestFirst, p.Limit+1)
}
