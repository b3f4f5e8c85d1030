package catalog

import (
	"context"
	"fmt"
	"net/http"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/audit"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/page"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// CheckManager returns nil if the caller in ctx runs the hotel: an admin runs every hotel, a manager those they
// are assigned to. Otherwise, and for a hotel that is absent or archived, it returns errs.NotFound.
func CheckManager(ctx context.Context, db querier, hotelID int64) error {
	caller := auth.CallerFrom(ctx)
	var runs bool
	err := db.QueryRow(ctx, selectRuns, hotelID, caller.UserID, string(caller.Role)).Scan(&runs)
	if err != nil {
		return fmt.Errorf("check manager: %w", err)
	}
	if !runs {
		return errs.NotFound.New("")
	}
	return nil
}

// A Manager is a user who is assigned to a hotel. One who is no active manager any more is listed still, and may
// do nothing in it.
type Manager struct {
	ID        int64   `json:"id" example:"12"`
	Email     string  `json:"email" example:"anna@example.com"`
	FirstName *string `json:"first_name" example:"Anna"`
	LastName  *string `json:"last_name" example:"Ivanova"`
	Active    bool    `json:"active" description:"Whether the user has the role of a manager and is not disabled." example:"true"`
}

var notAManager = errs.Kind{
	Code: "not_a_manager", Status: http.StatusUnprocessableEntity, Title: "The user is not an active manager",
}

func (s *Service) registerManagers(api *httpapi.API) {
	httpapi.Handle(api, httpapi.Route{
		Pattern: "GET /hotels/{hotel_id}/managers", ID: "listManagers", Tag: "Managers",
		Summary: "List the managers of a hotel",
		Access:  auth.AdminOnly, Errors: []errs.Kind{errs.NotFound},
	}, s.ListManagers)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "PUT /hotels/{hotel_id}/managers/{user_id}", ID: "assignManager", Tag: "Managers",
		Summary: "Assign a manager to a hotel",
		Access:  auth.AdminOnly, Errors: []errs.Kind{errs.NotFound, notAManager},
	}, s.AssignManager)
	httpapi.Handle(api, httpapi.Route{
		Pattern: "DELETE /hotels/{hotel_id}/managers/{user_id}", ID: "removeManager", Tag: "Managers",
		Summary: "Remove a manager from a hotel",
		Access:  auth.AdminOnly, Errors: []errs.Kind{errs.NotFound},
	}, s.RemoveManager)
}

// ListManagersParams page the managers of a hotel.
type ListManagersParams struct {
	page.Params
	HotelID int64 `path:"hotel_id" minimum:"1" example:"1" description:"The hotel."`
}

// ListManagers returns who is assigned to a hotel, page by page.
func (s *Service) ListManagers(ctx context.Context, p *ListManagersParams) (*page.List[Manager], error) {
	if err := checkHotel(ctx, s.db, p.HotelID); err != nil {
		return nil, fmt.Errorf("list managers: %w", err)
	}
	l := listing{name: "managers", filters: p, page: p.Params, sort: "id", sorts: managerSorts}
	q := newQuery(listManagers, p.HotelID)
	if err := s.seek(q, l); err != nil {
		return nil, fmt.Errorf("list managers: %w", err)
	}
	rows, err := pg.Collect[Manager](ctx, s.db, q.String(), q.Args()...)
	if err != nil {
		return nil, fmt.Errorf("list managers: %w", err)
	}
	return cut(s, l, rows, func(m Manager) position { return position{ID: m.ID} })
}

// ManagerParams name a user and a hotel.
type ManagerParams struct {
	HotelID int64 `path:"hotel_id" minimum:"1" example:"1" description:"The hotel."`
	UserID  int64 `path:"user_id" minimum:"1" example:"2" description:"The user."`
}

// An assignment is what the audit log tells of a manager.
type assignment struct {
	HotelID int64 `json:"hotel_id"`
	UserID  int64 `json:"user_id"`
}

// AssignManager lets a manager run a hotel. It changes nothing if they do already.
func (s *Service) AssignManager(ctx context.Context, p *ManagerParams) (*httpapi.Empty, error) {
	err := pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		if err := LockHotel(ctx, tx, p.HotelID); err != nil {
			return err
		}
		var active, added bool
		if err := tx.QueryRow(ctx, insertManager, p.HotelID, p.UserID).Scan(&active, &added); err != nil {
			return err
		}
		if !active {
			return notAManager.New("Only an active user with the manager role can be assigned to a hotel.")
		}
		if !added {
			return nil
		}
		return auth.RecordChange(ctx, tx, audit.Entry{
			Action: objectManager + ".assign", Object: objectManager, ID: p.UserID, After: assignment(*p),
		})
	})
	if err != nil {
		return nil, fmt.Errorf("assign manager: %w", err)
	}
	return &httpapi.Empty{}, nil
}

// RemoveManager ends that a user runs a hotel.
func (s *Service) RemoveManager(ctx context.Context, p *ManagerParams) (*httpapi.Empty, error) {
	err := pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, deleteManager, p.HotelID, p.UserID)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return errs.NotFound.New("")
		}
		return auth.RecordChange(ctx, tx, audit.Entry{
			Action: objectManager + ".remove", Object: objectManager, ID: p.UserID, Before: assignment(*p),
		})
	})
	if err != nil {
		return nil, fmt.Errorf("remove manager: %w", err)
	}
	return &httpapi.Empty{}, nil
}

const selectRuns = `
SELECT EXISTS (
	SELECT FROM hotels h WHERE h.id = $1 AND h.archived_at IS NULL AND ($3 = 'admin' OR $3 = 'manager' AND EXISTS (
		SELECT FROM hotel_managers WHERE hotel_id = h.id AND user_id = $2)))`

var managerSorts = map[string][]string{"id": {"u.id"}}

const listManagers = `
SELECT u.id, u.email, u.first_name, u.last_name, u.role = 'manager' AND u.disabled_at IS NULL AS active
FROM hotel_managers m JOIN users u ON u.id = m.user_id
WHERE m.hotel_id = ? AND u.deleted_at IS NULL`

// It tells whether the user is an active manager, and whether they were not assigned before.
const insertManager = `
WITH manager AS (SELECT id FROM users WHERE id = $2 AND role = 'manager' AND disabled_at IS NULL),
added AS (
	INSERT INTO hotel_managers (hotel_id, user_id) SELECT $1, id FROM manager
	ON CONFLICT (hotel_id, user_id) DO NOTHING RETURNING user_id)
SELECT EXISTS (SELECT FROM manager), EXISTS (SELECT FROM added)`

const deleteManager = `
DELETE FROM hotel_managers WHERE hotel_id = $1 AND user_id = $2
	AND EXISTS (SELECT FROM hotels WHERE id = $1 AND archived_at IS NULL)`
