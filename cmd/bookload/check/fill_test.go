package check_test

import (
	"bytes"
	"fmt"
	"image"
	"image/jpeg"
	"mime/multipart"
	"net/http"
	"net/textproto"

	"github.com/shumbooking/shumbooking/cmd/bookload/client"
	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/platform/proctest"
)

// What the damages of the tests are done to is found by the titles of the rooms and by the days on which the stays begin,
// counted from the day of the test.
const (
	doubleRoom = "Double" // three of them, a room of the run's own
	suiteRoom  = "Suite"  // one, of the run's own
	oldRoom    = "Old"    // five, which others book too, with prices by the night
)

// fill makes the world: every kind of operation with every kind of outcome.
func (r *recorder) fill() {
	ctx := r.t.Context()
	r.tokens[0] = must[client.Session](r.t)(r.client.SignIn(ctx, 0, adminEmail, adminPassword)).AccessToken
	city := must[int64](r.t)(r.client.MakeCity(ctx, r.staff(), "Loadville"))
	hotel := must[int64](r.t)(r.client.MakeHotel(ctx, r.staff(), city, "Load-Inn"))
	must[int64](r.t)(r.client.MakeHotel(ctx, r.staff(), city, "Empty-Inn"))
	double := r.room(hotel, client.NewRoom{Title: doubleRoom, Price: 10_000, Quantity: 3, MaxGuests: 2})
	suite := r.room(hotel, client.NewRoom{Title: suiteRoom, Price: 50_000, Quantity: 1, MaxGuests: 2})
	old := r.room(hotel, client.NewRoom{Title: oldRoom, Price: 7_000, Quantity: 5, MaxGuests: 2})
	r.w.ledger.Rooms[2].Own = false
	r.priceNight(hotel, old, 51, 9_500)
	ann, bob := r.guest("ann"), r.guest("bob")

	first := r.book(ann, "ann-30", double, 30, 3, 1, http.StatusCreated).Booking.ID
	r.book(ann, "ann-31", double, 31, 2, 2, http.StatusCreated) // The night is full now.
	r.book(bob, "bob-31", double, 31, 1, 1, http.StatusConflict)
	r.book(bob, "bob-40", double, 40, 2, 1, http.StatusCreated)
	r.cancel(bob, r.book(bob, "bob-44", suite, 44, 1, 1, http.StatusCreated).Booking.ID)
	r.book(bob, "bob-50", old, 50, 2, 1, http.StatusCreated)
	r.book(ann, "ann-60", suite, 60, 2, 1, http.StatusCreated)
	r.book(ann, "ann-60", suite, 60, 2, 1, http.StatusCreated) // told once more
	r.book(bob, "", double, 65, 2, 1, http.StatusCreated)
	r.book(0, "staff-90", old, 90, 2, 2, http.StatusCreated)

	// What nobody knows the outcome of: one that was made, one that was not, and two requests to cancel.
	r.book(bob, "bob-70", double, 70, 1, 1, http.StatusCreated)
	r.forget()
	r.w.ledger.Ops = append(r.w.ledger.Ops, ledger.Op{Intent: ledger.Intent{
		Op: int64(len(r.w.ledger.Ops) + 1), Kind: ledger.Book, GuestID: bob, Key: "bob-80", RoomID: double.ID,
		DateFrom: r.w.today.AddDays(80), DateTo: r.w.today.AddDays(81), Rooms: 1, Guests: 1,
	}})
	r.cancel(ann, r.book(ann, "ann-75", double, 75, 1, 1, http.StatusCreated).Booking.ID)
	r.forget()
	last := r.book(ann, "ann-76", double, 76, 1, 1, http.StatusCreated).Booking.ID
	r.w.ledger.Ops = append(r.w.ledger.Ops, ledger.Op{Intent: ledger.Intent{
		Op: int64(len(r.w.ledger.Ops) + 1), Kind: ledger.Cancel, GuestID: ann, BookingID: last,
	}})

	for _, method := range []string{http.MethodGet, http.MethodDelete} {
		r.do(ledger.Intent{Kind: ledger.Pry, GuestID: bob, BookingID: first, Method: method},
			client.Request{Method: method, Path: fmt.Sprintf("/bookings/%d", first)}, http.StatusNotFound)
	}
	from, to := r.w.today.AddDays(29), r.w.today.AddDays(35)
	r.do(ledger.Intent{Kind: ledger.Look, RoomID: double.ID, HotelID: hotel, DateFrom: from, DateTo: to},
		client.Request{Method: http.MethodGet, Path: client.NightsPath(hotel, double.ID, from, to)}, http.StatusOK)
	r.upload(hotel)
}

// priceNight gives a night of a room a price of its own.
func (r *recorder) priceNight(hotel int64, room ledger.Room, day int, price int64) {
	r.t.Helper()
	path := client.NightsPath(hotel, room.ID, r.w.today.AddDays(day), r.w.today.AddDays(day+1))
	answer := r.client.Send(r.t.Context(), client.Request{
		Method: http.MethodPatch, Path: path, Token: r.tokens[0], Body: map[string]int64{"price": price},
	})
	if !answer.OK() {
		r.t.Fatalf("price a night: got %d %s", answer.Status, answer.Body)
	}
}

// upload adds two photographs and waits until they are ready.
func (r *recorder) upload(hotel int64) {
	r.t.Helper()
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for n := range 2 {
		part := must[interface{ Write([]byte) (int, error) }](r.t)(partOf(form, n))
		if err := jpeg.Encode(part, image.NewGray(image.Rect(0, 0, 300+n, 200)), nil); err != nil {
			r.t.Fatal(err)
		}
	}
	if err := form.Close(); err != nil {
		r.t.Fatal(err)
	}
	outcome := r.do(ledger.Intent{Kind: ledger.Upload, HotelID: hotel, Key: "photo-1"}, client.Request{
		Method: http.MethodPost, Path: fmt.Sprintf("/hotels/%d/images", hotel), Raw: body.Bytes(), ContentType: form.FormDataContentType(),
	}, http.StatusAccepted)
	for _, id := range outcome.Images {
		proctest.Eventually(r.t, "a photograph is ready", func() bool {
			return must[client.Image](r.t)(r.client.Image(r.t.Context(), client.Caller{}, id)).Status == "ready"
		})
	}
}

func partOf(form *multipart.Writer, n int) (interface{ Write([]byte) (int, error) }, error) {
	return form.CreatePart(textproto.MIMEHeader{
		"Content-Disposition": {fmt.Sprintf(`form-data; name="file"; filename="photo-%d.jpg"`, n)}, "Content-Type": {"image/jpeg"},
	})
}

// history is what the service cannot be asked for today: a stay that is over, one that staff cancelled on its second day, and
// photographs of a room, one of which waits.
var history = []string{
	`DELETE FROM cities c WHERE NOT EXISTS (SELECT FROM hotels h WHERE h.city_id = c.id)`, // of the demo: they take long to copy
	`VACUUM FULL cities`,
	`UPDATE river_job SET state = 'completed', finalized_at = now() WHERE kind = 'image_process'`, // The service may have ended before it said so.
	`INSERT INTO users (email, password_hash) VALUES ('carl@example.com', 'x')`,
	stay(-20, -18, -40, "", ""),
	stay(-3, 2, -10, "-2", "night >= current_date - 2"),
	`INSERT INTO images (hotel_id, room_id, position, width, height, filename, original, created_at)
		SELECT hotel_id, id, 1, 10, 10, 'waits.jpg', 'originals/waits', now() - interval '1 hour' FROM rooms WHERE title = '` + oldRoom + `'`,
	`INSERT INTO river_job (kind, queue, args, max_attempts, state, scheduled_at)
		SELECT 'image_process', 'images', jsonb_build_object('image_id', id), 12, 'retryable', now() + interval '1 day' FROM images WHERE filename = 'waits.jpg'`,
}

// stay is a statement that makes a stay of carl's in the old room: its days and those on which it was made and cancelled,
// and which of its nights were given back.
func stay(from, to, made int, cancelled, released string) string {
	status, at := "confirmed", "NULL::timestamptz"
	if cancelled != "" {
		status, at = "cancelled", "(now() AT TIME ZONE 'UTC')::date + interval '12 hours' + interval '"+cancelled+" days'"
	} else {
		released = "false"
	}
	return fmt.Sprintf(`
WITH b AS (
	INSERT INTO bookings (room_id, hotel_id, room_title, hotel_title, user_id, date_from, date_to, nights, guests, rooms, price, currency, created_at, status, cancelled_at)
	SELECT r.id, r.hotel_id, r.title, 'Load-Inn', u.id, current_date + %d, current_date + %d, %d, 1, 1, %d * r.price, r.currency,
		now() + interval '%d days', '%s', %s
	FROM rooms r CROSS JOIN users u WHERE r.title = '%s' AND u.email = 'carl@example.com' RETURNING id, room_id, date_from, nights, price
), line AS (
	INSERT INTO booking_nights (booking_id, night, price, released)
	SELECT b.id, night, b.price / b.nights, %s FROM b CROSS JOIN LATERAL (SELECT b.date_from + i AS night FROM generate_series(0, b.nights - 1) AS i) AS n
	RETURNING night, released
)
INSERT INTO room_nights (room_id, night, booked, capacity) SELECT b.room_id, night, CASE WHEN released THEN 0 ELSE 1 END, 5 FROM b CROSS JOIN line`,
		from, to, to-from, to-from, made, status, at, oldRoom, released)
}
