package auth

import (
	"context"
	"errors"
	"net/http"
	"net/mail"
	"regexp"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/pg"
)

var (
	kindEmailTaken = errs.Kind{
		Code: "email_taken", Status: http.StatusConflict, Title: "This e-mail is already in use",
	}
	kindLastAdmin = errs.Kind{
		Code: "last_admin", Status: http.StatusConflict, Title: "At least one active admin must remain",
	}
)

// A User is a person who may sign in.
type User struct {
	ID         int64      `json:"id" example:"42"`
	Email      string     `json:"email" format:"email" description:"Unique, whatever the case of its letters." example:"anna@example.com"`
	FirstName  *string    `json:"first_name" example:"Anna"`
	LastName   *string    `json:"last_name" example:"Orlova"`
	Role       Role       `json:"role" enum:"guest,manager,admin" example:"guest"`
	TelegramID *int64     `json:"telegram_id" example:"100200300"`
	PachcaID   *int64     `json:"pachca_id"`
	CreatedAt  time.Time  `json:"created_at"`
	DisabledAt *time.Time `json:"disabled_at" description:"Since when the user may not sign in; null if they may."`
	// TOTPEnabled is whether the user has a second factor.
	TOTPEnabled bool `json:"totp_enabled" description:"Whether signing in demands a one-time code."`
}

// Location is the path of the user.
func (u *User) Location() string { return "/users/" + strconv.FormatInt(u.ID, 10) }

// objectUser is what the audit log calls users.
const objectUser = "user"

func (u *User) isActiveAdmin() bool { return u.Role == Admin && u.DisabledAt == nil }

// A Person is what users may leave out about themselves.
type Person struct {
	FirstName  *string `json:"first_name" maxLength:"100" notBlank:"true" example:"Anna"`
	LastName   *string `json:"last_name" maxLength:"100" notBlank:"true" example:"Orlova"`
	TelegramID *int64  `json:"telegram_id" minimum:"1" example:"100200300"`
	PachcaID   *int64  `json:"pachca_id" minimum:"1"`
}

// An account is a user with the secret that they sign in with, which is nil for one who cannot.
type account struct {
	User
	PasswordHash *string
}

func (a *account) person() Person {
	return Person{FirstName: a.FirstName, LastName: a.LastName, TelegramID: a.TelegramID, PachcaID: a.PachcaID}
}

func (u *User) setPerson(p Person) {
	u.FirstName, u.LastName, u.TelegramID, u.PachcaID = p.FirstName, p.LastName, p.TelegramID, p.PachcaID
}

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// findAccount returns a user who was not deleted, or an error of kind errs.NotFound.
func findAccount(ctx context.Context, db querier, id int64) (account, error) {
	return oneAccount(ctx, db, selectAccount+` WHERE id = $1 AND deleted_at IS NULL`, id)
}

// lockAccount is findAccount that keeps others from changing the user until the transaction ends. Bookings of the
// user may still be written: their foreign key needs the id alone.
func lockAccount(ctx context.Context, tx pgx.Tx, id int64) (account, error) {
	return oneAccount(ctx, tx, selectAccount+` WHERE id = $1 AND deleted_at IS NULL FOR NO KEY UPDATE`, id)
}

// findByEmail is findAccount by e-mail, whatever the case of its letters.
func findByEmail(ctx context.Context, db querier, email string) (account, error) {
	return oneAccount(ctx, db, selectAccount+` WHERE lower(email) = lower($1)`, email)
}

func oneAccount(ctx context.Context, db querier, sql string, args ...any) (account, error) {
	a, err := pg.One[account](ctx, db, sql, args...)
	if errors.Is(err, pgx.ErrNoRows) {
		return account{}, errNoUser()
	}
	return a, err
}

func errNoUser() error { return errs.NotFound.New("").Because(errors.New("no such user")) }

const userColumns = `id, email, first_name, last_name, role, telegram_id, pachca_id, created_at, disabled_at,
	EXISTS (SELECT FROM totp WHERE totp.user_id = users.id AND totp.confirmed_at IS NOT NULL) AS totp_enabled`

const selectAccount = `SELECT ` + userColumns + `, password_hash FROM users`

// newUser is a row to be.
type newUser struct {
	Person
	email string
	hash  string
	role  Role
}

func insertUser(ctx context.Context, db querier, u newUser) (*User, error) {
	created, err := pg.One[User](ctx, db, `
INSERT INTO users (email, password_hash, role, first_name, last_name, telegram_id, pachca_id)
VALUES ($1, $2, $3, $4, $5, $6, $7)
RETURNING `+userColumns, u.email, u.hash, u.role, u.FirstName, u.LastName, u.TelegramID, u.PachcaID)
	if err != nil {
		return nil, userConflict(err)
	}
	return &created, nil
}

// updateUser writes every field that a user has but the password, and returns what then stands.
func updateUser(ctx context.Context, tx pgx.Tx, u User) (*User, error) {
	updated, err := pg.One[User](ctx, tx, `
UPDATE users
SET email = $2, first_name = $3, last_name = $4, role = $5, telegram_id = $6, pachca_id = $7, disabled_at = $8
WHERE id = $1
RETURNING `+userColumns, u.ID, u.Email, u.FirstName, u.LastName, u.Role, u.TelegramID, u.PachcaID, u.DisabledAt)
	if err != nil {
		return nil, userConflict(err)
	}
	return &updated, nil
}

// userConflict turns the violation of a constraint into the problem that the client sees.
func userConflict(err error) error {
	if pg.Constraint(err) == "users_email_key" {
		return kindEmailTaken.New("There is already an account with this e-mail. Sign in, or use another address.").Because(err)
	}
	return err
}

// plainAddress is an e-mail address of ASCII characters at the name of a host.
var plainAddress = regexp.MustCompile(`^[!-~]{1,64}@` + hostLabel + `(\.` + hostLabel + `)*$`)

const hostLabel = `[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?`

// checkEmail returns a validation error unless email is an address that is written in one way only, but for the
// case of its letters: the schema also takes quoted ones, line breaks and all, hosts that end with a dot, and
// numbers for hosts. Letters beyond ASCII are out because what is one letter in another case, or two, depends on the
// locale of the database.
func checkEmail(email string) error {
	address, err := mail.ParseAddress(email)
	if err != nil || address.Address != email || len(email) > 254 || !plainAddress.MatchString(email) {
		return errs.InvalidBody("email", "format", "is not a plain e-mail address")
	}
	return nil
}

// checkRole is for callers without a schema.
func checkRole(role Role) error {
	switch role {
	case Guest, Manager, Admin:
		return nil
	default:
		return errs.InvalidBody("role", "enum", "must be one of: %s", "guest, manager, admin")
	}
}
