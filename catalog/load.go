package catalog

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Found holds hotels and rooms that were read by id, each in the order of the ids asked for. What is absent or
// archived is left out.
type Found struct {
	Hotels []Hotel
	Rooms  []Room

	// Facilities are first read as ids, so that a title shared by many rooms crosses the wire once.
	hotelLinks, roomLinks []int64
}

// QueueByID adds to batch the reading of hotels and rooms, three statements at most whatever their number.
// The result is complete once the batch was closed without an error.
func QueueByID(batch *pgx.Batch, hotelIDs, roomIDs []int64) *Found {
	found := &Found{}
	if len(hotelIDs) > 0 {
		found.Hotels = make([]Hotel, 0, len(hotelIDs))
		batch.Queue(selectHotels, hotelIDs).Query(found.scanHotels)
	}
	if len(roomIDs) > 0 {
		found.Rooms = make([]Room, 0, len(roomIDs))
		batch.Queue(selectRooms, roomIDs).Query(found.scanRooms)
	}
	if len(hotelIDs)+len(roomIDs) > 0 {
		batch.Queue(selectFacilitiesOf, notNil(hotelIDs), notNil(roomIDs)).Query(found.scanFacilities)
	}
	return found
}

// HotelsByID returns the hotels with those ids, in that order and without those that are absent or archived.
func HotelsByID(ctx context.Context, db querier, ids []int64) ([]Hotel, error) {
	found, err := byID(ctx, db, ids, nil)
	if err != nil {
		return nil, fmt.Errorf("read hotels: %w", err)
	}
	return found.Hotels, nil
}

// RoomsByID returns the rooms with those ids, in that order and without those that are absent or archived.
func RoomsByID(ctx context.Context, db querier, ids []int64) ([]Room, error) {
	found, err := byID(ctx, db, nil, ids)
	if err != nil {
		return nil, fmt.Errorf("read rooms: %w", err)
	}
	return found.Rooms, nil
}

func byID(ctx context.Context, db querier, hotelIDs, roomIDs []int64) (*Found, error) {
	batch := &pgx.Batch{}
	found := QueueByID(batch, hotelIDs, roomIDs)
	if batch.Len() == 0 {
		return found, nil
	}
	return found, db.SendBatch(ctx, batch).Close()
}

// The scans below read into one row whose fields are named once: this is the hot part of the search, and
// finding the fields by the names of the columns costs more than reading them.

func (f *Found) scanHotels(rows pgx.Rows) error {
	var h Hotel
	var links []int64
	fields := []any{
		&h.ID, &h.Title, &h.Description, &h.Stars, &h.Address, &h.PostalCode, &h.Latitude, &h.Longitude,
		&h.TimeZone, &h.Currency, &h.CheckInTime, &h.CheckOutTime,
		&h.City.ID, &h.City.Name, &h.City.Region, &h.City.Latitude, &h.City.Longitude, &h.City.TimeZone,
		&h.City.Population, &h.City.Country.ID, &h.City.Country.Name, &h.City.Country.ISOCode,
		&h.City.Country.Currency, &links,
	}
	_, err := pgx.ForEachRow(rows, fields, func() error {
		h.Facilities = make([]Facility, 0, len(links))
		f.Hotels = append(f.Hotels, h)
		f.hotelLinks = append(f.hotelLinks, links...)
		f.hotelLinks = append(f.hotelLinks, endOfLinks)
		return nil
	})
	return err
}

func (f *Found) scanRooms(rows pgx.Rows) error {
	var r Room
	var links []int64
	fields := []any{
		&r.ID, &r.HotelID, &r.Title, &r.Description, &r.Price, &r.Currency, &r.Quantity, &r.MaxGuests, &links,
	}
	_, err := pgx.ForEachRow(rows, fields, func() error {
		r.Facilities = make([]Facility, 0, len(links))
		f.Rooms = append(f.Rooms, r)
		f.roomLinks = append(f.roomLinks, links...)
		f.roomLinks = append(f.roomLinks, endOfLinks)
		return nil
	})
	return err
}

// endOfLinks follows the facility ids of each hotel and of each room. No id is zero.
const endOfLinks = 0

// scanFacilities comes last in a batch and replaces the ids of facilities by what they are.
func (f *Found) scanFacilities(rows pgx.Rows) error {
	var one Facility
	known := make(map[int64]Facility)
	_, err := pgx.ForEachRow(rows, []any{&one.ID, &one.Title}, func() error {
		known[one.ID] = one
		return nil
	})
	if err != nil {
		return err
	}
	resolve(f.hotelLinks, known, func(i int) *[]Facility { return &f.Hotels[i].Facilities })
	resolve(f.roomLinks, known, func(i int) *[]Facility { return &f.Rooms[i].Facilities })
	f.hotelLinks, f.roomLinks = nil, nil
	return nil
}

// resolve appends the facilities that links name to those of the owners, taken in order.
func resolve(links []int64, known map[int64]Facility, owner func(int) *[]Facility) {
	i := 0
	for _, id := range links {
		if id == endOfLinks {
			i++
			continue
		}
		// A facility may go between two statements of the batch.
		if one, ok := known[id]; ok {
			facilities := owner(i)
			*facilities = append(*facilities, one)
		}
	}
}

// notNil keeps an empty list from becoming NULL in the database.
func notNil(ids []int64) []int64 {
	if ids == nil {
		return []int64{}
	}
	return ids
}

const selectHotels = `
SELECT h.id, h.title, h.description, h.stars, h.address, h.postal_code, h.latitude, h.longitude,
	h.time_zone, h.currency, left(h.check_in_time::text, 5), left(h.check_out_time::text, 5),
	c.id, c.name, c.region, c.latitude, c.longitude, c.time_zone, c.population,
	k.id, k.name, k.iso_code, k.currency,
	ARRAY(SELECT facility_id FROM hotel_facilities WHERE hotel_id = h.id ORDER BY facility_id)
FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted (id, place)
JOIN hotels h ON h.id = wanted.id AND h.archived_at IS NULL
JOIN cities c ON c.id = h.city_id
JOIN countries k ON k.id = c.country_id
ORDER BY wanted.place`

const selectRooms = `
SELECT r.id, r.hotel_id, r.title, r.description, r.price, r.currency, r.quantity, r.max_guests,
	ARRAY(SELECT facility_id FROM room_facilities WHERE room_id = r.id ORDER BY facility_id)
FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted (id, place)
JOIN rooms r ON r.id = wanted.id AND r.archived_at IS NULL
ORDER BY wanted.place`

const selectFacilitiesOf = `
SELECT id, title FROM facilities WHERE id IN (
	SELECT facility_id FROM hotel_facilities WHERE hotel_id = ANY($1::bigint[])
	UNION
	SELECT facility_id FROM room_facilities WHERE room_id = ANY($2::bigint[]))`
