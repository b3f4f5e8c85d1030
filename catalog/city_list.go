package catalog

import (
	"context"
	"fmt"

	"github.com/shumbooking/shumbooking/platform/page"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// ListCitiesParams filter and page the cities.
type ListCitiesParams struct {
	page.Params
	Name      string `query:"name" maxLength:"100" description:"Part of the name, in any case."`
	CountryID *int64 `query:"country_id" minimum:"1" description:"Only those of this country."`
	Sort      string `query:"sort" enum:"id,-id,name,-name" default:"id" description:"The order; a minus reverses it."`
}

// ListCities returns the cities, page by page.
func (s *Service) ListCities(ctx context.Context, p *ListCitiesParams) (*page.List[City], error) {
	l := p.listing()
	q := citiesQuery(p)
	if err := s.seek(q, l); err != nil {
		return nil, fmt.Errorf("list cities: %w", err)
	}
	rows, err := pg.CollectCustom[cityRow](ctx, s.db, q.String(), q.Args()...)
	if err != nil {
		return nil, fmt.Errorf("list cities: %w", err)
	}
	cities := make([]City, len(rows))
	for i := range rows {
		cities[i] = rows[i].city()
	}
	return cut(s, l, cities, func(c City) position { return position{Text: c.Name, ID: c.ID} })
}

func (p *ListCitiesParams) listing() listing {
	return listing{name: "cities", filters: p, page: p.Params, sort: p.Sort, sorts: citySorts}
}

func citiesQuery(p *ListCitiesParams) *pg.Statement {
	q := newQuery(selectCities + " WHERE true")
	if p.Name != "" {
		q.Add("AND lower(c.name) LIKE lower(?)", containing(p.Name))
	}
	if p.CountryID != nil {
		q.Add("AND c.country_id = ?", *p.CountryID)
	}
	return q
}

var citySorts = map[string][]string{"id": {"c.id"}, "name": {"c.name", "c.id"}}
