package catalog

import (
	"context"
	"fmt"
	"net/http"

	"github.com/jackc/pgx/v5"
	"golang.org/x/text/unicode/norm"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/idempotency"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// A City is a place that has hotels.
type City struct {
	ID         int64    `json:"id" example:"5"`
	Name       string   `json:"name" example:"Reykjavik"`
	Region     *string  `json:"region" description:"First-level division of the country." example:"Capital Region"`
	Country    Country  `json:"country" db:"-"`
	Latitude   *float64 `json:"latitude" description:"Degrees north." example:"64.13548"`
	Longitude  *float64 `json:"longitude" description:"Degrees east." example:"-21.89541"`
	TimeZone   string   `json:"time_zone" description:"Name in the IANA database." example:"Atlantic/Reykjavik"`
	Population *int32   `json:"population" example:"118918"`
}

// Location is the path of the city.
func (c *City) Location() string { return fmt.Sprintf("/cities/%d", c.ID) }

func (c *City) input() CityInput {
	return CityInput{
		Name: c.Name, CountryID: c.Country.ID, Region: clone(c.Region), Latitude: clone(c.Latitude),
		Longitude: clone(c.Longitude), TimeZone: c.TimeZone, Population: clone(c.Population),
	}
}

// CityInput is the body of the requests that write a city.
type CityInput struct {
	Name       string   `json:"name" required:"true" minLength:"1" maxLength:"100" notBlank:"true" example:"Reykjavik"`
	CountryID  int64    `json:"country_id" required:"true" minimum:"1" example:"1"`
	Region     *string  `json:"region" minLength:"1" maxLength:"100" notBlank:"true" description:"First-level division of the country." example:"Capital Region"`
	Latitude   *float64 `json:"latitude" minimum:"-90" maximum:"90" description:"Degrees north; only with longitude." example:"64.13548"`
	Longitude  *float64 `json:"longitude" minimum:"-180" maximum:"180" description:"Degrees east; only with latitude." example:"-21.89541"`
	TimeZone   string   `json:"time_zone" required:"true" minLength:"1" maxLength:"64" description:"Name in the IANA database." example:"Atlantic/Reykjavik"`
	Population *int32   `json:"population" minimum:"0" example:"118918"`
}

// Validate checks what the schema cannot express.
func (in *CityInput) Validate() error {
	return invalid(checkLocation(in.Latitude, in.Longitude), checkTimeZone(&in.TimeZone))
}

var (
	cityExists = errs.Kind{
		Code: "city_exists", Status: http.StatusConflict, Title: "A city with this name already exists in the region",
	}
	cityHasHotels = errs.Kind{
		Code: "city_has_hotels", Status: http.StatusConflict, Title: "The city has hotels",
	}
)

func (s *Service) registerCities(api *httpapi.API) {
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /cities", ID: "listCities", Tag: "Cities", Summary: "List cities",
		Access: httpapi.Public, Conditional: true,
	}, s.ListCities)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "POST /cities", ID: "createCity", Tag: "Cities", Summary: "Create a city",
		Access: auth.AdminOnly, Idempotent: true, Conditional: true, Status: http.StatusCreated, Errors: []errs.Kind{cityExists},
	}, s.CreateCity)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /cities/{city_id}", ID: "getCity", Tag: "Cities", Summary: "Get a city",
		Access: httpapi.Public, Conditional: true, Errors: []errs.Kind{errs.NotFound},
	}, s.GetCity)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "PUT /cities/{city_id}", ID: "replaceCity", Tag: "Cities", Summary: "Replace a city",
		Access: auth.AdminOnly, Conditional: true, Errors: []errs.Kind{errs.NotFound, cityExists},
	}, s.ReplaceCity)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "PATCH /cities/{city_id}", ID: "updateCity", Tag: "Cities", Summary: "Change a city",
		Access: auth.AdminOnly, Conditional: true, Errors: []errs.Kind{errs.NotFound, cityExists},
	}, s.UpdateCity)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "DELETE /cities/{city_id}", ID: "deleteCity", Tag: "Cities", Summary: "Delete a city",
		Description: "A city that has or had hotels stays.",
		Access:      auth.AdminOnly, Conditional: true, Errors: []errs.Kind{errs.NotFound, cityHasHotels},
	}, s.DeleteCity)
}

// CreateCity adds a city.
func (s *Service) CreateCity(ctx context.Context, in *CityInput) (*City, error) {
	c, err := idempotency.Once(ctx, s.db, func(tx pgx.Tx) (*City, error) {
		var id int64
		if err := tx.QueryRow(ctx, insertCity, in.columns()...).Scan(&id); err != nil {
			return nil, cityProblem(err)
		}
		c, err := cityByID(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		return c, recordCreation(ctx, tx, objectCity, id, c)
	})
	if err != nil {
		return nil, fmt.Errorf("create city: %w", err)
	}
	return c, nil
}

// columns are the values of the columns after the id.
func (in *CityInput) columns() []any {
	region := in.Region
	if region != nil {
		region = new(norm.NFC.String(*region))
	}
	return []any{
		in.CountryID, norm.NFC.String(in.Name), region, degrees(in.Latitude), degrees(in.Longitude), in.TimeZone, in.Population,
	}
}

// CityParams name a city.
type CityParams struct {
	ID int64 `path:"city_id" minimum:"1" example:"1" description:"The city."`
}

// GetCity returns a city.
func (s *Service) GetCity(ctx context.Context, p *CityParams) (*City, error) {
	c, err := cityByID(ctx, s.db, p.ID)
	if err != nil {
		return nil, fmt.Errorf("get city: %w", err)
	}
	return c, nil
}

func cityByID(ctx context.Context, db querier, id int64) (*City, error) {
	row, err := pg.One[cityRow](ctx, db, selectCities+" WHERE c.id = $1", id)
	if err != nil {
		return nil, absent(err)
	}
	return new(row.city()), nil
}

// cityRow is a city as selectCities returns it.
type cityRow struct {
	City
	CountryID   int64
	CountryName string
	ISOCode     string
	Currency    string
}

func (r cityRow) city() City {
	r.Country = Country{ID: r.CountryID, Name: r.CountryName, ISOCode: r.ISOCode, Currency: r.Currency}
	return r.City
}

// ReplaceCityParams say what a city becomes.
type ReplaceCityParams struct {
	CityParams
	Body CityInput
}

// ReplaceCity writes all fields of a city. Hotels keep the time zone they have.
func (s *Service) ReplaceCity(ctx context.Context, p *ReplaceCityParams) (*City, error) {
	c, err := s.changeCity(ctx, p.ID, func(in *CityInput) error {
		*in = p.Body
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("replace city: %w", err)
	}
	return c, nil
}

// UpdateCityParams say what of a city changes.
type UpdateCityParams struct {
	CityParams
	Body httpapi.Patch[CityInput]
}

// UpdateCity writes the fields in the patch. Hotels keep the time zone they have.
func (s *Service) UpdateCity(ctx context.Context, p *UpdateCityParams) (*City, error) {
	c, err := s.changeCity(ctx, p.ID, p.Body.Apply)
	if err != nil {
		return nil, fmt.Errorf("update city: %w", err)
	}
	return c, nil
}

// changeCity writes what change makes of a city.
func (s *Service) changeCity(ctx context.Context, id int64, change func(*CityInput) error) (*City, error) {
	var c *City
	err := pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		now, err := lockCity(ctx, tx, id, forChange)
		if err != nil {
			return err
		}
		in := now.input()
		if err := change(&in); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, updateCity, append(in.columns(), id)...); err != nil {
			return cityProblem(err)
		}
		if c, err = cityByID(ctx, tx, id); err != nil {
			return err
		}
		return recordUpdate(ctx, tx, objectCity, id, now, c)
	})
	return c, err
}

// lockCity returns a city and keeps its row from other changes until tx ends.
func lockCity(ctx context.Context, tx pgx.Tx, id int64, lock string) (*City, error) {
	if err := exec(ctx, tx, lockCityRow+lock, id); err != nil {
		return nil, err
	}
	c, err := cityByID(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	return c, httpapi.CheckMatch(ctx, c)
}

// DeleteCity removes a city without hotels; an archived hotel counts.
func (s *Service) DeleteCity(ctx context.Context, p *CityParams) (*httpapi.Empty, error) {
	err := pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		c, err := lockCity(ctx, tx, p.ID, forRemoval)
		if err != nil {
			return err
		}
		if err := exec(ctx, tx, deleteCity, p.ID); err != nil {
			return err
		}
		return recordRemoval(ctx, tx, objectCity, p.ID, c)
	})
	if pg.Constraint(err) == hotelsCity {
		err = cityHasHotels.New("Delete or move its hotels first.").Because(err)
	}
	if err != nil {
		return nil, fmt.Errorf("delete city: %w", err)
	}
	return &httpapi.Empty{}, nil
}

// citiesCountry is violated by a city in no country and by the end of a country with cities.
const citiesCountry = "cities_country_id_fkey"

func cityProblem(err error) error {
	switch pg.Constraint(err) {
	case "cities_name_key":
		return cityExists.New("").Because(err)
	case citiesCountry:
		return errs.InvalidBody("country_id", "unknown", "is not the id of a country").Because(err)
	}
	return refused(err)
}

const selectCities = `
SELECT c.id, c.name, c.region, c.latitude, c.longitude, c.time_zone, c.population,
	k.id AS country_id, k.name AS country_name, k.iso_code, k.currency
FROM cities c JOIN countries k ON k.id = c.country_id`

// AT TIME ZONE fails for a zone that is not known to PostgreSQL, though it is to Go.
const insertCity = `
INSERT INTO cities (country_id, name, region, latitude, longitude, time_zone, population)
SELECT $1, $2, $3, $4, $5, $6, $7 WHERE now() AT TIME ZONE $6::text IS NOT NULL
RETURNING id`

const lockCityRow = `
SELECT FROM cities WHERE id = $1`

const updateCity = `
UPDATE cities SET country_id = $1, name = $2, region = $3, latitude = $4, longitude = $5, time_zone = $6, population = $7
WHERE id = $8 AND now() AT TIME ZONE $6::text IS NOT NULL`

const deleteCity = `
DELETE FROM cities WHERE id = $1`
