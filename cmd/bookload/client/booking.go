package client

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"strings"

	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/platform/date"
)

// pageSize is the most that the service puts on one page.
const pageSize = 100

// all returns the items of all pages of a list.
func all[T any](ctx context.Context, c *Client, r Request) ([]T, error) {
	return some[T](ctx, c, r, math.MaxInt)
}

// some returns the items of the first pages of a list, until there are as many as wanted.
func some[T any](ctx context.Context, c *Client, r Request, wanted int) ([]T, error) {
	var items []T
	path := r.Path
	for {
		var page struct {
			Items      []T     `json:"items"`
			NextCursor *string `json:"next_cursor"`
		}
		if err := c.call(ctx, r, &page); err != nil {
			return nil, err
		}
		items = append(items, page.Items...)
		if page.NextCursor == nil || len(items) >= wanted {
			return items[:min(len(items), wanted)], nil
		}
		separator := "?"
		if strings.Contains(path, "?") {
			separator = "&"
		}
		r.Path = path + separator + "cursor=" + url.QueryEscape(*page.NextCursor)
	}
}

// MyBookings returns all bookings of a caller.
func (c *Client) MyBookings(ctx context.Context, by Caller) ([]ledger.Booking, error) {
	return all[ledger.Booking](ctx, c, Request{
		Op: "my_bookings", Method: http.MethodGet, Path: fmt.Sprintf("/bookings/me?limit=%d", pageSize),
		Client: by.Client, Token: by.Token,
	})
}

// Bookings returns all bookings that staff may see and that filter lets through: the parameters of GET /bookings.
func (c *Client) Bookings(ctx context.Context, by Caller, filter url.Values) ([]ledger.Booking, error) {
	query := url.Values{"limit": {fmt.Sprint(pageSize)}}
	maps.Copy(query, filter)
	return all[ledger.Booking](ctx, c, Request{
		Op: "bookings", Method: http.MethodGet, Path: "/bookings?" + query.Encode(), Client: by.Client, Token: by.Token,
	})
}

// Booking returns one booking.
func (c *Client) Booking(ctx context.Context, by Caller, id int64) (ledger.Booking, error) {
	var b ledger.Booking
	err := c.call(ctx, Request{
		Op: "booking", Method: http.MethodGet, Path: fmt.Sprintf("/bookings/%d", id), Client: by.Client, Token: by.Token,
	}, &b)
	return b, err
}

// NightsPath is where staff see the nights of a room from one date to the one before another, at most 366.
func NightsPath(hotelID, roomID int64, from, to date.Date) string {
	return fmt.Sprintf("/hotels/%d/rooms/%d/nights?from=%s&to=%s", hotelID, roomID, from, to)
}

// Nights returns what staff see at NightsPath.
func (c *Client) Nights(ctx context.Context, by Caller, hotelID, roomID int64, from, to date.Date) ([]ledger.Night, error) {
	return all[ledger.Night](ctx, c, Request{
		Op: "nights", Method: http.MethodGet, Path: NightsPath(hotelID, roomID, from, to), Client: by.Client, Token: by.Token,
	})
}

// An Image is a photograph as the service shows it.
type Image struct {
	ID       int64  `json:"id"`
	HotelID  int64  `json:"hotel_id"`
	Status   string `json:"status"` // "processing", "ready" or "failed"
	Position int    `json:"position"`
}

// Image returns one photograph.
func (c *Client) Image(ctx context.Context, by Caller, id int64) (Image, error) {
	var i Image
	err := c.call(ctx, Request{
		Op: "image", Method: http.MethodGet, Path: fmt.Sprintf("/images/%d", id), Client: by.Client, Token: by.Token,
	}, &i)
	return i, err
}

// Outcome returns what an answer says about an operation, which was settled or given up after so many attempts.
// What a success carries is left out: see DecodeBooking.
func Outcome(op int64, a *Answer, attempts int) ledger.Outcome {
	o := ledger.Outcome{Op: op, Result: ledger.Unknown, Status: a.Status, Code: a.Code, Attempts: attempts}
	switch {
	case a.OK():
		o.Result, o.Replayed = ledger.Done, a.Replayed()
	case a.Settled() && a.Status >= http.StatusBadRequest:
		o.Result = ledger.Refused
	}
	return o
}

// DecodeBooking reads the booking that an answer shows.
func DecodeBooking(a *Answer) (*ledger.Booking, error) {
	var b ledger.Booking
	if err := json.Unmarshal(a.Body, &b); err != nil {
		return nil, fmt.Errorf("decode booking: %w", err)
	}
	return &b, nil
}

// DecodeFull reads the nights that a refusal names.
func DecodeFull(a *Answer) ([]date.Date, error) {
	var refusal struct {
		Nights []date.Date `json:"nights"`
	}
	if err := json.Unmarshal(a.Body, &refusal); err != nil {
		return nil, fmt.Errorf("decode refusal: %w", err)
	}
	return refusal.Nights, nil
}

// DecodeItems reads the items of a list, or what else answers with a list.
func DecodeItems[T any](a *Answer) ([]T, error) {
	var list struct {
		Items []T `json:"items"`
	}
	if err := json.Unmarshal(a.Body, &list); err != nil {
		return nil, fmt.Errorf("decode list: %w", err)
	}
	return list.Items, nil
}
