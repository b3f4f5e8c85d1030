package catalog

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/jackc/pgx/v5"
	"golang.org/x/text/unicode/norm"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/idempotency"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// A Hotel is a house with rooms.
type Hotel struct {
	ID           int64      `json:"id" example:"7"`
	Title        string     `json:"title" example:"Harbour House"`
	Description  string     `json:"description"`
	Stars        int        `json:"stars" description:"0 to 5; 0 is without." example:"4"`
	City         City       `json:"city"`
	Address      string     `json:"address" example:"Austurstraeti 1"`
	PostalCode   *string    `json:"postal_code" example:"101"`
	Latitude     *float64   `json:"latitude" description:"Degrees north." example:"64.1475"`
	Longitude    *float64   `json:"longitude" description:"Degrees east." example:"-21.9398"`
	TimeZone     string     `json:"time_zone" description:"Name in the IANA database; it decides what day is today." example:"Atlantic/Reykjavik"`
	Currency     string     `json:"currency" description:"ISO 4217 code of all its prices." example:"ISK"`
	CheckInTime  string     `json:"check_in_time" description:"Local time." example:"14:00"`
	CheckOutTime string     `json:"check_out_time" description:"Local time." example:"12:00"`
	Facilities   []Facility `json:"facilities"`
	Images       []Image    `json:"images" description:"Those that are ready, in their order. Lists and searches have those on the first five places."`
}

// Location is the path of the hotel.
func (h *Hotel) Location() string { return fmt.Sprintf("/hotels/%d", h.ID) }

// Input returns the body that would write h as it is. It shares no memory with h: a patch is decoded into what
// its pointers point at.
func (h *Hotel) Input() HotelInput {
	return HotelInput{
		Title: h.Title, CityID: h.City.ID, Address: h.Address, Description: h.Description, Stars: h.Stars,
		PostalCode: clone(h.PostalCode), Latitude: clone(h.Latitude), Longitude: clone(h.Longitude),
		TimeZone: new(h.TimeZone), Currency: new(h.Currency), CheckInTime: h.CheckInTime, CheckOutTime: h.CheckOutTime,
		FacilityIDs: facilityIDs(h.Facilities),
	}
}

func clone[T any](p *T) *T {
	if p == nil {
		return nil
	}
	return new(*p)
}

// HotelInput is the body of the requests that write a hotel.
type HotelInput struct {
	Title        string   `json:"title" required:"true" minLength:"1" maxLength:"100" notBlank:"true" example:"Harbour House"`
	CityID       int64    `json:"city_id" required:"true" minimum:"1" example:"5"`
	Address      string   `json:"address" required:"true" minLength:"1" maxLength:"300" notBlank:"true" example:"Austurstraeti 1"`
	Description  string   `json:"description" maxLength:"5000" default:"" example:"Above the old harbour."`
	Stars        int      `json:"stars" minimum:"0" maximum:"5" default:"0" description:"0 is without." example:"4"`
	PostalCode   *string  `json:"postal_code" minLength:"1" maxLength:"20" notBlank:"true" example:"101"`
	Latitude     *float64 `json:"latitude" minimum:"-90" maximum:"90" description:"Degrees north; only with longitude." example:"64.1475"`
	Longitude    *float64 `json:"longitude" minimum:"-180" maximum:"180" description:"Degrees east; only with latitude." example:"-21.9398"`
	TimeZone     *string  `json:"time_zone" minLength:"1" maxLength:"64" description:"Name in the IANA database; that of the city when absent." example:"Atlantic/Reykjavik"`
	Currency     *string  `json:"currency" pattern:"^[A-Z]{3}$" description:"ISO 4217 code; that of the country when absent. It changes only while the hotel has no rooms." example:"ISK"`
	CheckInTime  string   `json:"check_in_time" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" default:"14:00" example:"14:00"`
	CheckOutTime string   `json:"check_out_time" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" default:"12:00" example:"12:00"`
	FacilityIDs  []int64  `json:"facility_ids" maxItems:"100" items.minimum:"1" uniqueItems:"true" description:"Facilities of the hotel; none when absent."`
}

// Validate checks what the schema cannot express.
func (in *HotelInput) Validate() error {
	return invalid(checkLocation(in.Latitude, in.Longitude), checkTimeZone(in.TimeZone), checkCurrency(in.Currency))
}

// columns are the values of the columns after the id.
func (in *HotelInput) columns() []any {
	return []any{
		in.CityID, norm.NFC.String(in.Title), in.Description, in.Stars, in.Address, in.PostalCode,
		degrees(in.Latitude), degrees(in.Longitude), in.TimeZone, in.Currency, in.CheckInTime, in.CheckOutTime,
	}
}

var (
	hotelExists = errs.Kind{
		Code: "hotel_exists", Status: http.StatusConflict, Title: "A hotel with this title already exists in the city",
	}
	hotelHasRooms = errs.Kind{
		Code: "hotel_has_rooms", Status: http.StatusConflict, Title: "The hotel has rooms priced in its currency",
	}
)

func (s *Service) registerHotels(api *httpapi.API) {
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /hotels", ID: "listHotels", Tag: "Hotels", Summary: "List hotels",
		Access: httpapi.Public, Conditional: true,
	}, s.ListHotels)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "POST /hotels", ID: "createHotel", Tag: "Hotels", Summary: "Create a hotel",
		Access: auth.AdminOnly, Idempotent: true, Conditional: true, Status: http.StatusCreated, Errors: []errs.Kind{hotelExists},
	}, s.CreateHotel)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /hotels/{hotel_id}", ID: "getHotel", Tag: "Hotels", Summary: "Get a hotel",
		Access: httpapi.Public, Conditional: true, Errors: []errs.Kind{errs.NotFound},
	}, s.GetHotel)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "PUT /hotels/{hotel_id}", ID: "replaceHotel", Tag: "Hotels", Summary: "Replace a hotel",
		Description: "Managers may do so with the hotels they are assigned to.",
		Access:      auth.Staff, Conditional: true, Errors: []errs.Kind{errs.NotFound, hotelExists, hotelHasRooms},
	}, s.ReplaceHotel)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "PATCH /hotels/{hotel_id}", ID: "updateHotel", Tag: "Hotels", Summary: "Change a hotel",
		Description: "Managers may do so with the hotels they are assigned to.",
		Access:      auth.Staff, Conditional: true, Errors: []errs.Kind{errs.NotFound, hotelExists, hotelHasRooms},
	}, s.UpdateHotel)
}

// CreateHotel adds a hotel without rooms and managers.
func (s *Service) CreateHotel(ctx context.Context, in *HotelInput) (*Hotel, error) {
	h, err := idempotency.Once(ctx, s.db, func(tx pgx.Tx) (*Hotel, error) {
		var id int64
		if err := tx.QueryRow(ctx, insertHotel, in.columns()...).Scan(&id); err != nil {
			return nil, cityUnknown(err)
		}
		h, err := writeHotelLinks(ctx, tx, id, in.FacilityIDs)
		if err != nil {
			return nil, err
		}
		return h, recordCreation(ctx, tx, objectHotel, id, h)
	})
	if err != nil {
		return nil, fmt.Errorf("create hotel: %w", hotelProblem(err))
	}
	s.hotelsCreated.Inc()
	return h, nil
}

func writeHotelLinks(ctx context.Context, tx pgx.Tx, id int64, facilityIDs []int64) (*Hotel, error) {
	batch := &pgx.Batch{}
	queueLinks(batch, hotelLinks, id, facilityIDs)
	found := queueOne(batch, []int64{id}, nil)
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return nil, err
	}
	return only(found.Hotels)
}

// HotelParams name a hotel.
type HotelParams struct {
	ID int64 `path:"hotel_id" minimum:"1" example:"1" description:"The hotel."`
}

// GetHotel returns a hotel.
func (s *Service) GetHotel(ctx context.Context, p *HotelParams) (*Hotel, error) {
	found, err := one(ctx, s.db, []int64{p.ID}, nil)
	if err != nil {
		return nil, fmt.Errorf("get hotel: %w", err)
	}
	return only(found.Hotels)
}

// ReplaceHotelParams say what a hotel becomes.
type ReplaceHotelParams struct {
	HotelParams
	Body HotelInput
}

// ReplaceHotel writes all fields of a hotel that the caller runs.
func (s *Service) ReplaceHotel(ctx context.Context, p *ReplaceHotelParams) (*Hotel, error) {
	h, err := s.changeHotel(ctx, p.ID, func(in *HotelInput) error {
		*in = p.Body
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("replace hotel: %w", err)
	}
	return h, nil
}

// UpdateHotelParams say what of a hotel changes.
type UpdateHotelParams struct {
	HotelParams
	Body httpapi.Patch[HotelInput]
}

// UpdateHotel writes the fields in the patch of a hotel that the caller runs.
func (s *Service) UpdateHotel(ctx context.Context, p *UpdateHotelParams) (*Hotel, error) {
	h, err := s.changeHotel(ctx, p.ID, p.Body.Apply)
	if err != nil {
		return nil, fmt.Errorf("update hotel: %w", err)
	}
	return h, nil
}

// changeHotel writes what change makes of a hotel.
func (s *Service) changeHotel(ctx context.Context, id int64, change func(*HotelInput) error) (*Hotel, error) {
	var h *Hotel
	err := pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		if err := CheckManager(ctx, tx, id); err != nil {
			return err
		}
		now, err := HotelForUpdate(ctx, tx, id)
		if err != nil {
			return err
		}
		if err := httpapi.CheckMatch(ctx, now); err != nil {
			return err
		}
		in := now.Input()
		if err := change(&in); err != nil {
			return err
		}
		if h, err = writeHotel(ctx, tx, now, in); err != nil {
			return err
		}
		return recordUpdate(ctx, tx, objectHotel, id, now, h)
	})
	if err != nil {
		return nil, hotelProblem(err)
	}
	return h, nil
}

// writeHotel makes of the locked hotel h what in says.
func writeHotel(ctx context.Context, tx pgx.Tx, h *Hotel, in HotelInput) (*Hotel, error) {
	var currency string
	err := tx.QueryRow(ctx, updateHotel, append(in.columns(), h.ID)...).Scan(&currency)
	if err != nil {
		return nil, cityUnknown(err)
	}
	if currency != h.Currency {
		// Nobody can add a room now: that takes a lock on the hotel.
		rooms, err := RoomIDs(ctx, tx, h.ID)
		if err != nil {
			return nil, err
		}
		if len(rooms) > 0 {
			return nil, hotelHasRooms.New("The currency can only change while the hotel has no rooms.")
		}
	}
	return writeHotelLinks(ctx, tx, h.ID, in.FacilityIDs)
}

// only returns the one item that was asked for.
func only[T any](items []T) (*T, error) {
	if len(items) == 0 {
		return nil, errs.NotFound.New("")
	}
	return &items[0], nil
}

// hotelsCity is violated by a hotel in no city and by the end of a city with hotels.
const hotelsCity = "hotels_city_id_fkey"

// cityUnknown explains why a hotel could not be written although it exists or need not.
func cityUnknown(err error) error {
	if errors.Is(err, pgx.ErrNoRows) || pg.Constraint(err) == hotelsCity {
		return errs.InvalidBody("city_id", "unknown", "is not the id of a city").Because(err)
	}
	return err
}

func hotelProblem(err error) error {
	if pg.Constraint(err) == "hotels_title_key" {
		return hotelExists.New("").Because(err)
	}
	return refused(err)
}

// See insertCity about AT TIME ZONE.
const insertHotel = `
INSERT INTO hotels (city_id, title, description, stars, address, postal_code, latitude, longitude,
	time_zone, currency, check_in_time, check_out_time)
SELECT c.id, $2, $3, $4, $5, $6, $7, $8, coalesce($9, c.time_zone), coalesce($10, k.currency), $11, $12
FROM cities c JOIN countries k ON k.id = c.country_id
WHERE c.id = $1 AND now() AT TIME ZONE coalesce($9, c.time_zone) IS NOT NULL
RETURNING id`

const updateHotel = `
UPDATE hotels h SET city_id = c.id, title = $2, description = $3, stars = $4, address = $5, postal_code = $6,
	latitude = $7, longitude = $8, time_zone = coalesce($9, c.time_zone), currency = coalesce($10, k.currency),
	check_in_time = $11, check_out_time = $12
FROM cities c JOIN countries k ON k.id = c.country_id
WHERE c.id = $1 AND h.id = $13 AND now() AT TIME ZONE coalesce($9, c.time_zone) IS NOT NULL
RETURNING h.currency`
