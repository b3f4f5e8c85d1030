package booking

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/catalog"
	"github.com/shumbooking/shumbooking/platform/date"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/page"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// The orders of a search.
const (
	sortPrice        = "price"
	sortPriceFalling = "-price"
	sortTitle        = "title"
	sortDistance     = "distance"
)

// SearchParams are what a search for hotels asks for: a stay, a place (a city, or a circle), and filters.
type SearchParams struct {
	page.Params
	DateFrom    date.Date `query:"date_from" required:"true" example:"today+300" description:"The first night."`
	DateTo      date.Date `query:"date_to" required:"true" example:"today+302" description:"The day of departure, at most 30 nights later."`
	Guests      int       `query:"guests" minimum:"1" maximum:"10000" default:"1" description:"The whole party."`
	Rooms       int       `query:"rooms" minimum:"1" maximum:"100" default:"1" description:"How many rooms of one type."`
	CityID      *int64    `query:"city_id" minimum:"1" example:"1" description:"Either this or lat, lon and radius_km."`
	Latitude    *float64  `query:"lat" minimum:"-90" maximum:"90" description:"Latitude of the centre of a search, in degrees."`
	Longitude   *float64  `query:"lon" minimum:"-180" maximum:"180" description:"Longitude of the centre, in degrees."`
	RadiusKM    *float64  `query:"radius_km" minimum:"0.1" maximum:"200" description:"How far from the centre, in kilometres."`
	Currency    *string   `query:"currency" pattern:"^[A-Z]{3}$" description:"Only hotels of this currency. That of the city's country by default; required with lat and lon when price is filtered or sorted by."`
	PriceMin    *int64    `query:"price_min" minimum:"0" description:"Least total price of a room item, in minor units."`
	PriceMax    *int64    `query:"price_max" minimum:"0" description:"Greatest total price of a room item, in minor units."`
	Stars       *int      `query:"stars" minimum:"0" maximum:"5" description:"Only those with so many stars; 0 is without."`
	FacilityIDs []int64   `query:"facility_id" maxItems:"20" items.minimum:"1" description:"Facilities that the hotel must have, all of them."`
	Sort        string    `query:"sort" enum:"price,-price,title,distance" description:"By default price with a city or a currency, else distance."`
}

// Validate checks the rules between the parameters.
func (p *SearchParams) Validate() error {
	fields := p.checkPlace()
	invalid := func(field, code string, message errs.Text) {
		fields = append(fields, errs.Field{Field: field, In: "query", Code: code, Message: errs.Say(message)})
	}
	if p.Sort == sortDistance && p.CityID != nil {
		invalid("sort", "needs_centre", "needs lat, lon and radius_km to sort by distance")
	}
	byPrice := p.Sort == sortPrice || p.Sort == sortPriceFalling || p.PriceMin != nil || p.PriceMax != nil
	if byPrice && p.CityID == nil && p.Currency == nil {
		invalid("currency", "required", "is required to compare prices around a point")
	}
	stay := checkStay("query", p.DateFrom, p.DateTo)
	if len(fields) == 0 {
		return stay
	}
	if broken, ok := errors.AsType[*errs.Error](stay); ok {
		fields = append(fields, broken.Fields...)
	}
	return errs.InvalidFields(fields...)
}

// checkPlace demands one place: a city, or a whole circle.
func (p *SearchParams) checkPlace() []errs.Field {
	given := 0
	for _, part := range []*float64{p.Latitude, p.Longitude, p.RadiusKM} {
		if part != nil {
			given++
		}
	}
	switch {
	case p.CityID != nil && given > 0:
		return []errs.Field{{Field: "city_id", In: "query", Code: "exclusive", Message: errs.Say("cannot be combined with lat, lon and radius_km")}}
	case p.CityID == nil && given < 3:
		return []errs.Field{{Field: "city_id", In: "query", Code: "required", Message: errs.Say("is required, unless lat, lon and radius_km are all given")}}
	}
	return nil
}

// A stay is what is looked for in a room.
type stay struct {
	from, to      date.Date
	rooms, guests int
}

// units is how many nightly prices make the total: nights times rooms.
func (s *stay) units() int64 { return int64(s.to.Sub(s.from)) * int64(s.rooms) }

// A search is a checked SearchParams.
type search struct {
	*SearchParams
	stay   stay
	centre *circle
	// atEdge says that the first or the last day for which rooms are sold is not the same for all hotels, because
	// of their time zones, so that each must be asked.
	atEdge bool
}

// newSearch completes p at the given time. A date that is past, or too far ahead, everywhere on earth is refused.
func newSearch(p *SearchParams, now time.Time) (*search, error) {
	// The first and the last place on earth to begin a day are 14 hours ahead of and 12 hours behind UTC.
	first, last := date.Of(now.UTC().Add(14*time.Hour)), date.Of(now.UTC().Add(-12*time.Hour))
	if p.DateFrom.Before(last) {
		return nil, broken("query", datesInPast)
	}
	if p.DateFrom.Sub(first) > maxDaysAhead {
		return nil, broken("query", tooFarAhead)
	}
	s := &search{
		SearchParams: p,
		stay:         stay{from: p.DateFrom, to: p.DateTo, rooms: p.Rooms, guests: p.Guests},
		// A day more on either side allows for the clocks here and in the database to differ.
		atEdge: !p.DateFrom.After(first) || p.DateFrom.Sub(last) >= maxDaysAhead,
	}
	if p.CityID == nil {
		s.centre = &circle{lat: catalog.RoundDegrees(*p.Latitude), lon: catalog.RoundDegrees(*p.Longitude), radius: *p.RadiusKM}
	}
	if p.Sort == "" {
		s.SearchParams = new(*p)
		s.Sort = sortDistance
		if p.CityID != nil || p.Currency != nil {
			s.Sort = sortPrice
		}
	}
	return s, nil
}

// A HotelOffer is a hotel with the rooms that can be booked in it.
type HotelOffer struct {
	catalog.Hotel
	MinTotalPrice int64       `json:"min_total_price" example:"700000" description:"The least total_price among the rooms."`
	DistanceKM    *float64    `json:"distance_km" example:"1.5" description:"From the centre; null when the search has none."`
	Rooms         []RoomOffer `json:"rooms" description:"Cheapest first."`
}

// Search returns the hotels with a room for the stay, page by page: in a city or around a centre.
func (s *Service) Search(ctx context.Context, p *SearchParams) (*page.List[HotelOffer], error) {
	q, err := newSearch(p, time.Now())
	if err != nil {
		return nil, err
	}
	var hits *page.List[hit]
	switch q.Sort {
	case sortTitle, sortDistance:
		hits, err = s.searchHotels(ctx, q, p)
	default:
		hits, err = s.searchByPrice(ctx, q, p)
	}
	if err != nil {
		return nil, fmt.Errorf("search hotels: %w", err)
	}
	offers, err := s.hotelOffers(ctx, q, hits.Items)
	if err != nil {
		return nil, fmt.Errorf("search hotels: %w", err)
	}
	return &page.List[HotelOffer]{Items: offers, NextCursor: hits.NextCursor}, nil
}

// A hit is a hotel found by a search, as its cheapest room.
type hit struct {
	ID       int64
	HotelID  int64
	Total    int64
	Bound    int64
	Title    string
	Distance *float64
	// Rooms are all rooms of the hotel that can be booked.
	Rooms []int64
}

// A hotelPosition is a place in an order of hotels.
type hotelPosition struct {
	Title    string  `json:"t,omitempty"`
	Distance float64 `json:"d,omitempty"`
	ID       int64   `json:"i"`
}

// searchName names the list in cursors.
const searchName = "available hotels"

func (s *Service) searchHotels(ctx context.Context, q *search, p *SearchParams) (*page.List[hit], error) {
	var after *hotelPosition
	if p.Cursor != "" {
		after = new(hotelPosition)
		if err := s.cursors.Decode(p.Cursor, searchName, p, after); err != nil {
			return nil, err
		}
	}
	walk := q.walkHotels(after, p.Limit+1)
	hits, err := s.collect(ctx, walk, p.Limit+1)
	if err != nil {
		return nil, err
	}
	return page.Cut(hits, p.Limit, func(last hit) (string, error) {
		at := hotelPosition{ID: last.HotelID}
		if q.Sort == sortDistance {
			at.Distance = *last.Distance
		} else {
			at.Title = last.Title
		}
		return s.cursors.Encode(searchName, p, at)
	})
}

// collect reads the hits of a walk, of which there are no more than limit. Their columns stand in the order of the fields:
// to find them by name costs more than to read them.
func (s *Service) collect(ctx context.Context, walk *pg.Statement, limit int) ([]hit, error) {
	rows, err := s.db.Query(ctx, walk.String(), walk.Args()...)
	if err != nil {
		return nil, err
	}
	hits := make([]hit, 0, limit)
	var h hit
	_, err = pgx.ForEachRow(rows, []any{&h.ID, &h.HotelID, &h.Total, &h.Bound, &h.Title, &h.Distance, &h.Rooms}, func() error {
		hits = append(hits, h)
		return nil
	})
	return hits, err
}
