// Package ledger keeps what clients of a booking service were told, so that it can be compared with what the service
// remembers.
//
// A ledger is a file of JSON lines. A client writes what it is about to ask before it asks, and what it was told before
// it goes on, and each line is on the disk when the call that wrote it returns. So a promise that the service made is in
// the ledger even if client, service and machine end at that moment, and what is not in it was never asked for.
package ledger

import (
	"crypto/sha256"
	"encoding/base64"
	"time"

	"github.com/shumbooking/shumbooking/platform/date"
)

// Version is the version of the format. A ledger of another version is not read.
const Version = 1

// An Entry is one line: exactly one of its pointers is set.
type Entry struct {
	Header  *Header  `json:"header,omitzero"`
	Guest   *Guest   `json:"guest,omitzero"`
	Room    *Room    `json:"room,omitzero"`
	Intent  *Intent  `json:"intent,omitzero"`
	Outcome *Outcome `json:"outcome,omitzero"`
}

// A Header is the first line and says what run this is.
type Header struct {
	Version int       `json:"version"`
	Run     string    `json:"run"` // a random name, which no other run has
	Profile string    `json:"profile"`
	Seed    uint64    `json:"seed"`
	Started time.Time `json:"started"`
}

// A Guest is an account that the run made for itself: what it has booked is in this ledger, and nothing else is.
// The password is written down because the account is worth nothing.
type Guest struct {
	ID       int64  `json:"id"`
	Email    string `json:"email"`
	Password string `json:"password"`
}

// A Room is a type of room that was booked from.
type Room struct {
	ID       int64  `json:"id"`
	HotelID  int64  `json:"hotel_id"`
	Quantity int    `json:"quantity"`
	Price    int64  `json:"price"` // of a night that has no price of its own, in minor units
	Currency string `json:"currency"`
	// Own says that the run made the room, so that nobody else books it: its counters and its refusals can be explained by this ledger alone.
	Own bool `json:"own,omitzero"`
}

// A Kind is what a client asks for.
type Kind string

// The kinds of operations that a ledger has.
const (
	Book   Kind = "book"   // POST /bookings
	Cancel Kind = "cancel" // DELETE /bookings/{id}
	Pry    Kind = "pry"    // GET or DELETE /bookings/{id} of somebody else's, which must be refused
	Upload Kind = "upload" // POST /hotels/{hotel_id}/images
	Look   Kind = "look"   // GET /hotels/{hotel_id}/rooms/{room_id}/nights
)

// An Intent is written before the first request of an operation.
type Intent struct {
	Op     int64 `json:"op"` // its number, which no other operation of the run has
	Client int   `json:"client"`
	Kind   Kind  `json:"kind"`
	// At is when the operation began, in nanoseconds since the run did, by a clock that all clients of the run share.
	At int64 `json:"at"`
	// GuestID is who asks; 0 for staff.
	GuestID int64 `json:"guest_id,omitzero"`
	// Key is the Idempotency-Key, the same for every attempt.
	Key string `json:"key,omitzero"`

	// What a Book or Look asks for.
	RoomID   int64     `json:"room_id,omitzero"`
	DateFrom date.Date `json:"date_from,omitzero"`
	DateTo   date.Date `json:"date_to,omitzero"`
	Rooms    int       `json:"rooms,omitzero"`
	Guests   int       `json:"guests,omitzero"`

	BookingID int64  `json:"booking_id,omitzero"` // what a Cancel or Pry is about
	Method    string `json:"method,omitzero"`     // of a Pry
	HotelID   int64  `json:"hotel_id,omitzero"`   // whose photographs an Upload is of
}

// A Result is what an operation came to.
type Result string

// The results. What an operation did whose result is Unknown, and one without an outcome, nobody knows: it may have
// had its effect once, or not at all.
const (
	Done    Result = "done"    // a 2xx
	Refused Result = "refused" // a 4xx that says that nothing has changed
	Unknown Result = "unknown" // nothing definite, in spite of all attempts
)

// An Outcome is written when the client knows what became of an operation, and before it does anything else.
type Outcome struct {
	Op int64 `json:"op"`
	// At is when the last answer arrived, in nanoseconds since the run began.
	At       int64  `json:"at"`
	Result   Result `json:"result"`
	Status   int    `json:"status,omitzero"` // of the last answer
	Code     string `json:"code,omitzero"`   // of its problem
	Attempts int    `json:"attempts"`
	Replayed bool   `json:"replayed,omitzero"` // the answer says that it was given before

	// Digest is that of the body of a success, where the request carried a key: a repetition must be told the same.
	Digest string `json:"digest,omitzero"`
	// Booking is what a Book, a Cancel or a successful Pry was shown.
	Booking *Booking `json:"booking,omitzero"`
	// Full are the nights that a refusal named.
	Full []date.Date `json:"full,omitzero"`
	// Nights are what a Look was shown.
	Nights []Night `json:"nights,omitzero"`
	// Images are the photographs that an Upload was promised.
	Images []int64 `json:"images,omitzero"`
}

// Digest returns half of the SHA-256 of a body, in base64: enough to tell whether another is the same.
func Digest(body []byte) string {
	sum := sha256.Sum256(body)
	return base64.RawURLEncoding.EncodeToString(sum[:len(sum)/2])
}

// A Booking is a booking as the service shows it.
type Booking struct {
	ID        int64     `json:"id"`
	Reference string    `json:"reference"`
	RoomID    int64     `json:"room_id"`
	HotelID   int64     `json:"hotel_id"`
	UserID    int64     `json:"user_id"`
	DateFrom  date.Date `json:"date_from"`
	DateTo    date.Date `json:"date_to"`
	Guests    int       `json:"guests"`
	Rooms     int       `json:"rooms"`
	Status    string    `json:"status"` // "confirmed" or "cancelled"
	Price     int64     `json:"price"`  // of all nights and rooms, in minor units
	Currency  string    `json:"currency"`
	Nightly   []Line    `json:"nightly"`
}

// A Line is what one night of a booking costs, for all its rooms.
type Line struct {
	Date  date.Date `json:"date"`
	Price int64     `json:"price"`
}

// A Night is the counter of a room's night as the service shows it.
type Night struct {
	Date     date.Date `json:"date"`
	Booked   int       `json:"booked"`
	Capacity int       `json:"capacity"`
	Closed   bool      `json:"closed,omitzero"`
}
