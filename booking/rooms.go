package booking

import (
	"context"
	"fmt"
	"net/http"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/platform/audit"
	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/pg"
)

var (
	kindQuantityBelowBooked = errs.Kind{Code: "quantity_below_booked", Status: http.StatusConflict, Title: "More rooms are already booked"}
	kindHasLiveBookings     = errs.Kind{Code: "has_live_bookings", Status: http.StatusConflict, Title: "There are current or upcoming bookings"}
)

// RoomParams name a room of a hotel.
type RoomParams struct {
	HotelID int64 `path:"hotel_id" minimum:"1" example:"1" description:"The hotel."`
	RoomID  int64 `path:"room_id" minimum:"1" example:"1" description:"The room type."`
}

// ReplaceRoomParams are a room and what it is to be.
type ReplaceRoomParams struct {
	RoomParams
	Body catalog.RoomInput
}

// ReplaceRoom rewrites a room of a hotel that the caller runs. A quantity below what is booked on a night from
// today on is quantity_below_booked.
func (s *Service) ReplaceRoom(ctx context.Context, p *ReplaceRoomParams) (*catalog.Room, error) {
	room, err := s.changeRoom(ctx, p.RoomParams, func(in *catalog.RoomInput) error {
		*in = p.Body
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("replace room: %w", err)
	}
	return room, nil
}

// UpdateRoomParams are a room and the changes to it.
type UpdateRoomParams struct {
	RoomParams
	Body httpapi.Patch[catalog.RoomInput]
}

// UpdateRoom is ReplaceRoom for some of the fields.
func (s *Service) UpdateRoom(ctx context.Context, p *UpdateRoomParams) (*catalog.Room, error) {
	room, err := s.changeRoom(ctx, p.RoomParams, p.Body.Apply)
	if err != nil {
		return nil, fmt.Errorf("update room: %w", err)
	}
	return room, nil
}

// changeRoom applies change to the room while nobody books it.
func (s *Service) changeRoom(ctx context.Context, p RoomParams, change func(*catalog.RoomInput) error) (*catalog.Room, error) {
	var changed *catalog.Room
	err := pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		room, err := lockOwnRoom(ctx, tx, p)
		if err != nil {
			return err
		}
		if err := httpapi.CheckMatch(ctx, room); err != nil {
			return err
		}
		in := room.Input()
		if err := change(&in); err != nil {
			return err
		}
		if changed, err = writeRoom(ctx, tx, room, in); err != nil {
			return err
		}
		return auth.RecordChange(ctx, tx, audit.Entry{
			Action: "room.update", Object: "room", ID: p.RoomID, Before: room, After: changed,
		})
	})
	return changed, err
}

// writeRoom makes of the locked room what in says.
func writeRoom(ctx context.Context, tx pgx.Tx, room *catalog.Room, in catalog.RoomInput) (*catalog.Room, error) {
	if in.Quantity != room.Quantity {
		if err := setCapacity(ctx, tx, room.ID, in.Quantity); err != nil {
			return nil, err
		}
	}
	changed, err := catalog.UpdateRoom(ctx, tx, room.ID, in)
	if err != nil || in.Price == room.Price {
		return changed, err
	}
	return changed, refreshPriceBounds(ctx, tx, room.ID)
}

// lockOwnRoom keeps bookings and other changes away from a room of a hotel that the caller runs.
func lockOwnRoom(ctx context.Context, tx pgx.Tx, p RoomParams) (*catalog.Room, error) {
	if err := catalog.CheckManager(ctx, tx, p.HotelID); err != nil {
		return nil, err
	}
	if err := catalog.LockRoom(ctx, tx, p.RoomID); err != nil {
		return nil, err
	}
	return catalog.RoomForUpdate(ctx, tx, p.HotelID, p.RoomID)
}

// setCapacity changes how many rooms there are on the nights from today on.
func setCapacity(ctx context.Context, tx pgx.Tx, roomID int64, quantity int) error {
	rows, err := tx.Query(ctx, selectOverbooked, roomID, quantity)
	if err != nil {
		return err
	}
	nights, err := pgx.CollectRows(rows, pgx.RowTo[date.Date])
	if err != nil {
		return err
	}
	if len(nights) > 0 {
		return kindQuantityBelowBooked.New("On some nights, more rooms are booked than that.").With("nights", nights)
	}
	_, err = tx.Exec(ctx, updateCapacity, roomID, quantity)
	return err
}

// refreshPriceBounds tells the catalogue what the nightly prices of a room lie between.
func refreshPriceBounds(ctx context.Context, tx pgx.Tx, roomID int64) error {
	var floor, ceiling int64
	if err := tx.QueryRow(ctx, selectPriceBounds, roomID).Scan(&floor, &ceiling); err != nil {
		return err
	}
	return catalog.SetPriceBounds(ctx, tx, roomID, floor, ceiling)
}

// DeleteRoom removes a room, or archives one that has bookings. Live ones are has_live_bookings.
func (s *Service) DeleteRoom(ctx context.Context, p *RoomParams) (*httpapi.Empty, error) {
	err := pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		room, err := lockOwnRoom(ctx, tx, *p)
		if err != nil {
			return err
		}
		if err := httpapi.CheckMatch(ctx, room); err != nil {
			return err
		}
		booked, err := checkNoLiveBookings(ctx, tx, selectRoomUse, p.RoomID)
		if err != nil {
			return err
		}
		end, entry := catalog.DeleteRoom, audit.Entry{Action: "room.delete", Object: "room", ID: p.RoomID, Before: room}
		if booked {
			end, entry.Action = catalog.ArchiveRoom, "room.archive"
		}
		if err := end(ctx, tx, s.jobs, p.RoomID); err != nil {
			return err
		}
		return auth.RecordChange(ctx, tx, entry)
	})
	if err != nil {
		return nil, fmt.Errorf("delete room: %w", err)
	}
	return &httpapi.Empty{}, nil
}

// HotelParams name a hotel.
type HotelParams struct {
	HotelID int64 `path:"hotel_id" minimum:"1" example:"1" description:"The hotel."`
}

// DeleteHotel removes a hotel with its rooms, or archives one that has bookings. Live ones are has_live_bookings.
func (s *Service) DeleteHotel(ctx context.Context, p *HotelParams) (*httpapi.Empty, error) {
	err := pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		hotel, err := lockHotelRooms(ctx, tx, p.HotelID)
		if err != nil {
			return err
		}
		if err := httpapi.CheckMatch(ctx, hotel); err != nil {
			return err
		}
		booked, err := checkNoLiveBookings(ctx, tx, selectHotelUse, p.HotelID)
		if err != nil {
			return err
		}
		end, entry := catalog.DeleteHotel, audit.Entry{Action: "hotel.delete", Object: "hotel", ID: p.HotelID, Before: hotel}
		if booked {
			end, entry.Action = catalog.ArchiveHotel, "hotel.archive"
		}
		if err := end(ctx, tx, s.jobs, p.HotelID); err != nil {
			return err
		}
		return auth.RecordChange(ctx, tx, entry)
	})
	if err != nil {
		return nil, fmt.Errorf("delete hotel: %w", err)
	}
	return &httpapi.Empty{}, nil
}

// lockHotelRooms keeps new rooms away from a hotel, and bookings from those it has.
func lockHotelRooms(ctx context.Context, tx pgx.Tx, hotelID int64) (*catalog.Hotel, error) {
	hotel, err := catalog.HotelForUpdate(ctx, tx, hotelID)
	if err != nil {
		return nil, err
	}
	rooms, err := catalog.RoomIDs(ctx, tx, hotelID)
	if err != nil {
		return nil, err
	}
	for _, id := range rooms {
		if err := catalog.LockRoom(ctx, tx, id); err != nil {
			return nil, err
		}
	}
	return hotel, nil
}

// checkNoLiveBookings returns an error if the room or hotel with the id has live bookings, and otherwise whether it
// has any bookings at all.
func checkNoLiveBookings(ctx context.Context, tx pgx.Tx, query string, id int64) (booked bool, err error) {
	var live bool
	if err := tx.QueryRow(ctx, query, id).Scan(&booked, &live); err != nil {
		return false, err
	}
	if live {
		return false, kindHasLiveBookings.New("Cancel the bookings first, or wait until the last guest has left.")
	}
	return booked, nil
}

const (
	// todayOfRoom is the hotel's date of room $1.
	todayOfRoom = `(SELECT (now() AT TIME ZONE h.time_zone)::date FROM rooms r JOIN hotels h ON h.id = r.hotel_id WHERE r.id = $1::bigint)`

	selectOverbooked = `
SELECT night FROM room_nights
WHERE room_id = $1::bigint AND night >= ` + todayOfRoom + ` AND booked > $2::integer ORDER BY night`

	// Two days more, because a change of the hotel's zone can make those nights ones to sell again. What was booked
	// on them stays booked.
	updateCapacity = `
UPDATE room_nights SET capacity = greatest(booked, $2::integer) WHERE room_id = $1::bigint AND night >= ` + todayOfRoom + ` - 2`

	// The bounds allow for today to become two days earlier, which a change of the hotel's zone can do.
	selectPriceBounds = `
SELECT least(r.price, min(n.price)), greatest(r.price, max(n.price))
FROM rooms r LEFT JOIN room_nights n ON n.room_id = r.id AND n.price IS NOT NULL AND n.night >= ` + todayOfRoom + ` - 2
WHERE r.id = $1::bigint GROUP BY r.price`

	selectRoomUse = `
SELECT EXISTS (SELECT FROM bookings b WHERE b.room_id = $1::bigint),
	EXISTS (SELECT FROM bookings b WHERE b.room_id = $1::bigint AND b.status = 'confirmed'
		AND b.date_to > ` + todayOfRoom + ` AND b.date_from > ` + todayOfRoom + ` - 30)`

	todayOfHotel = `(SELECT (now() AT TIME ZONE h.time_zone)::date FROM hotels h WHERE h.id = $1::bigint)`

	selectHotelUse = `
SELECT EXISTS (SELECT FROM bookings b WHERE b.hotel_id = $1::bigint),
	EXISTS (SELECT FROM bookings b WHERE b.hotel_id = $1::bigint AND b.status = 'confirmed'
		AND b.date_to > ` + todayOfHotel + ` AND b.date_from > ` + todayOfHotel + ` - 30)`
)
