package client

import (
	"context"
	"fmt"
	"net/http"

	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/platform/date"
)

// A Hotel is where rooms are.
type Hotel struct{ ID, CityID int64 }

// Hotels returns the first hotels by their ids, at most so many.
func (c *Client) Hotels(ctx context.Context, most int) ([]Hotel, error) {
	type item struct {
		ID   int64 `json:"id"`
		City struct {
			ID int64 `json:"id"`
		} `json:"city"`
	}
	items, err := some[item](ctx, c, Request{
		Op: "hotels", Method: http.MethodGet, Path: fmt.Sprintf("/hotels?limit=%d", min(most, pageSize)),
	}, most)
	hotels := make([]Hotel, len(items))
	for i, h := range items {
		hotels[i] = Hotel{h.ID, h.City.ID}
	}
	return hotels, err
}

// An Offer is a room type that can be booked.
type Offer struct {
	ledger.Room
	MaxGuests int `json:"max_guests"`
}

// Offers returns the rooms that a search in a city offers on its first page.
func (c *Client) Offers(ctx context.Context, cityID int64, from, to date.Date) ([]Offer, error) {
	var found struct {
		Items []struct {
			Rooms []Offer `json:"rooms"`
		} `json:"items"`
	}
	err := c.call(ctx, Request{
		Op: "search", Method: http.MethodGet,
		Path: fmt.Sprintf("/hotels/available?city_id=%d&date_from=%s&date_to=%s&limit=%d", cityID, from, to, pageSize),
	}, &found)
	var offers []Offer
	for _, hotel := range found.Items {
		offers = append(offers, hotel.Rooms...)
	}
	return offers, err
}

type made struct {
	ID int64 `json:"id"`
}

// make posts something to the catalogue, with a key so that it is made once.
func (c *Client) make(ctx context.Context, by Caller, path, key string, body any) (id int64, err error) {
	var m made
	err = c.call(ctx, Request{
		Op: "make " + path, Method: http.MethodPost, Path: path, Client: by.Client, Token: by.Token, Key: key, Body: body,
	}, &m)
	return m.ID, err
}

// MakeCity makes a city in UTC, in a country that there is or a new one. No other city of the country has its name.
func (c *Client) MakeCity(ctx context.Context, by Caller, name string) (int64, error) {
	country, err := c.anyCountry(ctx, by, "country-"+name)
	if err != nil {
		return 0, err
	}
	return c.make(ctx, by, "/cities", name, map[string]any{"name": name, "country_id": country, "time_zone": "UTC"})
}

func (c *Client) anyCountry(ctx context.Context, by Caller, key string) (int64, error) {
	first := Request{Op: "countries", Method: http.MethodGet, Path: "/countries?limit=1"}
	countries, err := some[made](ctx, c, first, 1)
	if err != nil {
		return 0, err
	}
	if len(countries) > 0 {
		return countries[0].ID, nil
	}
	id, err := c.make(ctx, by, "/countries", key, map[string]string{"name": "Loadland", "iso_code": "XL", "currency": "EUR"})
	if err == nil {
		return id, nil
	}
	// Somebody else may have made it meanwhile.
	if countries, listErr := some[made](ctx, c, first, 1); listErr == nil && len(countries) > 0 {
		return countries[0].ID, nil
	}
	return 0, err
}

// MakeHotel makes a hotel. No other hotel of the city has its title.
func (c *Client) MakeHotel(ctx context.Context, by Caller, cityID int64, title string) (int64, error) {
	return c.make(ctx, by, "/hotels", title, map[string]any{"title": title, "city_id": cityID, "address": "1 Load Street"})
}

// A NewRoom is a room type to be made.
type NewRoom struct {
	Title     string `json:"title"`
	Price     int64  `json:"price"`
	Quantity  int    `json:"quantity"`
	MaxGuests int    `json:"max_guests"`
}

// MakeRoom makes a room type in a hotel.
func (c *Client) MakeRoom(ctx context.Context, by Caller, hotelID int64, key string, n NewRoom) (ledger.Room, error) {
	var r ledger.Room
	err := c.call(ctx, Request{
		Op: "make room", Method: http.MethodPost, Path: fmt.Sprintf("/hotels/%d/rooms", hotelID),
		Client: by.Client, Token: by.Token, Key: key, Body: n,
	}, &r)
	return r, err
}
