package audit

import (
	"bytes"
	"context"
	"fmt"
	"net/netip"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
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

func actorOf(ctx context.Context) Actor {
	a, _ := ctx.Value(actorKey{}).(Actor)
	return a
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

// Record adds e to the log, as a deed of the actor of ctx in the request of ctx. Of an update, which has Before and
// After, the members that differ are kept; where none does, nothing happened and nothing is recorded.
func Record(ctx context.Context, db execer, e Entry) error {
	before, after, err := e.documents()
	if err != nil {
		return fmt.Errorf("record %s: %w", e.Action, err)
	}
	if before != nil && bytes.Equal(before, after) {
		return nil
	}
	actor := actorOf(ctx)
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

// documents returns what is kept of Before and After: equal documents if nothing differs.
func (e Entry) documents() (before, after []byte, err error) {
	if before, err = document(e.Before); err != nil {
		return nil, nil, err
	}
	if after, err = document(e.After); err != nil {
		return nil, nil, err
	}
	if before == nil || after == nil {
		return before, after, nil
	}
	return differing(before, after)
}

// document returns v as JSON in which equal values are equal bytes, or nil for nil.
func document(v any) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	return json.Marshal(v, json.Deterministic(true))
}

// differing returns two objects without the members that they have in common, and other documents as they are.
func differing(before, after jsontext.Value) ([]byte, []byte, error) {
	if before.Kind() != '{' || after.Kind() != '{' {
		return before, after, nil
	}
	var was, is map[string]jsontext.Value
	if err := json.Unmarshal(before, &was); err != nil {
		return nil, nil, err
	}
	if err := json.Unmarshal(after, &is); err != nil {
		return nil, nil, err
	}
	for name, value := range was {
		if bytes.Equal(value, is[name]) {
			delete(was, name)
			delete(is, name)
		}
	}
	before, err := document(was)
	if err != nil {
		return nil, nil, err
	}
	after, err = document(is)
	return before, after, err
}

// absent returns nil, which is NULL, for what is not there.
func absent[T int64 | string | netip.Addr](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
