package booking

import (
	"net/http"

	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/errs"
)

const (
	// maxNights bounds the length of a stay.
	maxNights = 30
	// maxDaysAhead bounds how far in the future a stay may begin.
	maxDaysAhead = 500
	// maxBookingsPerNight bounds the live bookings of one guest on one night.
	maxBookingsPerNight = 10
)

// Refusals of a stay.
var (
	kindRoomNotAvailable = errs.Kind{Code: "room_not_available", Status: http.StatusConflict, Title: "The room is not available on these dates"}
	kindTooManyBookings  = errs.Kind{Code: "too_many_bookings", Status: http.StatusConflict, Title: "Too many bookings on one night"}
	kindDatesInPast      = errs.Kind{Code: "dates_in_past", Status: http.StatusUnprocessableEntity, Title: "The stay begins in the past"}
	kindStayTooLong      = errs.Kind{Code: "stay_too_long", Status: http.StatusUnprocessableEntity, Title: "The stay is too long"}
	kindTooFarAhead      = errs.Kind{Code: "too_far_ahead", Status: http.StatusUnprocessableEntity, Title: "The stay is too far ahead"}
	kindTooManyGuests    = errs.Kind{Code: "too_many_guests", Status: http.StatusUnprocessableEntity, Title: "Too many guests for these rooms"}
)

// A rule is one way in which a stay can be wrong.
type rule struct {
	kind    errs.Kind
	field   string
	message errs.Message
}

var (
	reversedDates = rule{errs.Invalid, "date_to", errs.Say("must be after date_from")}
	stayTooLong   = rule{kindStayTooLong, "date_to", errs.Say("must be at most %d nights after date_from", maxNights)}
	datesInPast   = rule{kindDatesInPast, "date_from", errs.Say("must not be before today at the hotel")}
	tooFarAhead   = rule{kindTooFarAhead, "date_from", errs.Say("must be at most %d days from today", maxDaysAhead)}
	tooManyGuests = rule{kindTooManyGuests, "guests", errs.Say("must not exceed what the rooms hold together")}
)

// broken returns the problem of a stay that breaks rules, in the given part of the request. The first rule
// gives the problem its code; the fields tell all of them.
func broken(in string, rules ...rule) *errs.Error {
	e := rules[0].kind.New("")
	for _, r := range rules {
		code := r.kind.Code
		if r.kind == errs.Invalid {
			code = "date_order"
		}
		e.Fields = append(e.Fields, errs.Field{Field: r.field, In: in, Code: code, Message: r.message})
	}
	return e
}

// checkStay checks what can be told from the dates alone: that a stay has 1 to 30 nights.
func checkStay(in string, from, to date.Date) error {
	switch nights := to.Sub(from); {
	case nights < 1:
		return broken(in, reversedDates)
	case nights > maxNights:
		return broken(in, stayTooLong)
	}
	return nil
}

// dateRules returns the rules that a stay from the given date breaks when today is the hotel's date.
func dateRules(from, today date.Date) []rule {
	switch ahead := from.Sub(today); {
	case ahead < 0:
		return []rule{datesInPast}
	case ahead > maxDaysAhead:
		return []rule{tooFarAhead}
	}
	return nil
}

// A Night is one night of a stay and its price, in minor units, for all rooms of the stay.
type Night struct {
	Date  date.Date `json:"date" example:"today+30"`
	Price int64     `json:"price" example:"700000" description:"For all rooms of the stay, in minor units."`
}
