package catalog

import (
	"context"
	"fmt"
	"strings"

	"github.com/shumbooking/shumbooking/platform/page"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// ListHotelsParams filter and page the hotels.
type ListHotelsParams struct {
	page.Params
	Title       string  `query:"title" maxLength:"100" description:"Part of the title, in any case."`
	CountryID   *int64  `query:"country_id" minimum:"1" description:"Only those of this country."`
	CityID      *int64  `query:"city_id" minimum:"1" description:"Only those of this city."`
	City        string  `query:"city" maxLength:"100" description:"Part of the name of the city, in any case."`
	Stars       *int    `query:"stars" minimum:"0" maximum:"5" description:"Only those with so many stars; 0 is without."`
	FacilityIDs []int64 `query:"facility_id" maxItems:"20" items.minimum:"1" description:"Facilities that the hotel must have, all of them."`
	Sort        string  `query:"sort" enum:"id,-id,title,-title,city,-city" default:"id" description:"By city means by its name."`
}

// ListHotels returns the hotels, page by page.
func (s *Service) ListHotels(ctx context.Context, p *ListHotelsParams) (*page.List[Hotel], error) {
	l := p.listing()
	q := hotelsQuery(p)
	if err := s.seek(q, l); err != nil {
		return nil, fmt.Errorf("list hotels: %w", err)
	}
	rows, err := pg.CollectCustom[position](ctx, s.db, q.String(), q.Args()...)
	if err != nil {
		return nil, fmt.Errorf("list hotels: %w", err)
	}
	list, err := hydrate(ctx, s, l, rows, HotelsByID)
	if err != nil {
		return nil, fmt.Errorf("list hotels: %w", err)
	}
	return list, nil
}

func (p *ListHotelsParams) listing() listing {
	return listing{name: "hotels", filters: p, page: p.Params, sort: p.Sort, sorts: hotelSorts}
}

func hotelsQuery(p *ListHotelsParams) *pg.Statement {
	byCity := strings.HasSuffix(p.Sort, "city")
	q := newQuery(selectHotelPlaces)
	if byCity {
		q = newQuery(selectHotelPlacesByCity)
	}
	if byCity || p.CountryID != nil || p.City != "" {
		q.Add("JOIN cities c ON c.id = h.city_id")
	}
	q.Add("WHERE h.archived_at IS NULL")
	if p.Title != "" {
		q.Add("AND lower(h.title) LIKE lower(?)", containing(p.Title))
	}
	if p.CountryID != nil {
		q.Add("AND c.country_id = ?", *p.CountryID)
	}
	if p.CityID != nil {
		q.Add("AND h.city_id = ?", *p.CityID)
	}
	if p.City != "" {
		q.Add("AND lower(c.name) LIKE lower(?)", containing(p.City))
	}
	if p.Stars != nil {
		q.Add("AND h.stars = ?", *p.Stars)
	}
	for _, id := range p.FacilityIDs {
		q.Add("AND EXISTS (SELECT FROM hotel_facilities WHERE hotel_id = h.id AND facility_id = ?)", id)
	}
	return q
}

// Cities of one name follow one another, so that the hotels of each can be found by its id.
var hotelSorts = map[string][]string{
	"id": {"h.id"}, "title": {"h.title", "h.id"}, "city": {"c.name", "c.id", "h.id"},
}

const selectHotelPlaces = `SELECT h.id, h.title AS text, 0::bigint AS "group" FROM hotels h`

const selectHotelPlacesByCity = `SELECT h.id, c.name AS text, c.id AS "group" FROM hotels h`
