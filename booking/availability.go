package booking

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/page"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// A RoomOffer is a room that can be booked for a stay, and what the stay costs.
type RoomOffer struct {
	catalog.Room
	Available  int     `json:"available" example:"3" description:"How many are free on every night of the stay."`
	TotalPrice int64   `json:"total_price" example:"700000" description:"For all rooms and nights, in minor units."`
	Nightly    []Night `json:"nightly"`
}

// AvailableRoomsParams are a hotel and a stay.
type AvailableRoomsParams struct {
	page.Params
	HotelID  int64     `path:"hotel_id" json:"hotel_id" minimum:"1" example:"1" description:"The hotel."`
	DateFrom date.Date `query:"date_from" required:"true" example:"today+300" description:"The first night."`
	DateTo   date.Date `query:"date_to" required:"true" example:"today+302" description:"The day of departure, at most 30 nights later."`
	Guests   int       `query:"guests" minimum:"1" maximum:"10000" default:"1" description:"The whole party."`
	Rooms    int       `query:"rooms" minimum:"1" maximum:"100" default:"1" description:"How many rooms of one type."`
}

// Validate checks the length of the stay.
func (p *AvailableRoomsParams) Validate() error {
	return checkStay("query", p.DateFrom, p.DateTo)
}

// AvailableRooms returns the rooms of a hotel that can be booked for the stay, cheapest first. An unknown hotel is
// not_found.
func (s *Service) AvailableRooms(ctx context.Context, p *AvailableRoomsParams) (*page.List[RoomOffer], error) {
	var after *point
	if p.Cursor != "" {
		after = new(point)
		if err := s.cursors.Decode(p.Cursor, "available rooms", p, after); err != nil {
			return nil, err
		}
	}
	want := stay{from: p.DateFrom, to: p.DateTo, rooms: p.Rooms, guests: p.Guests}
	found, err := pg.One[hotelRooms](ctx, s.db, selectHotelRooms, want.from, want.to, want.rooms, want.guests, p.HotelID)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, errs.NotFound.New("")
	}
	if err != nil {
		return nil, fmt.Errorf("list available rooms: %w", err)
	}
	if rules := dateRules(p.DateFrom, found.Today); len(rules) > 0 {
		return nil, broken("query", rules...)
	}
	_, offers, err := s.offers(ctx, &want, nil, found.Rooms)
	if err != nil {
		return nil, fmt.Errorf("list available rooms: %w", err)
	}
	cheapestFirst(offers)
	offers = slices.DeleteFunc(offers, func(o RoomOffer) bool {
		return after != nil && !ascending().precedes(*after, point{o.TotalPrice, o.ID})
	})
	return page.Cut(offers, p.Limit, func(last RoomOffer) (string, error) {
		return s.cursors.Encode("available rooms", p, point{last.TotalPrice, last.ID})
	})
}

// hotelRooms are the rooms of one hotel that can be booked.
type hotelRooms struct {
	Today date.Date
	Rooms []int64
}

const selectHotelRooms = `
SELECT (now() AT TIME ZONE h.time_zone)::date AS today,
	ARRAY(SELECT r.id FROM rooms r WHERE r.hotel_id = h.id AND ` + offerableRoom + `) AS rooms
FROM hotels h WHERE h.id = $5::bigint AND h.archived_at IS NULL`

// hotelOffers turns hits into what a search answers, in the same order.
func (s *Service) hotelOffers(ctx context.Context, q *search, hits []hit) ([]HotelOffer, error) {
	offers := make([]HotelOffer, 0, len(hits))
	if len(hits) == 0 {
		return offers, nil
	}
	hotelIDs := make([]int64, len(hits))
	var roomIDs []int64
	distances := make(map[int64]*float64, len(hits))
	for i, h := range hits {
		hotelIDs[i] = h.HotelID
		roomIDs = append(roomIDs, h.Rooms...)
		if h.Distance != nil {
			distances[h.HotelID] = new(math.Round(*h.Distance*1000) / 1000)
		}
	}
	hotels, rooms, err := s.offers(ctx, &q.stay, hotelIDs, roomIDs)
	if err != nil {
		return nil, err
	}
	for i := range hotels {
		var own []RoomOffer
		own, rooms = cutRoomsOf(hotels[i].ID, rooms)
		// The last room may have gone since the walk.
		if len(own) > 0 {
			cheapestFirst(own)
			offers = append(offers, HotelOffer{
				Hotel: hotels[i], MinTotalPrice: own[0].TotalPrice, DistanceKM: distances[hotels[i].ID], Rooms: own,
			})
		}
	}
	return offers, nil
}

// cutRoomsOf returns the rooms of a hotel, which stand together, and those that come after them. Before them may be
// rooms of a hotel that has gone since.
func cutRoomsOf(hotelID int64, rooms []RoomOffer) (own, rest []RoomOffer) {
	first := 0
	for first < len(rooms) && rooms[first].HotelID != hotelID {
		first++
	}
	if first == len(rooms) {
		return nil, rooms
	}
	end := first
	for end < len(rooms) && rooms[end].HotelID == hotelID {
		end++
	}
	return rooms[first:end:end], rooms[end:]
}

// cheapestFirst sorts rooms by what the stay costs.
func cheapestFirst(rooms []RoomOffer) {
	slices.SortFunc(rooms, func(a, b RoomOffer) int {
		return cmp.Or(cmp.Compare(a.TotalPrice, b.TotalPrice), cmp.Compare(a.ID, b.ID))
	})
}

// offers reads hotels and rooms in the order of their ids, and what a stay in each of the rooms costs, in one round trip.
func (s *Service) offers(ctx context.Context, want *stay, hotelIDs, roomIDs []int64) ([]catalog.Hotel, []RoomOffer, error) {
	batch := &pgx.Batch{}
	found := s.queueOffers(batch, want, hotelIDs, roomIDs)
	if err := s.db.SendBatch(ctx, batch).Close(); err != nil {
		return nil, nil, err
	}
	return found.catalog.Hotels, found.rooms(want), nil
}

// foundOffers are rooms and their nights within a stay.
type foundOffers struct {
	catalog *catalog.Found
	touched map[int64][]touchedNight
}

// queueOffers adds to batch the reading of hotels, rooms, and the rooms' nights.
func (s *Service) queueOffers(batch *pgx.Batch, want *stay, hotelIDs, roomIDs []int64) *foundOffers {
	found := &foundOffers{catalog: catalog.QueueByID(batch, hotelIDs, roomIDs), touched: make(map[int64][]touchedNight)}
	batch.Queue(selectTouchedNights, roomIDs, want.from, want.to).Query(func(rows pgx.Rows) error {
		var n touchedNight
		var roomID int64
		_, err := pgx.ForEachRow(rows, []any{&roomID, &n.night, &n.free, &n.price, &n.closed}, func() error {
			found.touched[roomID] = append(found.touched[roomID], n)
			return nil
		})
		return err
	})
	return found
}

// rooms returns the rooms with what a stay in them costs, in the order in which they were read. One that was sold out in
// the meantime is left out.
func (f *foundOffers) rooms(want *stay) []RoomOffer {
	length := want.to.Sub(want.from)
	offers := make([]RoomOffer, 0, len(f.catalog.Rooms))
	// The nights of all rooms share one allocation.
	nights := make([]Night, len(f.catalog.Rooms)*length)
	for i := range f.catalog.Rooms {
		var own []Night
		own, nights = nights[:length:length], nights[length:]
		offers = append(offers, RoomOffer{Room: f.catalog.Rooms[i], Nightly: own})
		offer := &offers[len(offers)-1]
		offer.price(want, f.touched[offer.ID])
		if offer.Available < want.rooms {
			offers = offers[:len(offers)-1]
		}
	}
	return offers
}

// A touchedNight is a night of a room that differs from the room itself.
type touchedNight struct {
	night  date.Date
	free   int
	price  *int64
	closed bool
}

const selectTouchedNights = `
SELECT n.room_id, n.night, n.capacity - n.booked AS free, n.price, n.closed
FROM room_nights n WHERE n.room_id = ANY ($1::bigint[]) AND n.night >= $2::date AND n.night < $3::date`

// price tells what a stay in the room costs and how many are free, given the nights of the stay that were touched.
func (o *RoomOffer) price(want *stay, touched []touchedNight) {
	o.Available = o.Quantity
	for i := range o.Nightly {
		o.Nightly[i] = Night{Date: want.from.AddDays(i), Price: o.Price * int64(want.rooms)}
	}
	for _, n := range touched {
		o.Available = min(o.Available, n.free)
		if n.closed {
			o.Available = 0
		}
		if n.price != nil {
			o.Nightly[n.night.Sub(want.from)].Price = *n.price * int64(want.rooms)
		}
	}
	for _, night := range o.Nightly {
		o.TotalPrice += night.Price
	}
}
