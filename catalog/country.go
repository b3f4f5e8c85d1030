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
	"github.com/shumbooking/shumbooking/platform/page"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// A Country is one of ISO 3166-1.
type Country struct {
	ID       int64  `json:"id" example:"1"`
	Name     string `json:"name" example:"Russia"`
	ISOCode  string `json:"iso_code" description:"ISO 3166-1 alpha-2 code." example:"RU"`
	Currency string `json:"currency" description:"ISO 4217 code of what its hotels charge in by default." example:"RUB"`
}

// Location is the path of the country.
func (c *Country) Location() string { return fmt.Sprintf("/countries/%d", c.ID) }

// CountryInput is the body of the requests that write a country.
type CountryInput struct {
	Name     string `json:"name" required:"true" minLength:"1" maxLength:"100" notBlank:"true" example:"Ruritania"`
	ISOCode  string `json:"iso_code" required:"true" pattern:"^[A-Z]{2}$" description:"ISO 3166-1 alpha-2 code." example:"ZZ"`
	Currency string `json:"currency" required:"true" pattern:"^[A-Z]{3}$" description:"ISO 4217 code." example:"EUR"`
}

// Validate checks what the schema cannot express.
func (in *CountryInput) Validate() error { return invalid(checkCurrency(&in.Currency)) }

var (
	countryExists = errs.Kind{
		Code: "country_exists", Status: http.StatusConflict, Title: "This country already exists",
	}
	countryHasCities = errs.Kind{
		Code: "country_has_cities", Status: http.StatusConflict, Title: "The country has cities",
	}
)

// takenField is the extension member of countryExists, for the document.
type takenField struct {
	Field string `json:"field" description:"Of country_exists: the field that another country has the value of." example:"iso_code"`
}

func (s *Service) registerCountries(api *httpapi.API) {
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /countries", ID: "listCountries", Tag: "Countries", Summary: "List countries",
		Access: httpapi.Public, Conditional: true,
	}, s.ListCountries)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "POST /countries", ID: "createCountry", Tag: "Countries", Summary: "Create a country",
		Access: auth.AdminOnly, Idempotent: true, Conditional: true, Status: http.StatusCreated,
		Errors: []errs.Kind{countryExists}, Members: takenField{},
	}, s.CreateCountry)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /countries/{country_id}", ID: "getCountry", Tag: "Countries", Summary: "Get a country",
		Access: httpapi.Public, Conditional: true, Errors: []errs.Kind{errs.NotFound},
	}, s.GetCountry)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "PUT /countries/{country_id}", ID: "replaceCountry", Tag: "Countries", Summary: "Replace a country",
		Access: auth.AdminOnly, Conditional: true, Errors: []errs.Kind{errs.NotFound, countryExists}, Members: takenField{},
	}, s.ReplaceCountry)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "PATCH /countries/{country_id}", ID: "updateCountry", Tag: "Countries", Summary: "Change a country",
		Access: auth.AdminOnly, Conditional: true, Errors: []errs.Kind{errs.NotFound, countryExists}, Members: takenField{},
	}, s.UpdateCountry)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "DELETE /countries/{country_id}", ID: "deleteCountry", Tag: "Countries", Summary: "Delete a country",
		Access: auth.AdminOnly, Conditional: true, Errors: []errs.Kind{errs.NotFound, countryHasCities},
	}, s.DeleteCountry)
}

// ListCountriesParams filter and page the countries.
type ListCountriesParams struct {
	page.Params
	Name string `query:"name" maxLength:"100" description:"Part of the name, in any case."`
	Sort string `query:"sort" enum:"id,-id,name,-name" default:"id" description:"The order; a minus reverses it."`
}

// ListCountries returns the countries, page by page.
func (s *Service) ListCountries(ctx context.Context, p *ListCountriesParams) (*page.List[Country], error) {
	l := listing{name: "countries", filters: p, page: p.Params, sort: p.Sort, sorts: countrySorts}
	q := newQuery(listCountries)
	if p.Name != "" {
		q.Add("AND lower(k.name) LIKE lower(?)", containing(p.Name))
	}
	if err := s.seek(q, l); err != nil {
		return nil, fmt.Errorf("list countries: %w", err)
	}
	rows, err := pg.CollectCustom[Country](ctx, s.db, q.String(), q.Args()...)
	if err != nil {
		return nil, fmt.Errorf("list countries: %w", err)
	}
	return cut(s, l, rows, func(c Country) position { return position{Text: c.Name, ID: c.ID} })
}

// CreateCountry adds a country.
func (s *Service) CreateCountry(ctx context.Context, in *CountryInput) (*Country, error) {
	c, err := idempotency.Once(ctx, s.db, func(tx pgx.Tx) (*Country, error) {
		c, err := pg.One[Country](ctx, tx, insertCountry, norm.NFC.String(in.Name), in.ISOCode, in.Currency)
		if err != nil {
			return nil, countryProblem(err)
		}
		return &c, recordCreation(ctx, tx, objectCountry, c.ID, &c)
	})
	if err != nil {
		return nil, fmt.Errorf("create country: %w", err)
	}
	return c, nil
}

// CountryParams name a country.
type CountryParams struct {
	ID int64 `path:"country_id" minimum:"1" example:"1" description:"The country."`
}

// GetCountry returns a country.
func (s *Service) GetCountry(ctx context.Context, p *CountryParams) (*Country, error) {
	c, err := pg.One[Country](ctx, s.db, selectCountry, p.ID)
	if err != nil {
		return nil, fmt.Errorf("get country: %w", absent(err))
	}
	return &c, nil
}

// ReplaceCountryParams say what a country becomes.
type ReplaceCountryParams struct {
	CountryParams
	Body CountryInput
}

// ReplaceCountry writes all fields of a country. Hotels keep the currency they have.
func (s *Service) ReplaceCountry(ctx context.Context, p *ReplaceCountryParams) (*Country, error) {
	c, err := s.changeCountry(ctx, p.ID, func(in *CountryInput) error {
		*in = p.Body
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("replace country: %w", err)
	}
	return c, nil
}

// UpdateCountryParams say what of a country changes.
type UpdateCountryParams struct {
	CountryParams
	Body httpapi.Patch[CountryInput]
}

// UpdateCountry writes the fields in the patch. Hotels keep the currency they have.
func (s *Service) UpdateCountry(ctx context.Context, p *UpdateCountryParams) (*Country, error) {
	c, err := s.changeCountry(ctx, p.ID, p.Body.Apply)
	if err != nil {
		return nil, fmt.Errorf("update country: %w", err)
	}
	return c, nil
}

// changeCountry writes what change makes of a country.
func (s *Service) changeCountry(ctx context.Context, id int64, change func(*CountryInput) error) (*Country, error) {
	var c Country
	err := pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		now, err := lockCountry(ctx, tx, id, forChange)
		if err != nil {
			return err
		}
		in := CountryInput{Name: now.Name, ISOCode: now.ISOCode, Currency: now.Currency}
		if err := change(&in); err != nil {
			return err
		}
		c, err = pg.One[Country](ctx, tx, updateCountry, id, norm.NFC.String(in.Name), in.ISOCode, in.Currency)
		if err != nil {
			return countryProblem(err)
		}
		return recordUpdate(ctx, tx, objectCountry, id, now, &c)
	})
	return &c, err
}

// lockCountry returns a country and keeps its row from other changes until tx ends.
func lockCountry(ctx context.Context, tx pgx.Tx, id int64, lock string) (*Country, error) {
	c, err := pg.One[Country](ctx, tx, selectCountry+lock, id)
	if err != nil {
		return nil, absent(err)
	}
	return &c, httpapi.CheckMatch(ctx, &c)
}

// DeleteCountry removes a country without cities.
func (s *Service) DeleteCountry(ctx context.Context, p *CountryParams) (*httpapi.Empty, error) {
	err := pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		c, err := lockCountry(ctx, tx, p.ID, forRemoval)
		if err != nil {
			return err
		}
		if err := exec(ctx, tx, deleteCountry, p.ID); err != nil {
			return err
		}
		return recordRemoval(ctx, tx, objectCountry, p.ID, c)
	})
	if pg.Constraint(err) == citiesCountry {
		err = countryHasCities.New("Delete or move its cities first.").Because(err)
	}
	if err != nil {
		return nil, fmt.Errorf("delete country: %w", err)
	}
	return &httpapi.Empty{}, nil
}

func countryProblem(err error) error {
	switch pg.Constraint(err) {
	case "countries_name_key":
		return countryExists.New("Another country has this name.").With("field", "name").Because(err)
	case "countries_iso_code_key":
		return countryExists.New("Another country has this code.").With("field", "iso_code").Because(err)
	}
	return refused(err)
}

var countrySorts = map[string][]string{"id": {"k.id"}, "name": {"k.name", "k.id"}}

const listCountries = `
SELECT k.id, k.name, k.iso_code, k.currency FROM countries k WHERE true`

const selectCountry = `
SELECT id, name, iso_code, currency FROM countries WHERE id = $1`

const insertCountry = `
INSERT INTO countries (name, iso_code, currency) VALUES ($1, $2, $3)
RETURNING id, name, iso_code, currency`

const updateCountry = `
UPDATE countries SET name = $2, iso_code = $3, currency = $4 WHERE id = $1
RETURNING id, name, iso_code, currency`

const deleteCountry = `
DELETE FROM countries WHERE id = $1`
