package catalog

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// Found holds hotels and rooms that were read by id, each in the order of the ids asked for. What is absent or
// archived is left out.
type Found struct {
	Hotels []Hotel
	Rooms  []Room
}

// QueueByID adds to batch the reading of hotels and rooms by ids that do not repeat, four statements at most
// whatever their number. Each comes with the front of its gallery: whole ones would make lists and searches of any
// size. The result is complete once the batch was closed without an error.
func QueueByID(batch *pgx.Batch, hotelIDs, roomIDs []int64) *Found {
	return queue(batch, hotelIDs, roomIDs, galleryFront)
}

// queueOne is QueueByID for one hotel or room, with its whole gallery.
func queueOne(batch *pgx.Batch, hotelIDs, roomIDs []int64) *Found {
	return queue(batch, hotelIDs, roomIDs, maxGallery)
}

// one reads a hotel or a room with its whole gallery, as they are at one moment: the tag of what never was would match
// nothing. It takes the pool because the transaction is that of the batch, which costs one round trip.
func one(ctx context.Context, pool *pgxpool.Pool, hotelIDs, roomIDs []int64) (*Found, error) {
	batch := &pgx.Batch{}
	batch.Queue("BEGIN READ ONLY, ISOLATION LEVEL REPEATABLE READ")
	found := queueOne(batch, hotelIDs, roomIDs)
	batch.Queue("COMMIT")
	return found, pool.SendBatch(ctx, batch).Close()
}

func queue(batch *pgx.Batch, hotelIDs, roomIDs []int64, places int) *Found {
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
		batch.Queue(selectImagesOf, notNil(hotelIDs), notNil(roomIDs), places).Query(found.scanImages)
	}
	return found
}

// HotelsByID returns the hotels with those ids, in that order and without those that are absent or archived.
// Each has the front of its gallery.
func HotelsByID(ctx context.Context, db querier, ids []int64) ([]Hotel, error) {
	found, err := byID(ctx, db, ids, nil)
	if err != nil {
		return nil, fmt.Errorf("read hotels: %w", err)
	}
	return found.Hotels, nil
}

// RoomsByID returns the rooms with those ids, in that order and without those that are absent or archived.
// Each has the front of its gallery.
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
	fields := []any{
		&h.ID, &h.Title, &h.Description, &h.Stars, &h.Address, &h.PostalCode, &h.Latitude, &h.Longitude,
		&h.TimeZone, &h.Currency, &h.CheckInTime, &h.CheckOutTime,
		&h.City.ID, &h.City.Name, &h.City.Region, &h.City.Latitude, &h.City.Longitude, &h.City.TimeZone,
		&h.City.Population, &h.City.Country.ID, &h.City.Country.Name, &h.City.Country.ISOCode,
		&h.City.Country.Currency,
	}
	_, err := pgx.ForEachRow(rows, fields, func() error {
		f.Hotels = append(f.Hotels, h)
		return nil
	})
	return err
}

func (f *Found) scanRooms(rows pgx.Rows) error {
	var r Room
	fields := []any{
		&r.ID, &r.HotelID, &r.Title, &r.Description, &r.Price, &r.Currency, &r.Quantity, &r.MaxGuests,
	}
	_, err := pgx.ForEachRow(rows, fields, func() error {
		f.Rooms = append(f.Rooms, r)
		return nil
	})
	return err
}

// scanFacilities comes after what it adds to: each row is a facility and who has it, so that its title crosses the
// wire once and not with every room.
func (f *Found) scanFacilities(rows pgx.Rows) error {
	type shared struct {
		Facility
		owners []int64
	}
	all := make([]shared, 0, fewFacilities)
	var one shared
	_, err := pgx.ForEachRow(rows, []any{&one.ID, &one.Title, &one.owners}, func() error {
		all = append(all, one)
		return nil
	})
	if err != nil {
		return err
	}
	owned, counts, total := owners(f, (*Hotel).facilities, (*Room).facilities), make(map[int64]int, len(f.Hotels)+len(f.Rooms)), 0
	for _, facility := range all {
		total += len(facility.owners)
		for _, owner := range facility.owners {
			counts[owner]++
		}
	}
	// All lists share one allocation, each with room for its own.
	space := make([]Facility, total)
	for owner, list := range owned {
		n := counts[owner]
		*list, space = space[:0:n], space[n:]
	}
	for _, facility := range all {
		for _, owner := range facility.owners {
			// What is archived has facilities and was not read.
			if list, ok := owned[owner]; ok {
				*list = append(*list, facility.Facility)
			}
		}
	}
	return nil
}

// fewFacilities is about as many as the hotels of a page have among them.
const fewFacilities = 64

// scanImages reads the images that are ready, each with its owner, in the order of the galleries.
func (f *Found) scanImages(rows pgx.Rows) error {
	var r imageRow
	var owner int64
	var owned map[int64]*[]Image
	_, err := pgx.ForEachRow(rows, append([]any{&owner}, r.fields()...), func() error {
		if owned == nil {
			owned = owners(f, (*Hotel).images, (*Room).images)
		}
		if list, ok := owned[owner]; ok {
			*list = append(*list, *r.image())
		}
		return nil
	})
	return err
}

// owners returns where lists go that hotels and rooms both have: of a room by its id, of a hotel by its id negated.
func owners[T any](f *Found, ofHotel func(*Hotel) *[]T, ofRoom func(*Room) *[]T) map[int64]*[]T {
	owned := make(map[int64]*[]T, len(f.Hotels)+len(f.Rooms))
	for i := range f.Hotels {
		owned[-f.Hotels[i].ID] = ofHotel(&f.Hotels[i])
	}
	for i := range f.Rooms {
		owned[f.Rooms[i].ID] = ofRoom(&f.Rooms[i])
	}
	return owned
}

func (h *Hotel) facilities() *[]Facility { return &h.Facilities }
func (r *Room) facilities() *[]Facility  { return &r.Facilities }
func (h *Hotel) images() *[]Image        { return &h.Images }
func (r *Room) images() *[]Image         { return &r.Images }

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
	k.id, k.name, k.iso_code, k.currency
FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted (id, place)
JOIN hotels h ON h.id = wanted.id AND h.archived_at IS NULL
JOIN cities c ON c.id = h.city_id
JOIN countries k ON k.id = c.country_id
ORDER BY wanted.place`

const selectRooms = `
SELECT r.id, r.hotel_id, r.title, r.description, r.price, r.currency, r.quantity, r.max_guests
FROM unnest($1::bigint[]) WITH ORDINALITY AS wanted (id, place)
JOIN rooms r ON r.id = wanted.id AND r.archived_at IS NULL
ORDER BY wanted.place`

// Owners are those of the function. The links are gathered before the titles are looked up.
const selectFacilitiesOf = `
SELECT f.id, f.title, l.owners FROM (
	SELECT facility_id, array_agg(owner) AS owners FROM (
		SELECT facility_id, -hotel_id AS owner FROM hotel_facilities WHERE hotel_id = ANY($1::bigint[])
		UNION ALL
		SELECT facility_id, room_id FROM room_facilities WHERE room_id = ANY($2::bigint[])) AS links
	GROUP BY facility_id) AS l
JOIN facilities f ON f.id = l.facility_id
ORDER BY f.id`

// Owners are those of the function.
const selectImagesOf = `
SELECT -i.hotel_id AS owner, ` + imageColumns + `
FROM images i WHERE i.hotel_id = ANY($1::bigint[]) AND coalesce(i.room_id, 0) = 0 AND i.position <= $3 AND i.status = 'ready'
UNION ALL
SELECT i.room_id, ` + imageColumns + `
FROM images i WHERE i.room_id = ANY($2::bigint[]) AND i.position <= $3 AND i.status = 'ready'
ORDER BY position`
