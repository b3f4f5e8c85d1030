// Package audit keeps a log of who did what to which object, in the transaction of the deed.
package audit

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/go-json-experiment/json"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/shumbooking/shumbooking/platform/httpapi"
)

// An Actor is who does something.
type Actor struct {
	UserID, SessionID int64
	Role              string
}

type actorKey struct{}

// WithActor returns a context in which a acts.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// An Entry is one deed. Before and After are what JSON can tell of the object: nil where it was not there, or is not
// there any more. They hold no secrets.
type Entry struct {
	// Action is what was done, such as "hotel.update".
	Action string
	// Object is the type of the object, such as "hotel", and ID its id.
	Object        string
	ID            int64
	Before, After any
}

// execer is a pool or a transaction.
type execer interface {
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// Record adds e to the log, as a deed of the actor of ctx in the request of ctx.
func Record(ctx context.Context, db execer, e Entry) error {
	before, err := document(e.Before)
	if err != nil {
		return fmt.Errorf("record %s: %w", e.Action, err)
	}
	after, err := document(e.After)
	if err != nil {
		return fmt.Errorf("record %s: %w", e.Action, err)
	}
	actor, _ := ctx.Value(actorKey{}).(Actor)
	_, err = db.Exec(ctx, insertEntry, absent(actor.UserID), absent(actor.Role), absent(actor.SessionID),
		e.Action, absent(e.Object), absent(e.ID), before, after,
		absent(httpapi.ClientAddr(ctx)), absent(httpapi.RequestID(ctx)))
	if err != nil {
		return fmt.Errorf("record %s: %w", e.Action, err)
	}
	return nil
}

const insertEntry = `
INSERT INTO audit_log (actor_id, actor_role, session_id, action, object_type, object_id, before, after, address, request_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`

// document returns v as JSON, or nil for nil.
func document(v any) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	return json.Marshal(v)
}

// absent returns nil, which is NULL, for what is not there.
func absent[T int64 | string | netip.Addr](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
