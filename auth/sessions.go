package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/page"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// A Session is what one sign-in started.
type Session struct {
	ID        int64     `json:"id" example:"42"`
	CreatedAt time.Time `json:"created_at" description:"When the user signed in."`
	ExpiresAt time.Time `json:"expires_at" description:"When the session ends unless its refresh token is exchanged before."`
	Current   bool      `json:"current" description:"Whether this request was made in the session."`
}

// ListSessionsParams page the sessions of the caller.
type ListSessionsParams struct {
	page.Params
}

// ListSessions returns the sessions of the caller that are not over, in the order of their ids.
func (s *Service) ListSessions(ctx context.Context, p *ListSessionsParams) (*page.List[Session], error) {
	var after int64
	if p.Cursor != "" {
		if err := s.cursors.Decode(p.Cursor, "sessions", p, &after); err != nil {
			return nil, fmt.Errorf("list sessions: %w", err)
		}
	}
	caller := CallerFrom(ctx)
	rows, err := pg.Collect[Session](ctx, s.db, selectSessions,
		caller.UserID, caller.SessionID, s.now(), after, p.Limit+1)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	list, err := page.Cut(rows, p.Limit, func(last Session) (string, error) {
		return s.cursors.Encode("sessions", p, last.ID)
	})
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	return list, nil
}

const selectSessions = `
SELECT id, created_at, expires_at, id = $2 AS current
FROM sessions
WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $3 AND id > $4
ORDER BY id LIMIT $5`

// SessionPath are the parameters of an endpoint about one session.
type SessionPath struct {
	ID int64 `path:"id" minimum:"1" example:"1"`
}

// EndSession signs the caller out of one of their sessions. The error is of kind errs.NotFound if it is over
// already or another user's.
func (s *Service) EndSession(ctx context.Context, p *SessionPath) (*httpapi.Empty, error) {
	ended, err := s.db.Exec(ctx, `
UPDATE sessions SET revoked_at = $3 WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > $3`,
		p.ID, CallerFrom(ctx).UserID, s.now())
	if err != nil {
		return nil, fmt.Errorf("end session: %w", err)
	}
	if ended.RowsAffected() == 0 {
		return nil, errs.NotFound.New("").Because(errors.New("no such session of the caller"))
	}
	return &httpapi.Empty{}, nil
}

// endSession signs one session out.
func endSession(ctx context.Context, db querier, sessionID int64, now time.Time) error {
	_, err := db.Exec(ctx, `UPDATE sessions SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL`, sessionID, now)
	return err
}

// endSessions signs every session of a user out but the one called kept, which may be 0.
func endSessions(ctx context.Context, db querier, userID, kept int64, now time.Time) error {
	_, err := db.Exec(ctx, `
UPDATE sessions SET revoked_at = $3 WHERE user_id = $1 AND id <> $2 AND revoked_at IS NULL`, userID, kept, now)
	return err
}
