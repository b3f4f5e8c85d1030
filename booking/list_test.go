package booking_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/booking"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

// idsOf reads all pages of a list of bookings.
func idsOf(c *apitest.Client, path string, q url.Values) []int64 {
	ids := []int64{}
	for {
		var list bookingList
		c.Do("GET", path+"?"+q.Encode(), nil).Want(200).Decode(&list)
		for _, b := range list.Items {
			ids = append(ids, b.ID)
		}
		if list.NextCursor == nil {
			return ids
		}
		q.Set("cursor", *list.NextCursor)
	}
}

func TestMyBookings(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	room := w.room(w.hotel(), 100, 50, 2)
	guest, _ := w.guest()
	other, _ := w.guest()
	book(other, stay(room, soon(), 1))
	a := book(guest, stay(room, soon(), 1))
	b := book(guest, stay(room, soon().AddDays(3), 2))
	c := book(guest, stay(room, soon(), 2))
	want := []int64{b.ID, c.ID, a.ID}
	for _, limit := range []string{"1", "2", "20"} {
		if got := idsOf(guest, "/bookings/me", url.Values{"limit": {limit}}); !slices.Equal(got, want) {
			t.Errorf("my bookings by %s = %v, want %v", limit, got, want)
		}
	}
	guest.Do("GET", "/bookings", nil).WantProblem(403, "forbidden")
	w.api.Do("GET", "/bookings/me", nil).Want(401)
	var list bookingList
	guest.Do("GET", "/bookings/me?limit=1", nil).Want(200).Decode(&list)
	if len(list.Items[0].Nightly) != 2 || list.Items[0].Nightly[1].Date != soon().AddDays(4) {
		t.Errorf("nightly = %+v, want two nights", list.Items[0].Nightly)
	}
	guest.Do("GET", "/bookings/me?cursor="+*list.NextCursor+"x", nil).WantProblem(400, "cursor_invalid")
	w.admin().Do("GET", "/bookings?cursor="+*list.NextCursor, nil).WantProblem(400, "cursor_invalid")
}

func TestListFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	hotelA, hotelB := w.hotel(), w.hotel()
	roomA1, roomA2, roomB := w.room(hotelA, 100, 50, 2), w.room(hotelA, 100, 50, 2), w.room(hotelB, 100, 50, 2)
	guest, guestID := w.guest()
	other, _ := w.guest()
	made := []booking.Booking{
		book(guest, stay(roomA1, soon(), 3)),
		book(other, stay(roomA2, soon().AddDays(3), 2)),
		book(guest, stay(roomB, soon().AddDays(4), 30)),
		book(other, stay(roomA1, soon().AddDays(5), 1)),
	}
	guest.Do("DELETE", path(made[0]), nil).Want(200)
	both, _ := w.manager(hotelA, hotelB)
	onlyA, _ := w.manager(hotelA)
	none, _ := w.manager()
	ref := strings.ToLower(made[2].Reference)

	for _, test := range []struct {
		name   string
		client *apitest.Client
		query  string
		want   string
	}{
		{"admin", w.admin(), "", "3210"},
		{"manager of both", both, "", "3210"},
		{"manager of one", onlyA, "", "310"},
		{"manager of none", none, "", ""},
		{"hotel", both, "hotel_id=" + fmt.Sprint(hotelB), "2"},
		{"hotel of others", onlyA, "hotel_id=" + fmt.Sprint(hotelB), ""},
		{"room", both, "room_id=" + fmt.Sprint(roomA1), "30"},
		{"unknown room", both, "room_id=99999", ""},
		{"user", w.admin(), "user_id=" + fmt.Sprint(guestID), "20"},
		{"confirmed", w.admin(), "status=confirmed", "321"},
		{"cancelled", both, "status=cancelled", "0"},
		{"from", both, "from=" + soon().AddDays(3).String(), "321"},
		{"from in a long stay", both, "from=" + soon().AddDays(33).String(), "2"},
		{"from after it", both, "from=" + soon().AddDays(34).String(), ""},
		{"to", both, "to=" + soon().AddDays(3).String(), "0"},
		{"from and to", both, "from=" + soon().AddDays(2).String() + "&to=" + soon().AddDays(4).String(), "10"},
		{"reference", both, "reference=" + ref, "2"},
		{"reference of others", onlyA, "reference=" + ref, ""},
	} {
		for _, limit := range []string{"1", "20"} {
			q, err := url.ParseQuery(test.query)
			must(t, q, err).Set("limit", limit)
			var got string
			for _, id := range idsOf(test.client, "/bookings", q) {
				got += fmt.Sprint(slices.IndexFunc(made, func(b booking.Booking) bool { return b.ID == id }))
			}
			if got != test.want {
				t.Errorf("%s by %s: bookings %q, want %q", test.name, limit, got, test.want)
			}
		}
	}
}

func TestListRefusesBadFilters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	admin := w.admin()
	for _, q := range []string{"reference=ABCDEFGU", "reference=short", "status=lost", "from=2027-02-29", "hotel_id=0",
		"hotel_id=9223372036854775808", "from=2027-01-02&to=2027-01-02", "limit=0", "limit=101", "nonsense=1"} {
		admin.Do("GET", "/bookings?"+q, nil).WantProblem(422, "validation_failed")
	}
	admin.Do("GET", "/bookings?cursor=AAAA", nil).WantProblem(400, "cursor_invalid")
}
