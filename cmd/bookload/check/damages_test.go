package check_test

import (
	"fmt"
	"strings"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
)

// A damage is something that breaks a promise, and the rules that are to find it.
type damage struct {
	name   string
	sql    string
	ledger func(*ledger.Ledger)
	want   string // names of rules
}

// booking is the id of the booking that was made with a key.
func booking(key string) string {
	return fmt.Sprintf("(SELECT substring(location FROM '[0-9]+$')::bigint FROM idempotency_keys WHERE key = '%s')", key)
}

// room is the id of a room of the run.
func room(title string) string {
	return fmt.Sprintf("(SELECT id FROM rooms WHERE title = '%s')", title)
}

// night is a date so many days from today.
func night(days int) string { return fmt.Sprintf("((now() AT TIME ZONE 'UTC')::date + %d)", days) }

// set changes the booking that was made with a key.
func set(key, change string) string {
	return "UPDATE bookings SET " + change + " WHERE id = " + booking(key)
}

// count changes the counter of a night of a room.
func count(title string, days int, change string) string {
	return fmt.Sprintf("UPDATE room_nights SET %s WHERE room_id = %s AND night = %s", change, room(title), night(days))
}

// line changes a night of the booking that was made with a key.
func line(key string, days int, change string) string {
	return fmt.Sprintf("UPDATE booking_nights SET %s WHERE booking_id = %s AND night = %s", change, booking(key), night(days))
}

// drop drops a constraint.
func drop(table, name string) string {
	return fmt.Sprintf("ALTER TABLE %s DROP CONSTRAINT %s", table, name)
}

// script is several statements as one transaction.
func script(statements ...string) string { return strings.Join(statements, ";\n") }

// unhindered is a script that no foreign key stands in the way of, though the schema stays as it is.
func unhindered(statements ...string) string {
	return "SET LOCAL session_replication_role = replica;\n" + script(statements...)
}

// without is a script after a constraint was dropped.
func without(table, constraint string, statements ...string) string {
	return script(append([]string{drop(table, constraint)}, statements...)...)
}

// insertCopy copies a row of a table, some of whose columns are given other values.
func insertCopy(table, columns, values, where string) string {
	return fmt.Sprintf("INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s WHERE %s", table, columns, values, table, where)
}

const bookingColumns = `id, room_id, hotel_id, room_title, hotel_title, user_id, date_from, date_to, nights, guests, rooms, status, price, currency, note, created_at, cancelled_at`

// copyBooking copies the booking of a key and its nights under another id, which has the counters count it.
func copyBooking(key string, id int, held string) string {
	columns := strings.Replace(bookingColumns, "id, ", fmt.Sprintf("%d, ", id), 1)
	return script(
		insertCopy("bookings", bookingColumns, columns, "id = "+booking(key)),
		insertCopy("booking_nights", "booking_id, night, price, released", fmt.Sprintf("%d, night, price, released", id), "booking_id = "+booking(key)),
		fmt.Sprintf("UPDATE room_nights n SET booked = n.booked + %s FROM booking_nights l JOIN bookings b ON b.id = l.booking_id WHERE b.id = %d AND n.room_id = b.room_id AND n.night = l.night", held, id))
}

// bookingDamages are those of single rows and columns of bookings.
func bookingDamages() []damage {
	return []damage{
		{name: "BookingDeleted", sql: unhindered("DELETE FROM bookings WHERE id = " + booking("bob-40")),
			want: "booking_missing counter_differs reference_broken reply_without_booking"},
		{name: "BookingDeletedWithAllTraces", sql: script(
			count(doubleRoom, 40, "booked = booked - 1"), count(doubleRoom, 41, "booked = booked - 1"),
			"DELETE FROM booking_nights WHERE booking_id = "+booking("bob-40"), "CREATE TEMP TABLE gone AS SELECT "+booking("bob-40")+" AS id",
			"DELETE FROM idempotency_keys WHERE key = 'bob-40'", "DELETE FROM bookings WHERE id IN (SELECT id FROM gone)"),
			want: "booking_missing reply_missing"},
		{name: "BookingWithoutKeyDeletedWithAllTraces", sql: script(
			count(doubleRoom, 65, "booked = 0"), count(doubleRoom, 66, "booked = 0"),
			"DELETE FROM booking_nights WHERE night IN ("+night(65)+", "+night(66)+") AND booking_id IN (SELECT id FROM bookings WHERE room_id = "+room(doubleRoom)+")",
			"DELETE FROM bookings WHERE date_from = "+night(65)+" AND room_id = "+room(doubleRoom)),
			want: "booking_missing"},
		{name: "BookingUnderAnotherID", sql: script(copyBooking("bob-40", 0, "0"), unhindered(
			"DELETE FROM booking_nights WHERE booking_id = "+booking("bob-40"), "DELETE FROM bookings WHERE id = "+booking("bob-40"))),
			want: "booking_missing booking_unasked reply_without_booking"},
		{name: "BookingTwice", sql: copyBooking("bob-40", 0, "1"), want: "booking_unasked"},
		{name: "BookingTwiceUncounted", sql: copyBooking("bob-40", 0, "0"), want: "booking_unasked counter_differs"},
		{name: "UnknownBookingTwice", sql: copyBooking("bob-70", 0, "1"), want: "booking_unasked"},
		{name: "BookingTwiceWithoutPrimaryKey", sql: script("ALTER TABLE bookings DROP CONSTRAINT bookings_pkey CASCADE",
			insertCopy("bookings", bookingColumns, bookingColumns, "id = "+booking("bob-40"))),
			want: "counter_differs key_twice schema_differs"},
		{name: "AnotherRoom", sql: set("bob-40", "room_id = "+room(suiteRoom)), want: "booking_differs counter_differs reply_differs"},
		{name: "RoomsSwapped", sql: "UPDATE bookings b SET room_id = o.room_id FROM bookings o WHERE b.id IN (" + booking("bob-40") + ", " + booking("ann-60") +
			") AND o.id IN (" + booking("bob-40") + ", " + booking("ann-60") + ") AND o.id <> b.id",
			want: "booking_differs counter_differs reply_differs"},
		{name: "RoomThatIsNot", sql: unhindered(set("bob-40", "room_id = 999999")), want: "booking_differs counter_differs reference_broken reply_differs"},
		{name: "AnotherHotel", sql: set("bob-40", "hotel_id = hotel_id + 1"), want: "booking_differs booking_of_another_hotel reply_differs"},
		{name: "AnotherHotelOfDemo", sql: "UPDATE bookings SET hotel_id = hotel_id + 1 WHERE id = (SELECT min(id) FROM bookings)", want: "booking_of_another_hotel"},
		{name: "AnotherRoomTitle", sql: set("bob-40", "room_title = 'Attic'"), want: "reply_differs"},
		{name: "AnotherHotelTitle", sql: set("bob-40", "hotel_title = 'Elsewhere'"), want: "reply_differs"},
		{name: "AnotherNote", sql: set("bob-40", "note = NULL"), want: "reply_differs"},
		{name: "AnotherName", sql: set("staff-90", "guest_name = 'Somebody else'"), want: "reply_differs"},
		{name: "AnotherTelephone", sql: set("bob-40", "guest_phone = '1'"), want: "reply_differs"},
		{name: "GuestsExchanged", sql: "UPDATE bookings b SET user_id = o.user_id FROM bookings o WHERE b.id IN (" + booking("bob-40") + ", " + booking("ann-60") +
			") AND o.id IN (" + booking("bob-40") + ", " + booking("ann-60") + ") AND o.id <> b.id",
			want: "booking_differs reply_differs"},
		{name: "NobodysBooking", sql: set("bob-40", "user_id = NULL"), want: "booking_differs reply_differs"},
		{name: "GuestThatIsNot", sql: unhindered(set("bob-40", "user_id = 999999")), want: "booking_differs reference_broken reply_differs"},
		{name: "LaterStay", sql: set("bob-40", "date_from = date_from + 1, date_to = date_to + 1"), want: "booking_differs reply_differs stay_not_held"},
		{name: "LongerStay", sql: set("bob-40", "date_to = date_to + 1, nights = nights + 1"), want: "booking_differs reply_differs stay_not_held"},
		{name: "LongerStayHeld", sql: script(set("bob-40", "date_to = date_to + 1, nights = nights + 1, price = price + 10000"),
			"INSERT INTO booking_nights (booking_id, night, price) VALUES ("+booking("bob-40")+", "+night(42)+", 10000)",
			"INSERT INTO room_nights (room_id, night, booked, capacity) VALUES ("+room(doubleRoom)+", "+night(42)+", 1, 3)"),
			want: "booking_differs reply_differs"},
		{name: "StayMovedWhole", sql: script(set("bob-40", "date_from = date_from + 60, date_to = date_to + 60"),
			"UPDATE booking_nights SET night = night + 60 WHERE booking_id = "+booking("bob-40"),
			"UPDATE room_nights SET night = night + 60 WHERE room_id = "+room(doubleRoom)+" AND night IN ("+night(40)+", "+night(41)+")"),
			want: "booking_differs reply_differs"},
		{name: "WrongNumberOfNights", sql: without("bookings", "bookings_nights_check", set("bob-40", "nights = 7")), want: "schema_differs stay_not_held"},
		{name: "BackwardStay", sql: script(drop("bookings", "bookings_stay_check"), without("bookings", "bookings_nights_check",
			set("bob-40", "date_from = date_to, date_to = date_from"))), want: "booking_differs check_broken reply_differs schema_differs stay_not_held"},
		{name: "StayForEver", sql: script(drop("bookings", "bookings_stay_check"), without("bookings", "bookings_nights_check",
			set("bob-40", "date_to = 'infinity'"))), want: "booking_missing check_broken reply_without_booking schema_differs"},
		{name: "AnotherParty", sql: set("bob-40", "guests = 2"), want: "booking_differs reply_differs"},
		{name: "AnotherPartyWithoutKey", sql: "UPDATE bookings SET guests = 2 WHERE room_id = " + room(doubleRoom) + " AND date_from = " + night(65), want: "booking_differs"},
		{name: "TooManyBookingsOnANight", sql: crowd(), ledger: askForCrowd, want: "too_many_bookings"},
		{name: "NoParty", sql: without("bookings", "bookings_guests_check", set("bob-40", "guests = 0")), want: "booking_differs check_broken reply_differs schema_differs"},
		{name: "PartyTooLarge", sql: set("bob-70", "guests = 9"), ledger: func(l *ledger.Ledger) { op(l, "bob-70").Guests = 9 }, want: "party_too_large reply_differs"},
		{name: "PartyTooLargeAsAskedFor", sql: "UPDATE bookings SET guests = 9 WHERE room_id = " + room(doubleRoom) + " AND date_from = " + night(65), ledger: func(l *ledger.Ledger) {
			for i := range l.Ops {
				if asked := &l.Ops[i]; asked.Kind == ledger.Book && asked.Key == "" {
					asked.Guests, asked.Outcome.Booking.Guests = 9, 9
				}
			}
		}, want: "party_too_large"},
		{name: "MoreRooms", sql: set("bob-40", "rooms = 2"), want: "booking_differs counter_differs reply_differs"},
		{name: "NoRooms", sql: without("bookings", "bookings_rooms_check", set("bob-40", "rooms = 0")), want: "booking_differs check_broken counter_differs party_too_large reply_differs schema_differs"},
		{name: "AnotherPrice", sql: set("bob-40", "price = price - 1"), want: "booking_differs price_differs reply_differs"},
		{name: "AnotherPriceOfDemo", sql: "UPDATE bookings SET price = price + 1 WHERE id = (SELECT min(id) FROM bookings)", want: "price_differs"},
		{name: "NegativePrice", sql: without("bookings", "bookings_price_check", set("bob-40", "price = -1")), want: "booking_differs check_broken price_differs reply_differs schema_differs"},
		{name: "NoPrice", sql: script("ALTER TABLE bookings ALTER price DROP NOT NULL", set("bob-40", "price = NULL")),
			want: "booking_differs price_differs reply_differs schema_differs value_missing"},
		{name: "AnotherCurrency", sql: set("bob-40", "currency = 'XTS'"), want: "booking_differs booking_in_another_currency reply_differs"},
		{name: "AnotherCurrencyOfDemo", sql: "UPDATE bookings SET currency = 'XTS' WHERE id = (SELECT min(id) FROM bookings)", want: "booking_in_another_currency"},
		{name: "UnknownStatus", sql: without("bookings", "bookings_status_check", set("bob-40", "status = 'lost'")), want: "booking_status_differs check_broken schema_differs"},
		{name: "CancelledByNobody", sql: script(set("bob-40", "status = 'cancelled', cancelled_at = now()"),
			"UPDATE booking_nights SET released = true WHERE booking_id = "+booking("bob-40"), count(doubleRoom, 40, "booked = 0"), count(doubleRoom, 41, "booked = 0")),
			want: "booking_status_differs"},
		{name: "CancelledWithoutGivingBack", sql: set("ann-76", "status = 'cancelled', cancelled_at = now()"), want: "released_wrong"},
		{name: "CancelledNoMore", sql: set("bob-44", "status = 'confirmed', cancelled_at = NULL"), want: "booking_status_differs released_wrong"},
		{name: "CancelledNoMoreAndHeld", sql: script(set("bob-44", "status = 'confirmed', cancelled_at = NULL"), line("bob-44", 44, "released = false"), count(suiteRoom, 44, "booked = 1")),
			want: "booking_status_differs"},
		{name: "CancelledAtNoTime", sql: without("bookings", "bookings_cancelled_check", set("bob-44", "cancelled_at = NULL")), want: "check_broken schema_differs"},
		{name: "CancelledBeforeItWasMade", sql: set("bob-44", "cancelled_at = created_at - interval '1 hour'"), want: "booking_time_impossible"},
		{name: "CancelledTomorrow", sql: set("bob-44", "cancelled_at = now() + interval '1 day'"), want: "booking_time_impossible"},
		{name: "CancelledLater", sql: script(set("bob-40", "status = 'cancelled', cancelled_at = created_at + interval '1 second'"),
			"UPDATE booking_nights SET released = true WHERE booking_id = "+booking("bob-40"), count(doubleRoom, 40, "booked = 0"), count(doubleRoom, 41, "booked = 0")),
			ledger: cancelLongAfter("bob-40"), want: "booking_time_impossible"},
		{name: "MadeOnAnotherDay", sql: "UPDATE bookings SET created_at = created_at - interval '1 day' WHERE date_from = " + night(65), want: "booking_time_impossible"},
		{name: "MadeEarlier", sql: set("bob-40", "created_at = created_at - interval '1 second'"), want: "reply_differs"},
		{name: "MadeTomorrow", sql: "UPDATE bookings SET created_at = now() + interval '1 day' WHERE date_from = " + night(65), want: "booking_time_impossible"},
		{name: "MadeAfterTheStay", sql: "UPDATE bookings SET created_at = now() WHERE date_from = " + night(-20), want: "booking_time_impossible"},
		{name: "MadeAtNoTime", sql: "UPDATE bookings SET created_at = '-infinity' WHERE date_from = " + night(65), want: "booking_time_impossible"},
	}
}

// cancelLongAfter has a guest be told, two hours later, that a booking is cancelled.
func cancelLongAfter(key string) func(*ledger.Ledger) {
	return func(l *ledger.Ledger) {
		booked := op(l, key)
		shown, at := *booked.Outcome.Booking, booked.At+int64(2*time.Hour)
		shown.Status = "cancelled"
		l.Ops = append(l.Ops, ledger.Op{
			Intent:  ledger.Intent{Op: 1000, Kind: ledger.Cancel, GuestID: booked.GuestID, BookingID: shown.ID, At: at},
			Outcome: &ledger.Outcome{Op: 1000, Result: ledger.Done, Status: 200, At: at + 1, Booking: &shown},
		})
	}
}

// crowdSize is how many bookings more a guest has on one night, all of which may have been asked for.
const crowdSize = 10

func crowd() string {
	sql := []string{
		"UPDATE rooms SET quantity = 100 WHERE id = " + room(oldRoom),
		"UPDATE room_nights SET capacity = 100 WHERE night >= " + night(0) + " AND room_id = " + room(oldRoom),
	}
	for n := range crowdSize {
		sql = append(sql, copyBooking("bob-50", -n, "1"))
	}
	return script(sql...)
}

func askForCrowd(l *ledger.Ledger) {
	asked := op(l, "bob-50").Intent
	asked.Key = ""
	for range crowdSize {
		asked.Op = int64(len(l.Ops) + 1)
		l.Ops = append(l.Ops, ledger.Op{Intent: asked})
	}
}

// op is the first operation with a key.
func op(l *ledger.Ledger, key string) *ledger.Op {
	for i := range l.Ops {
		if l.Ops[i].Key == key {
			return &l.Ops[i]
		}
	}
	panic("no operation has the key " + key)
}
