package check

import "github.com/shumbooking/shumbooking/cmd/bookload/linear"

// The names of the rules.
const (
	// What the service said, taken by itself.
	ruleAcknowledgedTwice = "acknowledged_twice"
	ruleReferenceTwice    = "reference_twice"
	ruleToldWrong         = "told_wrong"
	rulePried             = "pried"

	// All that it said, taken together.
	ruleUnexplainedBooking = linear.Booking
	ruleUnexplainedCancel  = linear.Cancel
	ruleUnexplainedRefusal = linear.Refusal
	ruleUnexplainedCounter = linear.Counter

	// What it said, against what it remembers.
	ruleBookingMissing  = "booking_missing"
	ruleBookingDiffers  = "booking_differs"
	ruleStatusDiffers   = "booking_status_differs"
	ruleBookingUnasked  = "booking_unasked"
	ruleTooManyBookings = "too_many_bookings"
	rulePartyTooLarge   = "party_too_large"
	ruleGuestDiffers    = "guest_differs"
	ruleRoomDiffers     = "own_room_differs"
	ruleListDiffers     = "list_differs"
	ruleImageMissing    = "image_missing"
	ruleImageFailed     = "image_failed"

	// Bookings and the nights that they hold.
	ruleStayNotHeld    = "stay_not_held"
	rulePriceDiffers   = "price_differs"
	ruleReleasedWrong  = "released_wrong"
	ruleOtherHotel     = "booking_of_another_hotel"
	ruleOtherCurrency  = "booking_in_another_currency"
	ruleImpossibleTime = "booking_time_impossible"
	ruleSoldArchived   = "sold_though_archived"

	// The counters, which are what is sold by.
	ruleCounterDiffers  = "counter_differs"
	ruleNightOversold   = "night_oversold"
	ruleCapacityDiffers = "capacity_differs"
	ruleOutsideBounds   = "price_outside_bounds"
	ruleZoneUnknown     = "time_zone_unknown"

	// The replies that are kept by idempotency key.
	ruleReplyWithoutBooking = "reply_without_booking"
	ruleReplyMissing        = "reply_missing"
	ruleReplyDiffers        = "reply_differs"
	ruleReplyDamaged        = "reply_damaged"
	ruleReplyTwice          = "reply_twice"

	// Photographs and the jobs that process them.
	ruleImageStuck       = "image_stuck"
	ruleImageOtherHotel  = "image_of_another_hotel"
	rulePositionTwice    = "image_position_twice"
	ruleVariantsWrong    = "image_variants_wrong"
	ruleJobWithoutImage  = "job_without_image"
	ruleJobNotUnderstood = "job_not_understood"

	// The schema, and rows that it would not take.
	ruleSchemaDiffers   = "schema_differs"
	ruleUnsafeSetting   = "unsafe_setting"
	ruleSequenceBehind  = "sequence_behind"
	ruleCheckBroken     = "check_broken"
	ruleValueMissing    = "value_missing"
	ruleKeyTwice        = "key_twice"
	ruleReferenceBroken = "reference_broken"
	ruleUnreadable      = "unreadable"
)

// A Rule is something that has to be so.
type Rule struct {
	Name string
	Says string // what is wrong where the rule is broken
}

// Rules returns all rules that Check goes by.
func Rules() []Rule {
	return []Rule{
		{ruleAcknowledgedTwice, "One booking was given to two requests, or two bookings to one Idempotency-Key."},
		{ruleReferenceTwice, "Two bookings were shown with one reference."},
		{ruleToldWrong, "An answer does not fit its request, or contradicts itself."},
		{rulePried, "A guest was shown the booking of somebody else, could change it, or was told that it exists."},

		{ruleUnexplainedBooking, "No order of what was told explains that a booking found room."},
		{ruleUnexplainedCancel, "No order of what was told explains that a booking was there to be cancelled."},
		{ruleUnexplainedRefusal, "No order of what was told explains that a room was full."},
		{ruleUnexplainedCounter, "No order of what was told explains how many rooms of a night were shown as booked."},

		{ruleBookingMissing, "A booking that was acknowledged is not there."},
		{ruleBookingDiffers, "A booking is not what its guest was told: its guest, room, stay, party, price, currency or nightly lines."},
		{ruleStatusDiffers, "A booking is confirmed that was cancelled, or cancelled though nobody asked for it."},
		{ruleBookingUnasked, "A guest of the run has, or a room of the run holds, a booking that nobody asked for."},
		{ruleTooManyBookings, "A guest has more than 10 live bookings on one night."},
		{rulePartyTooLarge, "More people were booked into rooms of the run than they hold."},
		{ruleGuestDiffers, "The account of a guest is gone, shut, or not what it was made as."},
		{ruleRoomDiffers, "A room that the run made is not what it was made as."},
		{ruleListDiffers, "The list of a guest's bookings shows one twice, in a wrong order, or otherwise than the booking itself."},
		{ruleImageMissing, "A photograph that was taken is not there, or is in another gallery."},
		{ruleImageFailed, "A photograph that was taken was given up."},

		{ruleStayNotHeld, "The nights of a booking are not those of its stay, each once."},
		{rulePriceDiffers, "The price of a booking is not the sum of its nights."},
		{ruleReleasedWrong, "Nights were given back of a booking that is confirmed, or not those from the day on which it was cancelled."},
		{ruleOtherHotel, "A booking names another hotel than its room is of."},
		{ruleOtherCurrency, "A booking has another currency than its room."},
		{ruleImpossibleTime, "A booking was made or cancelled at a time at which it could not be."},
		{ruleSoldArchived, "A room or hotel was archived while a booking of it was live."},

		{ruleCounterDiffers, "The counter of a night is not the number of rooms that bookings hold."},
		{ruleNightOversold, "More rooms are booked on a night than there are."},
		{ruleCapacityDiffers, "The capacity of a night to come is not the quantity of its room."},
		{ruleOutsideBounds, "The price of a night to come is outside of the bounds by which a search goes."},
		{ruleZoneUnknown, "A hotel has a time zone that the database does not know."},

		{ruleReplyWithoutBooking, "A stored reply tells of a booking that is not there."},
		{ruleReplyMissing, "The reply to an acknowledged request is not stored, though its key is younger than 24 hours."},
		{ruleReplyDiffers, "A stored reply is not what was told, or not what the booking is."},
		{ruleReplyDamaged, "A stored reply contradicts itself: its body, entity tag, location and status."},
		{ruleReplyTwice, "One booking is the stored reply to two keys."},

		{ruleImageStuck, "A photograph waits to be processed, and no job is going to."},
		{ruleImageOtherHotel, "A photograph of a room belongs to another hotel than the room."},
		{rulePositionTwice, "Two photographs of a gallery have one position."},
		{ruleVariantsWrong, "The files of a photograph are not one of each width, in ascending order."},
		{ruleJobWithoutImage, "A job is going to process a photograph that is not there."},
		{ruleJobNotUnderstood, "A job is going to process a photograph and does not say which."},

		{ruleSchemaDiffers, "A table, column, sequence, constraint, index, trigger or function is missing, off, or not what the promises rest on."},
		{ruleUnsafeSetting, "The database or a role is set to acknowledge what is not on the disk, or to pass over what is damaged there."},
		{ruleSequenceBehind, "Ids that are in use would be given again."},
		{ruleCheckBroken, "A row has values that a CHECK forbids."},
		{ruleValueMissing, "A row has no value where there must be one."},
		{ruleKeyTwice, "Two rows have one key."},
		{ruleReferenceBroken, "A row points at a row that is not there."},
		{ruleUnreadable, "The database could not answer what a rule asks."},
	}
}
