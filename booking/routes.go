package booking

import (
	"net/http"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
)

const (
	tagBookings     = "Bookings"
	tagAvailability = "Availability"
	tagRooms        = "Rooms"
	tagHotels       = "Hotels"
)

// Register mounts the endpoints on api.
func (s *Service) Register(api *httpapi.API) {
	s.registerBookings(api)
	s.registerAvailability(api)
	s.registerInventory(api)
}

func (s *Service) registerBookings(api *httpapi.API) {
	httpapi.Handle(api, httpapi.Route{
		Pattern: "POST /bookings", ID: "createBooking", Tag: tagBookings, Summary: "Book rooms",
		Description: "A stay has at most 30 nights and begins at most 500 days ahead; a guest may have at most 10 bookings " +
			"that are not cancelled on one night. Staff of the hotel may name another user, or book for a guest without an account by giving " +
			"`guest_name` and no `user_id`.",
		Access: auth.SignedIn, Idempotent: true, Conditional: true, Status: http.StatusCreated,
		Errors: []errs.Kind{errs.NotFound, kindRoomNotAvailable, kindTooManyBookings,
			kindDatesInPast, kindStayTooLong, kindTooFarAhead, kindTooManyGuests},
		Members: refusedNights{},
	}, s.Create)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /bookings", ID: "listBookings", Tag: tagBookings, Summary: "List the bookings of your hotels",
		Description: "Newest stay first. Managers see those of the hotels they are assigned to, admins all.",
		Access:      auth.Staff, Errors: []errs.Kind{errs.CursorInvalid},
	}, s.List)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /bookings/me", ID: "listMyBookings", Tag: tagBookings, Summary: "List your own bookings",
		Description: "Newest stay first.",
		Access:      auth.SignedIn, Errors: []errs.Kind{errs.CursorInvalid},
	}, s.Mine)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /bookings/{id}", ID: "getBooking", Tag: tagBookings, Summary: "Get a booking",
		Access: auth.SignedIn, Conditional: true,
	}, s.Get)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "DELETE /bookings/{id}", ID: "cancelBooking", Tag: tagBookings, Summary: "Cancel a booking",
		Description: "Guests may cancel until the day before arrival, staff of the hotel until the day before " +
			"departure; the nights from today on become free. Cancelling again changes nothing.",
		Access: auth.SignedIn, Conditional: true, Errors: []errs.Kind{kindStayStarted, kindStayEnded},
	}, s.Cancel)
}

func (s *Service) registerAvailability(api *httpapi.API) {
	kinds := []errs.Kind{errs.CursorInvalid, kindDatesInPast, kindStayTooLong, kindTooFarAhead}
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /hotels/available", ID: "searchHotels", Tag: tagAvailability, Summary: "Search hotels with free rooms",
		Description: "In a city, or around a centre. What is offered can be booked. Hotels where `date_from` is past " +
			"already are left out.",
		Access: httpapi.Public, Errors: kinds,
	}, s.Search)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /hotels/{hotel_id}/rooms/available", ID: "listAvailableRooms", Tag: tagAvailability,
		Summary: "List the free rooms of a hotel", Description: "Cheapest first. What is offered can be booked.",
		Access: httpapi.Public, Errors: kinds,
	}, s.AvailableRooms)
}

func (s *Service) registerInventory(api *httpapi.API) {
	httpapi.Handle(api, httpapi.Route{
		Pattern: "PUT /hotels/{hotel_id}/rooms/{room_id}", ID: "replaceRoom", Tag: tagRooms, Summary: "Replace a room",
		Access: auth.Staff, Conditional: true, Errors: []errs.Kind{kindQuantityBelowBooked}, Members: refusedNights{},
	}, s.ReplaceRoom)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "PATCH /hotels/{hotel_id}/rooms/{room_id}", ID: "updateRoom", Tag: tagRooms, Summary: "Change a room",
		Access: auth.Staff, Conditional: true, Errors: []errs.Kind{kindQuantityBelowBooked}, Members: refusedNights{},
	}, s.UpdateRoom)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "DELETE /hotels/{hotel_id}/rooms/{room_id}", ID: "deleteRoom", Tag: tagRooms, Summary: "Delete a room",
		Description: "A room that was booked in the past is archived, and its bookings stay.",
		Access:      auth.Staff, Conditional: true, Errors: []errs.Kind{kindHasLiveBookings},
	}, s.DeleteRoom)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "DELETE /hotels/{hotel_id}", ID: "deleteHotel", Tag: tagHotels, Summary: "Delete a hotel",
		Description: "A hotel that was booked in the past is archived with its rooms, and its bookings stay.",
		Access:      auth.AdminOnly, Conditional: true, Errors: []errs.Kind{kindHasLiveBookings},
	}, s.DeleteHotel)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /hotels/{hotel_id}/rooms/{room_id}/nights", ID: "listNights", Tag: tagRooms, Summary: "List the nights of a room",
		Access: auth.Staff, Conditional: true,
	}, s.Nights)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "PATCH /hotels/{hotel_id}/rooms/{room_id}/nights", ID: "updateNights", Tag: tagRooms, Summary: "Price, close or open nights of a room",
		Description: "Applies to every night from `from` to the one before `to`. A null `price` gives them the room's own. " +
			"Bookings of nights that are closed stay. `If-Match` takes the ETag of the same nights.",
		Access: auth.Staff, Conditional: true, Errors: []errs.Kind{kindDatesInPast, kindTooFarAhead},
	}, s.UpdateNights)
}
