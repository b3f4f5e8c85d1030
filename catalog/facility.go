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

// A Facility is something that hotels and rooms may have, such as a pool.
type Facility struct {
	ID    int64  `json:"id" example:"3"`
	Title string `json:"title" example:"Roof terrace"`
}

// Location is the path of the facility.
func (f *Facility) Location() string { return fmt.Sprintf("/facilities/%d", f.ID) }

// FacilityInput is the body of the requests that write a facility.
type FacilityInput struct {
	Title string `json:"title" required:"true" minLength:"1" maxLength:"100" notBlank:"true" example:"Roof terrace"`
}

var facilityExists = errs.Kind{
	Code: "facility_exists", Status: http.StatusConflict, Title: "A facility with this title already exists",
}

func (s *Service) registerFacilities(api *httpapi.API) {
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /facilities", ID: "listFacilities", Tag: "Facilities", Summary: "List facilities",
		Access: httpapi.Public, Conditional: true,
	}, s.ListFacilities)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "POST /facilities", ID: "createFacility", Tag: "Facilities", Summary: "Create a facility",
		Access: auth.AdminOnly, Idempotent: true, Conditional: true, Status: http.StatusCreated, Errors: []errs.Kind{facilityExists},
	}, s.CreateFacility)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /facilities/{facility_id}", ID: "getFacility", Tag: "Facilities", Summary: "Get a facility",
		Access: httpapi.Public, Conditional: true, Errors: []errs.Kind{errs.NotFound},
	}, s.GetFacility)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "PUT /facilities/{facility_id}", ID: "replaceFacility", Tag: "Facilities", Summary: "Replace a facility",
		Access: auth.AdminOnly, Conditional: true, Errors: []errs.Kind{errs.NotFound, facilityExists},
	}, s.ReplaceFacility)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "PATCH /facilities/{facility_id}", ID: "updateFacility", Tag: "Facilities", Summary: "Change a facility",
		Access: auth.AdminOnly, Conditional: true, Errors: []errs.Kind{errs.NotFound, facilityExists},
	}, s.UpdateFacility)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "DELETE /facilities/{facility_id}", ID: "deleteFacility", Tag: "Facilities", Summary: "Delete a facility",
		Description: "Hotels and rooms that have it lose it.",
		Access:      auth.AdminOnly, Conditional: true, Errors: []errs.Kind{errs.NotFound},
	}, s.DeleteFacility)
}

// ListFacilitiesParams filter and page the facilities.
type ListFacilitiesParams struct {
	page.Params
	Title string `query:"title" maxLength:"100" description:"Part of the title, in any case."`
	Sort  string `query:"sort" enum:"id,-id,title,-title" default:"id" description:"The order; a minus reverses it."`
}

// ListFacilities returns the facilities, page by page.
func (s *Service) ListFacilities(ctx context.Context, p *ListFacilitiesParams) (*page.List[Facility], error) {
	l := listing{name: "facilities", filters: p, page: p.Params, sort: p.Sort, sorts: facilitySorts}
	q := newQuery(listFacilities)
	if p.Title != "" {
		q.Add("AND lower(f.title) LIKE lower(?)", containing(p.Title))
	}
	if err := s.seek(q, l); err != nil {
		return nil, fmt.Errorf("list facilities: %w", err)
	}
	rows, err := pg.CollectCustom[Facility](ctx, s.db, q.String(), q.Args()...)
	if err != nil {
		return nil, fmt.Errorf("list facilities: %w", err)
	}
	return cut(s, l, rows, func(f Facility) position { return position{Text: f.Title, ID: f.ID} })
}

// CreateFacility adds a facility.
func (s *Service) CreateFacility(ctx context.Context, in *FacilityInput) (*Facility, error) {
	f, err := idempotency.Once(ctx, s.db, func(tx pgx.Tx) (*Facility, error) {
		f, err := pg.One[Facility](ctx, tx, insertFacility, norm.NFC.String(in.Title))
		if err != nil {
			return nil, facilityProblem(err)
		}
		return &f, recordCreation(ctx, tx, objectFacility, f.ID, &f)
	})
	if err != nil {
		return nil, fmt.Errorf("create facility: %w", err)
	}
	return f, nil
}

// FacilityParams name a facility.
type FacilityParams struct {
	ID int64 `path:"facility_id" minimum:"1" example:"1" description:"The facility."`
}

// GetFacility returns a facility.
func (s *Service) GetFacility(ctx context.Context, p *FacilityParams) (*Facility, error) {
	f, err := pg.One[Facility](ctx, s.db, selectFacility, p.ID)
	if err != nil {
		return nil, fmt.Errorf("get facility: %w", absent(err))
	}
	return &f, nil
}

// ReplaceFacilityParams say what a facility becomes.
type ReplaceFacilityParams struct {
	FacilityParams
	Body FacilityInput
}

// ReplaceFacility writes all fields of a facility.
func (s *Service) ReplaceFacility(ctx context.Context, p *ReplaceFacilityParams) (*Facility, error) {
	f, err := s.changeFacility(ctx, p.ID, func(in *FacilityInput) error {
		*in = p.Body
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("replace facility: %w", err)
	}
	return f, nil
}

// UpdateFacilityParams say what of a facility changes.
type UpdateFacilityParams struct {
	FacilityParams
	Body httpapi.Patch[FacilityInput]
}

// UpdateFacility writes the fields in the patch.
func (s *Service) UpdateFacility(ctx context.Context, p *UpdateFacilityParams) (*Facility, error) {
	f, err := s.changeFacility(ctx, p.ID, p.Body.Apply)
	if err != nil {
		return nil, fmt.Errorf("update facility: %w", err)
	}
	return f, nil
}

// changeFacility writes what change makes of a facility.
func (s *Service) changeFacility(ctx context.Context, id int64, change func(*FacilityInput) error) (*Facility, error) {
	var f Facility
	err := pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		now, err := lockFacility(ctx, tx, id, forChange)
		if err != nil {
			return err
		}
		in := FacilityInput{Title: now.Title}
		if err := change(&in); err != nil {
			return err
		}
		if f, err = pg.One[Facility](ctx, tx, updateFacility, id, norm.NFC.String(in.Title)); err != nil {
			return facilityProblem(err)
		}
		return recordUpdate(ctx, tx, objectFacility, id, now, &f)
	})
	return &f, err
}

// lockFacility returns a facility and keeps its row from other changes until tx ends.
func lockFacility(ctx context.Context, tx pgx.Tx, id int64, lock string) (*Facility, error) {
	f, err := pg.One[Facility](ctx, tx, selectFacility+lock, id)
	if err != nil {
		return nil, absent(err)
	}
	return &f, httpapi.CheckMatch(ctx, &f)
}

// DeleteFacility removes a facility, also from the hotels and rooms that have it.
func (s *Service) DeleteFacility(ctx context.Context, p *FacilityParams) (*httpapi.Empty, error) {
	err := pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		f, err := lockFacility(ctx, tx, p.ID, forRemoval)
		if err != nil {
			return err
		}
		if err := exec(ctx, tx, deleteFacility, p.ID); err != nil {
			return err
		}
		return recordRemoval(ctx, tx, objectFacility, p.ID, f)
	})
	if err != nil {
		return nil, fmt.Errorf("delete facility: %w", err)
	}
	return &httpapi.Empty{}, nil
}

func facilityProblem(err error) error {
	if pg.Constraint(err) == "facilities_title_key" {
		return facilityExists.New("").Because(err)
	}
	return refused(err)
}

func facilityIDs(facilities []Facility) []int64 {
	ids := make([]int64, len(facilities))
	for i, f := range facilities {
		ids[i] = f.ID
	}
	return ids
}

var facilitySorts = map[string][]string{"id": {"f.id"}, "title": {"f.title", "f.id"}}

const listFacilities = `
SELECT f.id, f.title FROM facilities f WHERE true`

const selectFacility = `
SELECT id, title FROM facilities WHERE id = $1`

const insertFacility = `
INSERT INTO facilities (title) VALUES ($1) RETURNING id, title`

const updateFacility = `
UPDATE facilities SET title = $2 WHERE id = $1 RETURNING id, title`

const deleteFacility = `
DELETE FROM facilities WHERE id = $1`
