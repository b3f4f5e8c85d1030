package audit

import (
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/page"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// A LogEntry is one deed as it is shown.
type LogEntry struct {
	ID         int64           `json:"id" example:"42"`
	At         time.Time       `json:"at"`
	ActorID    *int64          `json:"actor_id" description:"Whose deed it was; null for strangers and for commands of an operator."`
	ActorRole  *string         `json:"actor_role" description:"The role that they had."`
	SessionID  *int64          `json:"session_id"`
	Action     string          `json:"action" example:"hotel.update"`
	ObjectType *string         `json:"object_type" example:"hotel"`
	ObjectID   *int64          `json:"object_id"`
	Before     json.RawMessage `json:"before" types:"object,array,null" description:"What the object was: of an update, the members that differ; null if it was not there."`
	After      json.RawMessage `json:"after" types:"object,array,null" description:"What became of the object: of an update, the members that differ; null if it is gone."`
	Address    *netip.Addr     `json:"address" description:"The client's IP address."`
	RequestID  *string         `json:"request_id"`
}

// ListParams filter and page the log.
type ListParams struct {
	page.Params
	ActorID    *int64     `query:"actor_id" json:"actor_id" minimum:"1" description:"Whose deeds."`
	Action     *string    `query:"action" json:"action" minLength:"1" maxLength:"100" example:"hotel.update" description:"Only entries of this action, such as hotel.update."`
	ObjectType *string    `query:"object_type" json:"object_type" minLength:"1" maxLength:"100" example:"hotel" description:"Only entries about this kind of object."`
	ObjectID   *int64     `query:"object_id" json:"object_id" minimum:"1" description:"Needs object_type."`
	From       *time.Time `query:"from" json:"from" description:"At this instant or later."`
	To         *time.Time `query:"to" json:"to" description:"Before this instant."`
	RequestID  *string    `query:"request_id" json:"request_id" minLength:"1" maxLength:"64" description:"Only entries of this request."`
}

// Validate checks that an id comes with the type that it is an id of, and the order of the instants.
func (p *ListParams) Validate() error {
	var wrong []errs.Field
	if p.ObjectID != nil && p.ObjectType == nil {
		wrong = append(wrong, errs.Field{Field: "object_type", In: "query", Code: "required", Message: errs.Say("is required with object_id")})
	}
	if p.From != nil && p.To != nil && !p.From.Before(*p.To) {
		wrong = append(wrong, errs.Field{Field: "to", In: "query", Code: "date_order", Message: errs.Say("must be after from")})
	}
	if len(wrong) > 0 {
		return errs.InvalidFields(wrong...)
	}
	return nil
}

// A position is a place in the order of the list.
type position struct {
	At time.Time `json:"a"`
	ID int64     `json:"i"`
}

// List returns the entries that p asks for, newest first.
func (s *Service) List(ctx context.Context, p *ListParams) (*page.List[LogEntry], error) {
	var after *position
	if p.Cursor != "" {
		after = new(position)
		if err := s.cursors.Decode(p.Cursor, "audit", p, after); err != nil {
			return nil, fmt.Errorf("list audit log: %w", err)
		}
	}
	q := p.statement(after)
	rows, err := pg.Collect[LogEntry](ctx, s.db, q.String(), q.Args()...)
	if err != nil {
		return nil, fmt.Errorf("list audit log: %w", err)
	}
	list, err := page.Cut(rows, p.Limit, func(last LogEntry) (string, error) {
		return s.cursors.Encode("audit", p, position{last.At, last.ID})
	})
	if err != nil {
		return nil, fmt.Errorf("list audit log: %w", err)
	}
	return list, nil
}

// statement selects the page after a place. It has only the conditions that are asked for, so that each is found by
// its index, in order.
func (p *ListParams) statement(after *position) *pg.Statement {
	q := pg.NewStatement()
	q.Add(`SELECT id, at, actor_id, actor_role, session_id, action, object_type, object_id, before, after, address, request_id
FROM audit_log WHERE true`)
	if p.ActorID != nil {
		q.Add("AND actor_id = ?::bigint", *p.ActorID)
	}
	if p.Action != nil {
		q.Add("AND action = ?::text", *p.Action)
	}
	if p.ObjectType != nil {
		q.Add("AND object_type = ?::text", *p.ObjectType)
	}
	if p.ObjectID != nil {
		q.Add("AND object_id = ?::bigint", *p.ObjectID)
	}
	if p.From != nil {
		q.Add("AND at >= ?::timestamptz", *p.From)
	}
	if p.To != nil {
		q.Add("AND at < ?::timestamptz", *p.To)
	}
	if p.RequestID != nil {
		q.Add("AND request_id = ?::text", *p.RequestID)
	}
	if after != nil {
		q.Add("AND (at, id) < (?::timestamptz, ?::bigint)", after.At, after.ID)
	}
	q.Add("ORDER BY at DESC, id DESC LIMIT ?::integer", p.Limit+1)
	return q
}
