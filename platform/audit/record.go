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
		e.Action, absent(e.Object), absent(e.ID), []byte(before), []byte(after),
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
func (e Entry) documents() (before, after jsontext.Value, err error) {
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

// document returns v as JSON in which equal values are equal bytes, or nil for nil, pointers included.
func document(v any) (jsontext.Value, error) {
	raw, err := json.Marshal(v, json.Deterministic(true))
	if err != nil || jsontext.Value(raw).Kind() == 'n' {
		return nil, err
	}
	return raw, nil
}

// differing returns two objects without the members that they have in common, and other documents as they are.
func differing(before, after jsontext.Value) (was, is jsontext.Value, err error) {
	if before.Kind() != '{' || after.Kind() != '{' {
		return before, after, nil
	}
	var old, current map[string]jsontext.Value
	if err := json.Unmarshal(before, &old); err != nil {
		return nil, nil, err
	}
	if err := json.Unmarshal(after, &current); err != nil {
		return nil, nil, err
	}
	for name, value := range old {
		if bytes.Equal(value, current[name]) {
			delete(old, name)
			delete(current, name)
		}
	}
	if was, err = document(old); err != nil {
		return nil, nil, err
	}
	is, err = document(current)
	return was, is, err
}

// absent returns nil, which is NULL, for what is not there.
func absent[T int64 | string | netip.Addr](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
