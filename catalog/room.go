package catalog

import (
	"context"
	"fmt"
	"net/http"

	"github.com/jackc/pgx/v5"
	"golang.org/x/text/unicode/norm"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/idempotency"
	"github.com/shumbooking/shumbooking/platform/page"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// A Room is a room type of a hotel, of which Quantity exist.
type Room struct {
	ID          int64      `json:"id" example:"42"`
	HotelID     int64      `json:"hotel_id" example:"7"`
	Title       string     `json:"title" example:"Double with a view"`
	Description string     `json:"description"`
	Price       int64      `json:"price" description:"Price of one night in minor units of the currency." example:"350000"`
	Currency    string     `json:"currency" description:"ISO 4217 code, that of the hotel." example:"RUB"`
	Quantity    int        `json:"quantity" description:"How many rooms of this type the hotel has." example:"10"`
	MaxGuests   int        `json:"max_guests" description:"How many guests one such room takes." example:"2"`
	Facilities  []Facility `json:"facilities"`
	Images      []Image    `json:"images" description:"Those that are ready, in their order. Lists and searches have those on the first five places."`
}

// Location is the path of the room.
func (r *Room) Location() string { return fmt.Sprintf("/hotels/%d/rooms/%d", r.HotelID, r.ID) }

// Input returns the body that would write r as it is.
func (r *Room) Input() RoomInput {
	return RoomInput{
		Title: r.Title, Description: r.Description, Price: r.Price, Quantity: r.Quantity, MaxGuests: r.MaxGuests,
		FacilityIDs: facilityIDs(r.Facilities),
	}
}

// RoomInput is the body of the requests that write a room.
type RoomInput struct {
	Title       string  `json:"title" required:"true" minLength:"1" maxLength:"100" notBlank:"true" example:"Double with a view"`
	Description string  `json:"description" maxLength:"5000" default:"" example:"A wide bed and a balcony over the river."`
	Price       int64   `json:"price" required:"true" minimum:"0" maximum:"1000000000000" description:"Price of one night in minor units of the hotel's currency." example:"350000"`
	Quantity    int     `json:"quantity" required:"true" minimum:"0" maximum:"10000" description:"How many rooms of this type the hotel has." example:"10"`
	MaxGuests   int     `json:"max_guests" required:"true" minimum:"1" maximum:"100" description:"How many guests one such room takes." example:"2"`
	FacilityIDs []int64 `json:"facility_ids" maxItems:"100" items.minimum:"1" uniqueItems:"true" description:"Facilities of the room; none when absent."`
}

func (s *Service) registerRooms(api *httpapi.API) {
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /hotels/{hotel_id}/rooms", ID: "listRooms", Tag: "Rooms", Summary: "List the rooms of a hotel",
		Access: httpapi.Public, Conditional: true, Errors: []errs.Kind{errs.NotFound},
	}, s.ListRooms)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "POST /hotels/{hotel_id}/rooms", ID: "createRoom", Tag: "Rooms", Summary: "Add a room to a hotel",
		Description: "Managers may do so in the hotels they are assigned to.",
		Idempotent:  true, Conditional: true,
		Access: auth.Staff, Status: http.StatusCreated, Errors: []errs.Kind{errs.NotFound},
	}, s.CreateRoom)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /hotels/{hotel_id}/rooms/{room_id}", ID: "getRoom", Tag: "Rooms", Summary: "Get a room",
		Access: httpapi.Public, Conditional: true, Errors: []errs.Kind{errs.NotFound},
	}, s.GetRoom)
}

// ListRoomsParams filter and page the rooms of a hotel.
type ListRoomsParams struct {
	page.Params
	HotelID     int64   `path:"hotel_id" minimum:"1" example:"1" description:"The hotel."`
	Title       string  `query:"title" maxLength:"100" description:"Part of the title, in any case."`
	FacilityIDs []int64 `query:"facility_id" maxItems:"20" items.minimum:"1" description:"Facilities that the room must have, all of them."`
	Sort        string  `query:"sort" enum:"id,-id,title,-title" default:"id" description:"The order; a minus reverses it."`
}

// ListRooms returns the rooms of a hotel, page by page.
func (s *Service) ListRooms(ctx context.Context, p *ListRoomsParams) (*page.List[Room], error) {
	l := p.listing()
	q := roomsQuery(p)
	if err := s.seek(q, l); err != nil {
		return nil, fmt.Errorf("list rooms: %w", err)
	}
	rows, err := pg.Collect[position](ctx, s.db, q.String(), q.Args()...)
	if err != nil {
		return nil, fmt.Errorf("list rooms: %w", err)
	}
	if len(rows) == 0 {
		// An empty list and an unknown hotel look alike up to here.
		if err := checkHotel(ctx, s.db, p.HotelID); err != nil {
			return nil, fmt.Errorf("list rooms: %w", err)
		}
	}
	list, err := hydrate(ctx, s, l, rows, RoomsByID)
	if err != nil {
		return nil, fmt.Errorf("list rooms: %w", err)
	}
	return list, nil
}

func (p *ListRoomsParams) listing() listing {
	return listing{name: "rooms", filters: p, page: p.Params, sort: p.Sort, sorts: roomSorts}
}

func roomsQuery(p *ListRoomsParams) *pg.Statement {
	q := newQuery(listRooms, p.HotelID)
	if p.Title != "" {
		q.Add("AND lower(r.title) LIKE lower(?)", containing(p.Title))
	}
	for _, id := range p.FacilityIDs {
		q.Add("AND EXISTS (SELECT FROM room_facilities WHERE room_id = r.id AND facility_id = ?)", id)
	}
	return q
}

// CreateRoomParams say which hotel gets a room, and what it is like.
type CreateRoomParams struct {
	HotelID int64 `path:"hotel_id" minimum:"1" example:"1" description:"The hotel."`
	Body    RoomInput
}

// CreateRoom adds a room to a hotel that the caller runs.
func (s *Service) CreateRoom(ctx context.Context, p *CreateRoomParams) (*Room, error) {
	room, err := idempotency.Once(ctx, s.db, func(tx pgx.Tx) (*Room, error) {
		if err := CheckManager(ctx, tx, p.HotelID); err != nil {
			return nil, err
		}
		room, err := createRoom(ctx, tx, p.HotelID, p.Body)
		if err != nil {
			return nil, err
		}
		return room, recordCreation(ctx, tx, objectRoom, room.ID, room)
	})
	if err != nil {
		return nil, fmt.Errorf("create room: %w", refused(err))
	}
	return room, nil
}

func createRoom(ctx context.Context, tx pgx.Tx, hotelID int64, in RoomInput) (*Room, error) {
	var id int64
	err := tx.QueryRow(ctx, insertRoom, hotelID, norm.NFC.String(in.Title), in.Description,
		in.Price, in.Quantity, in.MaxGuests).Scan(&id)
	if err != nil {
		return nil, absent(err)
	}
	batch := &pgx.Batch{}
	queueLinks(batch, roomLinks, id, in.FacilityIDs)
	return sendForRoom(ctx, tx, batch, id)
}

// sendForRoom sends batch and reads the room in the same round trip.
func sendForRoom(ctx context.Context, tx pgx.Tx, batch *pgx.Batch, id int64) (*Room, error) {
	found := queueOne(batch, nil, []int64{id})
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, err
	}
	if len(found.Rooms) == 0 {
		return nil, errs.NotFound.New("")
	}
	return &found.Rooms[0], nil
}

// GetRoomParams name a room of a hotel.
type GetRoomParams struct {
	HotelID int64 `path:"hotel_id" minimum:"1" example:"1" description:"The hotel."`
	RoomID  int64 `path:"room_id" minimum:"1" example:"1" description:"The room type."`
}

// GetRoom returns a room. A room of another hotel is not found.
func (s *Service) GetRoom(ctx context.Context, p *GetRoomParams) (*Room, error) {
	found, err := one(ctx, s.db, nil, []int64{p.RoomID})
	if err != nil {
		return nil, fmt.Errorf("get room: %w", err)
	}
	if len(found.Rooms) == 0 || found.Rooms[0].HotelID != p.HotelID {
		return nil, errs.NotFound.New("")
	}
	return &found.Rooms[0], nil
}

var roomSorts = map[string][]string{"id": {"r.id"}, "title": {"r.title", "r.id"}}

// An archived hotel has archived rooms only.
const listRooms = `
SELECT r.id, r.title AS text, 0::bigint AS "group" FROM rooms r
WHERE r.hotel_id = ? AND r.archived_at IS NULL`

// The lock on the hotel makes a change of its currency, and its end, wait for the new room and the other way
// round: after waiting, the statement sees the hotel as it is then.
const insertRoom = `
INSERT INTO rooms (hotel_id, city_id, currency, title, description, price, price_floor, price_ceiling, quantity, max_guests)
SELECT h.id, h.city_id, h.currency, $2, $3, $4, $4, $4, $5, $6
FROM hotels h WHERE h.id = $1 AND h.archived_at IS NULL
FOR SHARE
RETURNING id`
