package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
)

// Admit is an httpapi.Config.Admit. It tells who makes r by its bearer token (RFC 6750, section 2.1) and whether the
// route is open to them. The context of the admission is one that CallerFrom reads.
//
// A missing, forged or expired token, an ended session, and a disabled or deleted user are an error of kind
// errs.Unauthenticated; a role that is not enough is one of kind errs.Forbidden. PostgreSQL decides: if it does
// not answer, its error is returned, so that nobody is let in and nobody is told to sign in again.
func (s *Service) Admit(r *http.Request, d httpapi.Demand) (httpapi.Admission, error) {
	if d.Access == httpapi.Public {
		return httpapi.Admission{}, nil
	}
	token, err := bearerToken(r.Header)
	if err != nil {
		return httpapi.Admission{}, err
	}
	userID, sessionID, err := s.access.verify(token)
	if err != nil {
		return httpapi.Admission{}, errBadToken(err)
	}
	caller := Caller{UserID: userID, SessionID: sessionID}
	caller.Role, err = s.liveRole(r.Context(), caller)
	if err != nil {
		return httpapi.Admission{}, fmt.Errorf("authenticate: %w", err)
	}
	admission := httpapi.Admission{Context: WithCaller(r.Context(), caller), Caller: strconv.FormatInt(userID, 10)}
	return admission, Authorize(caller, d.Access)
}

// liveRole returns the role that the caller has now, or an error of kind errs.Unauthenticated when the session is
// over.
func (s *Service) liveRole(ctx context.Context, c Caller) (Role, error) {
	var role Role
	err := s.db.QueryRow(ctx, selectLiveRole, c.SessionID, c.UserID, s.now()).Scan(&role)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", errBadToken(errors.New("the session is over"))
	}
	return role, err
}

const selectLiveRole = `
SELECT u.role
FROM sessions s JOIN users u ON u.id = s.user_id
WHERE s.id = $1 AND s.user_id = $2 AND s.revoked_at IS NULL AND s.expires_at > $3
	AND u.disabled_at IS NULL AND u.deleted_at IS NULL`

// bearerToken returns the token of the Authorization header. More than one such header is refused, because
// another program on the way may have looked at the other.
func bearerToken(h http.Header) (string, error) {
	values := h.Values("Authorization")
	if len(values) == 0 {
		return "", errs.Unauthenticated.New("Send an access token in the Authorization header.")
	}
	scheme, token, _ := strings.Cut(values[0], " ")
	if len(values) > 1 || !strings.EqualFold(scheme, "Bearer") {
		return "", errs.Unauthenticated.New("The Authorization header must hold one Bearer token.")
	}
	return strings.Trim(token, " "), nil
}

// errBadToken is one answer to everything that can be wrong with a token. The log has the cause.
func errBadToken(cause error) error {
	return errs.Unauthenticated.New("The access token is not valid, or its session is over.").Because(cause)
}
