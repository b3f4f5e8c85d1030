package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

type journeyTokens struct {
	AccessToken string `json:"access_token"`
}

type journeyRoom struct {
	ID        int64 `json:"id"`
	MaxGuests int   `json:"max_guests"`
	Total     int64 `json:"total_price"`
}

type journeyHotel struct {
	ID   int64 `json:"id"`
	City struct {
		ID int64 `json:"id"`
	} `json:"city"`
	Rooms []journeyRoom `json:"rooms"`
}

type journeyBooking struct {
	ID     int64  `json:"id"`
	RoomID int64  `json:"room_id"`
	Status string `json:"status"`
	Price  int64  `json:"price"`
}

type list[T any] struct {
	Items []T `json:"items"`
}

// TestJourney starts everything with one command and does over HTTP what a guest does.
func TestJourney(t *testing.T) {
	t.Parallel()
	p := begin(t, environmentOf(nil), "dev", "--ephemeral", "--addr", "127.0.0.1:0", "--hotels", "50")
	base := p.ready(t)
	if status, body := fetch(t, base+"/ready"); status != http.StatusOK {
		t.Fatalf("GET /ready = %d once the guide is printed, want 200: %s", status, body)
	}
	c := clientOf(t, base)

	anna := map[string]any{"email": "anna@example.com", "password": "seven-quiet-herons"}
	c.Do("POST", "/auth/register", anna).Want(http.StatusCreated)
	var tokens journeyTokens
	c.Do("POST", "/auth/login", anna).Want(http.StatusOK).Decode(&tokens)
	guest := c.As(tokens.AccessToken)

	from := date.Of(time.Now()).AddDays(70)
	stay := fmt.Sprintf("date_from=%s&date_to=%s&guests=1", from, from.AddDays(2))
	room := findRoom(t, c, stay)
	order := map[string]any{"room_id": room.ID, "date_from": from, "date_to": from.AddDays(2), "guests": 1}
	c.Do("POST", "/bookings", order).WantProblem(http.StatusUnauthorized, "unauthenticated")
	var booked, seen, cancelled journeyBooking
	guest.Do("POST", "/bookings", order).Want(http.StatusCreated).Decode(&booked)
	if booked.Status != "confirmed" || booked.RoomID != room.ID || booked.Price != room.Total {
		t.Errorf("booked %+v, want a confirmed one of room %d for %d, as offered", booked, room.ID, room.Total)
	}
	var mine list[journeyBooking]
	guest.Do("GET", "/bookings/me", nil).Want(http.StatusOK).Decode(&mine)
	if len(mine.Items) != 1 || mine.Items[0].ID != booked.ID {
		t.Errorf("my bookings are %+v, want the one of id %d", mine.Items, booked.ID)
	}
	path := fmt.Sprintf("/bookings/%d", booked.ID)
	guest.Do("GET", path, nil).Want(http.StatusOK).Decode(&seen)
	guest.Do("DELETE", path, nil).Want(http.StatusOK).Decode(&cancelled)
	if seen.Status != "confirmed" || cancelled.Status != "cancelled" {
		t.Errorf("the booking was %s and then %s, want confirmed and cancelled", seen.Status, cancelled.Status)
	}
	guest.Do("POST", "/auth/logout", nil).Want(http.StatusNoContent)
	guest.Do("GET", path, nil).WantProblem(http.StatusUnauthorized, "unauthenticated")

	checkMetrics(t, c, base)
	checkRequestLog(t, p.stderr.String())
	checkGuide(t, c, p.stdout.String())
}

// findRoom returns a room that is free in a city that has hotels.
func findRoom(t *testing.T, c *apitest.Client, stay string) journeyRoom {
	t.Helper()
	var all list[journeyHotel]
	c.Do("GET", "/hotels?limit=50", nil).Want(http.StatusOK).Decode(&all)
	for _, hotel := range all.Items {
		var free list[journeyHotel]
		c.Do("GET", fmt.Sprintf("/hotels/available?city_id=%d&%s", hotel.City.ID, stay), nil).Want(http.StatusOK).Decode(&free)
		if len(free.Items) > 0 {
			return free.Items[0].Rooms[0]
		}
	}
	t.Fatal("no room is free in any city")
	return journeyRoom{}
}

// checkMetrics checks the series that dashboards rely on, after one of everything.
func checkMetrics(t *testing.T, c *apitest.Client, base string) {
	t.Helper()
	_, before := fetch(t, base+"/metrics")
	for _, want := range []string{
		"\nauth_registrations_total 1\n", "\nauth_logins_total{status=\"success\"} 1\n",
		"\nauth_logins_total{status=\"failure\"} 0\n", "\nbookings_created_total 1\n", "\nhotels_created_total 0\n",
		"\napp_info{", "version=", "\napp_uptime_seconds ", "\nprocess_resident_memory_bytes ", "\ngo_goroutines ",
		"\npgxpool_max_conns 16\n", "# HELP ", "# TYPE ",
		"\ndatabase_up 1\n", "\ndatabase_size_bytes ", "\ndisk_free_bytes{volume=\"images\"} ", "\ndisk_size_bytes{volume=\"temporary\"} ",
		"\nhttp_requests_total{handler=\"/bookings/{id}\",method=\"DELETE\",status=\"200\"} 1\n",
		"\nhttp_request_duration_seconds_bucket{handler=\"/bookings\",method=\"POST\",le=\"0.005\"} ",
	} {
		if !strings.Contains(before, want) {
			t.Errorf("the metrics lack %q", want)
		}
	}
	res := c.Do("GET", "/metrics", nil)
	if got, want := res.Header.Get("Content-Type"), "text/plain; version=0.0.4; charset=utf-8"; got != want {
		t.Errorf("Content-Type of /metrics is %q, want %q", got, want)
	}
	boris := map[string]any{"email": "boris@example.com", "password": "five-modest-badgers"}
	c.Do("POST", "/auth/register", boris).Want(http.StatusCreated)
	c.Do("POST", "/auth/register", boris).WantProblem(http.StatusConflict, "email_taken")
	c.Do("POST", "/auth/login", map[string]any{"email": "boris@example.com", "password": "six-modest-badgers"}).
		WantProblem(http.StatusUnauthorized, "invalid_credentials")
	_, after := fetch(t, base+"/metrics")
	for _, want := range []string{"\nauth_registrations_total 2\n", "\nauth_logins_total{status=\"failure\"} 1\n"} {
		if !strings.Contains(after, want) {
			t.Errorf("the metrics lack %q after a registration and a failed sign-in", want)
		}
	}
}

// checkRequestLog checks the lines of two requests: one that went well, and one that was refused.
func checkRequestLog(t *testing.T, log string) {
	t.Helper()
	var requests, booked, refused int
	for line := range strings.Lines(log) {
		var entry map[string]any
		if err := json.Unmarshal([]byte(line), &entry); err != nil {
			t.Errorf("not JSON: %s", line)
			continue
		}
		if entry["msg"] != "request" {
			continue
		}
		requests++
		if entry["duration_ms"] == nil || entry["request_id"] == "" || entry["route"] == nil {
			t.Errorf("a request without duration, id or route: %s", line)
		}
		if entry["route"] == "/bookings" && entry["status"] == 201.0 && entry["user_id"] != nil && entry["err"] == nil {
			booked++
		}
		if entry["route"] == "/bookings" && entry["status"] == 401.0 && entry["err"] != nil {
			refused++
		}
	}
	if requests < 10 || booked != 1 || refused != 1 {
		t.Errorf("the log has %d requests, %d of the booking and %d of its refusal; want 10 or more, 1 and 1:\n%s",
			requests, booked, refused, log)
	}
	if strings.Contains(log, "seven-quiet-herons") {
		t.Error("the log has a password")
	}
}

// checkGuide checks that what is printed at the start is true.
func checkGuide(t *testing.T, c *apitest.Client, guide string) {
	t.Helper()
	for _, account := range demoAccounts() {
		if !strings.Contains(guide, account.email) || !strings.Contains(guide, account.password) {
			t.Errorf("the guide lacks the %s:\n%s", account.role, guide)
		}
		c.Do("POST", "/auth/login", map[string]any{"email": account.email, "password": account.password}).Want(http.StatusOK)
	}
	_, rest, _ := strings.Cut(guide, "curl -s '")
	target, _, _ := strings.Cut(rest, "'")
	if status, body := fetch(t, target); status != http.StatusOK {
		t.Errorf("the command of the guide gets %d: %s", status, body)
	}
}
