package check

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/platform/date"
)

// A storedReply is a reply that is kept by its key, with the booking that it tells of.
type storedReply struct {
	caller, key, location, etag string
	status                      int
	fingerprint                 int // bytes
	body                        []byte
	at                          *time.Time
	// bookingID is the one that the location names, 0 if it names none; found says whether there is one.
	bookingID int64
	found     bool
	booked    bookedRow
	nights    []date.Date
	prices    []int64
	byStaff   bool // the audit log says that the caller made the booking for another
}

// A bookedRow is a booking as it is stored, but for its nights.
type bookedRow struct {
	ledger.Booking
	details
}

// details are what the ledger has not of a booking.
type details struct {
	RoomTitle   string     `json:"room_title"`
	HotelTitle  string     `json:"hotel_title"`
	GuestName   *string    `json:"guest_name"`
	GuestPhone  *string    `json:"guest_phone"`
	Note        *string    `json:"note"`
	CreatedAt   time.Time  `json:"created_at"`
	CancelledAt *time.Time `json:"cancelled_at"`
}

// checkReplies reads all stored replies and compares them with the bookings that they tell of and with what was told.
func (d *database) checkReplies(ctx context.Context, p *promises) error {
	err := d.try(ctx, ruleReplyDiffers, func(tx pgx.Tx) error {
		rows, err := tx.Query(ctx, selectReplies)
		if err != nil {
			return err
		}
		var s storedReply
		b := &s.booked
		_, err = pgx.ForEachRow(rows, []any{
			&s.caller, &s.key, &s.location, &s.etag, &s.status, &s.fingerprint, &s.body, &s.at, &s.bookingID, &s.found,
			&b.RoomID, &b.HotelID, &b.UserID, &b.DateFrom, &b.DateTo, &b.Guests, &b.Rooms, &b.Price, &b.Currency,
			&b.RoomTitle, &b.HotelTitle, &b.GuestName, &b.GuestPhone, &b.Note, &b.CreatedAt, &s.nights, &s.prices, &s.byStaff,
		}, func() error {
			b.ID, b.Nightly = s.bookingID, lines(s.nights, s.prices)
			d.checkReply(&s, p)
			return nil
		})
		return err
	})
	if err != nil {
		return err
	}
	if err := d.ask(ctx, ruleReplyTwice, selectRepliesTwice); err != nil {
		return err
	}
	d.missReplies(p)
	return nil
}

// missReplies finds the replies that should be stored and were not seen.
func (d *database) missReplies(p *promises) {
	for _, of := range slices.SortedFunc(maps.Keys(p.replies), func(a, b callerKey) int { return strings.Compare(a.key, b.key) }) {
		if reply := p.replies[of]; !reply.seen && time.Now().Before(reply.until) {
			d.report.find(ruleReplyMissing, "operation %d of guest %d: key %s", reply.op, of.guestID, of.key)
		}
	}
}

func (d *database) checkReply(s *storedReply, p *promises) {
	who := fmt.Sprintf("caller %s, key %s", s.caller, s.key)
	for _, wrong := range s.damage() {
		d.report.find(ruleReplyDamaged, "%s: %s", who, wrong)
	}
	if s.bookingID != 0 && !s.found {
		d.report.find(ruleReplyWithoutBooking, "%s: booking %d", who, s.bookingID)
	}
	var wrong []string
	if s.bookingID != 0 && s.found {
		wrong = s.differsFromBooking()
	}
	if promised := p.promisedTo(s); promised != nil {
		promised.seen = true
		wrong = append(wrong, s.differsFromTold(promised)...)
	}
	if len(wrong) > 0 {
		d.report.find(ruleReplyDiffers, "%s: %s", who, strings.Join(wrong, "; "))
	}
}

// promisedTo returns what a stored reply was told as, nil if the ledger does not know of it. Staff are not known by their id.
func (p *promises) promisedTo(s *storedReply) *promisedReply {
	caller, err := strconv.ParseInt(s.caller, 10, 64)
	if err == nil && p.replies[callerKey{caller, s.key}] != nil {
		return p.replies[callerKey{caller, s.key}]
	}
	return p.replies[callerKey{0, s.key}]
}

// damage returns in what the reply contradicts itself.
func (s *storedReply) damage() []string {
	var wrong []string
	if s.fingerprint != sha256.Size {
		wrong = append(wrong, fmt.Sprintf("the fingerprint has %d bytes", s.fingerprint))
	}
	if !json.Valid(s.body) {
		wrong = append(wrong, "the body is no JSON")
	}
	// Not every reply has a tag; that to a booking has.
	if sum := sha256.Sum256(s.body); (s.etag != "" || s.bookingID != 0) && s.etag != `"`+base64.RawURLEncoding.EncodeToString(sum[:16])+`"` {
		wrong = append(wrong, fmt.Sprintf("the entity tag %s is not that of the body", s.etag))
	}
	if s.bookingID == 0 && bytes.Contains(s.body, []byte(`"nightly"`)) {
		wrong = append(wrong, fmt.Sprintf("the body is a booking, and the location %q", s.location))
	}
	if s.bookingID != 0 && s.status != http.StatusCreated {
		wrong = append(wrong, fmt.Sprintf("a booking with the status %d", s.status))
	}
	if s.at == nil || s.at.After(time.Now().Add(time.Minute)) {
		wrong = append(wrong, fmt.Sprintf("stored at %v", s.at))
	}
	return wrong
}

// differsFromBooking compares the body with the booking that the location names. What changes in the life of a booking is
// its status.
func (s *storedReply) differsFromBooking() []string {
	var told bookedRow
	if err := json.Unmarshal(s.body, &told); err != nil {
		return []string{err.Error()}
	}
	b := &s.booked
	b.Reference = told.Reference // It is not stored.
	wrong := differences(&told.Booking, &b.Booking)
	if told.ID != b.ID || told.Status != confirmed || told.CancelledAt != nil {
		wrong = append(wrong, fmt.Sprintf("the body is booking %d, %s", told.ID, told.Status))
	}
	if told.RoomTitle != b.RoomTitle || told.HotelTitle != b.HotelTitle || !same(told.GuestName, b.GuestName) ||
		!same(told.GuestPhone, b.GuestPhone) || !same(told.Note, b.Note) {
		wrong = append(wrong, "a title, the name, the telephone number or the note is another")
	}
	if !told.CreatedAt.Equal(b.CreatedAt) || s.at == nil || !s.at.Equal(b.CreatedAt) {
		wrong = append(wrong, fmt.Sprintf("the booking was made at %s, told as made at %s, and the reply stored at %v", b.CreatedAt, told.CreatedAt, s.at))
	}
	if s.caller != strconv.FormatInt(b.UserID, 10) && !s.byStaff {
		wrong = append(wrong, fmt.Sprintf("the booking is guest %d's", b.UserID))
	}
	return wrong
}

func same(a, b *string) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }

// differsFromTold compares the reply with what the client wrote down.
func (s *storedReply) differsFromTold(p *promisedReply) []string {
	if p.told != nil {
		var stored ledger.Booking
		if err := json.Unmarshal(s.body, &stored); err != nil {
			return []string{err.Error()}
		}
		wrong := append(p.differs(s.body), differences(p.told, &stored)...)
		if stored.ID != p.told.ID || s.bookingID != p.told.ID {
			wrong = append(wrong, fmt.Sprintf("operation %d was told booking %d, and stored are %d and %s", p.op, p.told.ID, stored.ID, s.location))
		}
		return wrong
	}
	return append(p.differs(s.body), s.differsFromUpload(p)...)
}

// differs returns that a body is not the one that the client was told.
func (p *promisedReply) differs(body []byte) []string {
	if p.digest == "" || p.digest == ledger.Digest(body) {
		return nil
	}
	return []string{fmt.Sprintf("the body is not the one that operation %d was told", p.op)}
}

// differsFromUpload compares the reply with the photographs that the client was promised.
func (s *storedReply) differsFromUpload(p *promisedReply) []string {
	var stored struct {
		Items []struct {
			ID int64 `json:"id"`
		} `json:"items"`
	}
	if err := json.Unmarshal(s.body, &stored); err != nil {
		return []string{err.Error()}
	}
	images := make([]int64, len(stored.Items))
	for i, item := range stored.Items {
		images[i] = item.ID
	}
	if s.status != http.StatusAccepted || !slices.Equal(images, p.images) {
		return []string{fmt.Sprintf("operation %d was told photographs %v, and stored are %v with the status %d", p.op, p.images, images, s.status)}
	}
	return nil
}

const (
	namedBooking = `coalesce(substring(k.location FROM '/bookings/([0-9]{1,18})$')::bigint, 0)`

	selectReplies = `
SELECT coalesce(k.caller, ''), coalesce(k.key, ''), coalesce(k.location, ''), coalesce(k.etag, ''), coalesce(k.status, 0)::integer,
	coalesce(octet_length(k.fingerprint), 0), coalesce(k.body, ''), CASE WHEN isfinite(k.created_at) THEN k.created_at END,
	` + namedBooking + `, b.id IS NOT NULL,
	coalesce(b.room_id, -1), coalesce(b.hotel_id, -1), coalesce(b.user_id, 0), coalesce(b.date_from, date '0001-01-01'),
	coalesce(b.date_to, date '0001-01-01'), coalesce(b.guests, -1)::integer, coalesce(b.rooms, -1)::integer, coalesce(b.price, -1),
	coalesce(b.currency, ''), coalesce(b.room_title, ''), coalesce(b.hotel_title, ''), b.guest_name, b.guest_phone, b.note,
	CASE WHEN isfinite(b.created_at) THEN b.created_at ELSE timestamptz '0001-01-01 UTC' END,
	coalesce(l.nights, '{}'), coalesce(l.prices, '{}'),
	b.user_id::text IS DISTINCT FROM k.caller AND EXISTS (SELECT FROM audit_log a
		WHERE a.object_type = 'booking' AND a.object_id = b.id AND a.action = 'booking.create' AND a.actor_id::text = k.caller)
FROM idempotency_keys k LEFT JOIN bookings b ON b.id = ` + namedBooking + ` AND isfinite(b.date_from) AND isfinite(b.date_to)
CROSS JOIN LATERAL (
	SELECT array_agg(n.night ORDER BY n.night) AS nights, array_agg(coalesce(n.price, -1) ORDER BY n.night) AS prices
	FROM booking_nights n WHERE n.booking_id = b.id AND isfinite(n.night)
) AS l`

	selectRepliesTwice = `
SELECT '` + ruleReplyTwice + `' AS rule, format('booking %s: %s keys', ` + namedBooking + `, count(*)) AS text
FROM idempotency_keys k WHERE ` + namedBooking + ` > 0 GROUP BY ` + namedBooking + ` HAVING count(*) > 1`
)
