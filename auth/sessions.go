package auth

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/shumbooking/shumbooking/platform/audit"
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
	Kind      string    `json:"kind" enum:"api,console" description:"Whether it was started for the API or by an admin in the console."`
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
SELECT id, created_at, expires_at, id = $2 AS current,
	CASE WHEN EXISTS (SELECT FROM console_sessions c WHERE c.session_id = sessions.id) THEN 'console' ELSE 'api' END AS kind
FROM sessions
WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $3 AND id > $4
ORDER BY id LIMIT $5`

// SessionPath are the parameters of an endpoint about one session.
type SessionPath struct {
	ID int64 `path:"id" minimum:"1" example:"1" description:"The session, as GET /auth/sessions lists it."`
}

// EndSession signs the caller out of one of their sessions. The error is of kind errs.NotFound if it is over
// already or another user's.
func (s *Service) EndSession(ctx context.Context, p *SessionPath) (*httpapi.Empty, error) {
	err := s.revoke(ctx, func(tx *revokingTx) error {
		err := tx.end(ctx, `
UPDATE sessions SET revoked_at = $3 WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > $3 RETURNING id`,
			p.ID, CallerFrom(ctx).UserID, s.now())
		if err != nil {
			return err
		}
		if len(tx.ended) == 0 {
			return errs.NotFound.New("").Because(errors.New("no such session of the caller"))
		}
		return RecordChange(ctx, tx, signOut(p.ID))
	})
	if err != nil {
		return nil, fmt.Errorf("end session: %w", err)
	}
	return &httpapi.Empty{}, nil
}

// signOut is what the audit log is told of the end of a session.
func signOut(sessionID int64) audit.Entry {
	return audit.Entry{Action: "session.end", Object: "session", ID: sessionID}
}
