package auth

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/idempotency"
	"github.com/shumbooking/shumbooking/platform/page"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// ListUsersParams are the parameters of GET /users.
type ListUsersParams struct {
	page.Params
	Email *string `query:"email" json:"email" minLength:"1" maxLength:"254" description:"Part of the e-mail, in any case."`
	Role  *Role   `query:"role" json:"role" enum:"guest,manager,admin" description:"Only those with this role."`
}

// ListUsers returns users in the order of their ids.
func (s *Service) ListUsers(ctx context.Context, p *ListUsersParams) (*page.List[User], error) {
	var after int64
	if p.Cursor != "" {
		if err := s.cursors.Decode(p.Cursor, "users", p, &after); err != nil {
			return nil, fmt.Errorf("list users: %w", err)
		}
	}
	sql, args := listQuery(p, after)
	rows, err := pg.CollectCustom[User](ctx, s.db, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	list, err := page.Cut(rows, p.Limit, func(last User) (string, error) {
		return s.cursors.Encode("users", p, last.ID)
	})
	if err != nil {
		return nil, fmt.Errorf("list users: %w", err)
	}
	return list, nil
}

// listQuery returns the query for the page after the user of that id. It has only the conditions that are asked
// for, so that each can be found by its index.
func listQuery(p *ListUsersParams, after int64) (string, []any) {
	sql := `SELECT ` + userColumns + ` FROM users WHERE deleted_at IS NULL AND id > $1`
	args := []any{after, p.Limit + 1}
	if p.Email != nil {
		args = append(args, "%"+strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(*p.Email)+"%")
		sql += fmt.Sprintf(` AND lower(email) LIKE lower($%d)`, len(args))
	}
	if p.Role != nil {
		args = append(args, *p.Role)
		sql += fmt.Sprintf(` AND role = $%d`, len(args))
	}
	return sql + ` ORDER BY id LIMIT $2`, args
}

// CreateUserParams is the body of POST /users.
type CreateUserParams struct {
	Email    string `json:"email" required:"true" format:"email" minLength:"3" maxLength:"254" example:"boris@example.com"`
	Password string `json:"password" required:"true" format:"password" minLength:"8" maxLength:"128" description:"Not one of those that are guessed first." example:"five-modest-badgers"`
	Role     Role   `json:"role" required:"true" enum:"guest,manager,admin" example:"manager"`
	Person
}

// Validate checks what the schema cannot say.
func (p *CreateUserParams) Validate() error { return checkEmail(p.Email) }

// CreateUser makes a user of any role.
func (s *Service) CreateUser(ctx context.Context, p *CreateUserParams) (*User, error) {
	if err := p.Validate(); err != nil {
		return nil, fmt.Errorf("create user: %w", err)
	}
	if err := checkRole(p.Role); err != nil {
		return nil, fmt.Errorf("create user: %w", err)
	}
	hash, err := s.newPassword(ctx, "password", p.Password, p.Email)
	if err != nil {
		return nil, fmt.Errorf("create user: %w", err)
	}
	user, err := idempotency.Once(ctx, s.db, func(tx pgx.Tx) (*User, error) {
		u, err := insertUser(ctx, tx, newUser{email: p.Email, hash: hash, role: p.Role, Person: p.Person})
		if err != nil {
			return nil, err
		}
		return u, recordUser(ctx, tx, "create", nil, u)
	})
	if err != nil {
		return nil, fmt.Errorf("create user: %w", err)
	}
	return user, nil
}

// UserPath are the parameters of an endpoint about one user.
type UserPath struct {
	ID int64 `path:"id" minimum:"1" example:"1" description:"The user."`
}

// GetUser returns a user, or an error of kind errs.NotFound.
func (s *Service) GetUser(ctx context.Context, p *UserPath) (*User, error) {
	a, err := findAccount(ctx, s.db, p.ID)
	if err != nil {
		return nil, fmt.Errorf("get user: %w", err)
	}
	return &a.User, nil
}

// UserParams is the body of PUT /users/{id}.
type UserParams struct {
	Email string `json:"email" required:"true" format:"email" minLength:"3" maxLength:"254" example:"boris@example.com"`
	Role  Role   `json:"role" required:"true" enum:"guest,manager,admin" example:"manager"`
	Person
	Disabled bool `json:"disabled" default:"false" description:"Whether the user is kept from signing in."`
}

// Validate checks what the schema cannot say.
func (p *UserParams) Validate() error { return checkEmail(p.Email) }

// ReplaceUserParams are the parameters of PUT /users/{id}.
type ReplaceUserParams struct {
	UserPath
	Body UserParams
}

// ReplaceUser sets everything about a user but the password.
func (s *Service) ReplaceUser(ctx context.Context, p *ReplaceUserParams) (*User, error) {
	user, err := s.changeUser(ctx, p.ID, func(current *UserParams) error {
		*current = p.Body
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("replace user: %w", err)
	}
	return user, nil
}

// UpdateUserParams are the parameters of PATCH /users/{id}.
type UpdateUserParams struct {
	UserPath
	Body httpapi.Patch[UserParams]
}

// UpdateUser sets some of what ReplaceUser sets.
func (s *Service) UpdateUser(ctx context.Context, p *UpdateUserParams) (*User, error) {
	user, err := s.changeUser(ctx, p.ID, p.Body.Apply)
	if err != nil {
		return nil, fmt.Errorf("update user: %w", err)
	}
	return user, nil
}

// changeUser applies change to a user who was not deleted, while nobody else changes them.
func (s *Service) changeUser(ctx context.Context, id int64, change func(*UserParams) error) (*User, error) {
	var changed *User
	err := s.revoke(ctx, func(tx *revokingTx) error {
		var err error
		changed, err = s.changeLocked(ctx, tx, id, change)
		return err
	})
	return changed, err
}

// changeLocked is changeUser in a transaction, which keeps the user locked.
func (s *Service) changeLocked(ctx context.Context, tx *revokingTx, id int64, change func(*UserParams) error) (*User, error) {
	a, err := lockAccount(ctx, tx, id)
	if err != nil {
		return nil, err
	}
	if err := httpapi.CheckMatch(ctx, &a.User); err != nil {
		return nil, err
	}
	params := UserParams{Email: a.Email, Role: a.Role, Person: a.person(), Disabled: a.DisabledAt != nil}
	if err := change(&params); err != nil {
		return nil, err
	}
	return saveUser(ctx, tx, a.User, params, s.now())
}

// saveUser writes what became of a locked user. It keeps the last active admin, and ends the sessions of a user
// who is disabled.
func saveUser(ctx context.Context, tx *revokingTx, before User, p UserParams, now time.Time) (*User, error) {
	after := before
	after.Email, after.Role = p.Email, p.Role
	after.setPerson(p.Person)
	switch {
	case !p.Disabled:
		after.DisabledAt = nil
	case before.DisabledAt == nil:
		after.DisabledAt = &now
	}
	if before.isActiveAdmin() && !after.isActiveAdmin() {
		if err := keepAnAdmin(ctx, tx, before.ID); err != nil {
			return nil, err
		}
	}
	saved, err := updateUser(ctx, tx, after)
	if err != nil {
		return nil, err
	}
	if err := recordUser(ctx, tx, "update", &before, saved); err != nil {
		return nil, err
	}
	if after.DisabledAt != nil {
		err = endSessions(ctx, tx, after.ID, 0, now)
	}
	return saved, err
}

// DeleteUser ends the user's sessions, erases who they were, and frees their e-mail.
func (s *Service) DeleteUser(ctx context.Context, p *UserPath) (*httpapi.Empty, error) {
	err := s.revoke(ctx, func(tx *revokingTx) error {
		// Before the row of the user, as a sign-in does.
		if err := forgetFailures(ctx, tx, p.ID); err != nil {
			return err
		}
		a, err := lockAccount(ctx, tx, p.ID)
		if err != nil {
			return err
		}
		if err := httpapi.CheckMatch(ctx, &a.User); err != nil {
			return err
		}
		if a.isActiveAdmin() {
			if err := keepAnAdmin(ctx, tx, a.ID); err != nil {
				return err
			}
		}
		now := s.now()
		if err := eraseUser(ctx, tx, &a.User, now); err != nil {
			return err
		}
		return endSessions(ctx, tx, a.ID, 0, now)
	})
	if err != nil {
		return nil, fmt.Errorf("delete user: %w", err)
	}
	return &httpapi.Empty{}, nil
}

// adminsLock is the advisory lock (of the kind with two keys) under which the number of active admins may fall.
const adminsLock = `SELECT pg_advisory_xact_lock(1635087464, 1)`

// keepAnAdmin returns an error of kind last_admin unless another active admin than the user exists, and will until
// the transaction ends.
func keepAnAdmin(ctx context.Context, tx pgx.Tx, userID int64) error {
	if _, err := tx.Exec(ctx, adminsLock); err != nil {
		return err
	}
	others, err := hasAdmin(ctx, tx, userID)
	if err != nil {
		return err
	}
	if !others {
		return kindLastAdmin.New("Make another user an admin first.")
	}
	return nil
}

// hasAdmin reports whether there is an active admin other than the given user, who may be 0.
func hasAdmin(ctx context.Context, db querier, except int64) (bool, error) {
	var found bool
	err := db.QueryRow(ctx, `
SELECT EXISTS (SELECT FROM users WHERE role = 'admin' AND disabled_at IS NULL AND id <> $1)`, except).Scan(&found)
	return found, err
}
