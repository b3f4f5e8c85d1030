package auth

import (
	"context"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/audit"
	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
)

// A Role says what a user may do. Each includes what the ones before it may.
type Role string

// Guests book for themselves, managers run the hotels they are assigned to, admins run everything.
const (
	Guest   Role = "guest"
	Manager Role = "manager"
	Admin   Role = "admin"
)

// What routes demand of their callers, beside httpapi.Public.
const (
	SignedIn  httpapi.Access = "guest"
	Staff     httpapi.Access = "manager"
	AdminOnly httpapi.Access = "admin"
)

// AccessTexts say to clients what routes demand of their callers.
func AccessTexts() map[httpapi.Access]string {
	return map[httpapi.Access]string{
		SignedIn:  "Sign in first.",
		Staff:     "For managers and admins.",
		AdminOnly: "For admins.",
	}
}

// A Caller is the user behind a request, as the database knows them at this moment.
type Caller struct {
	UserID    int64
	SessionID int64
	Role      Role
}

// IsStaff reports whether the caller runs hotels. Which ones a manager runs is for the catalogue to say.
func (c Caller) IsStaff() bool { return c.Role == Manager || c.Role == Admin }

type callerKey struct{}

// WithCaller returns a context in which c makes the request.
func WithCaller(ctx context.Context, c Caller) context.Context {
	ctx = audit.WithActor(ctx, audit.Actor{UserID: c.UserID, SessionID: c.SessionID, Role: string(c.Role)})
	return context.WithValue(ctx, callerKey{}, c)
}

// RecordChange adds a change to the audit log, in the transaction that makes it, if the caller of ctx is staff. What
// guests do with their own is theirs.
func RecordChange(ctx context.Context, tx pgx.Tx, e audit.Entry) error {
	if !CallerFrom(ctx).IsStaff() {
		return nil
	}
	return audit.Record(ctx, tx, e)
}

// CallerFrom returns who makes the request. It is the zero Caller on public routes.
func CallerFrom(ctx context.Context) Caller {
	c, _ := ctx.Value(callerKey{}).(Caller)
	return c
}

// Authorize returns an error of kind errs.Forbidden if c may not call routes of the given access.
func Authorize(c Caller, access httpapi.Access) error {
	var allowed bool
	switch access {
	case httpapi.Public:
		allowed = true
	case SignedIn:
		allowed = c.Role == Guest || c.IsStaff()
	case Staff:
		allowed = c.IsStaff()
	case AdminOnly:
		allowed = c.Role == Admin
	}
	if !allowed {
		return errs.Forbidden.New("")
	}
	return nil
}
