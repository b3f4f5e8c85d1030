package auth

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
)

// Admit is an httpapi.Config.Admit. It tells who makes r by its bearer token (RFC 6750, section 2.1), whether their
// budget allows it, and whether the route is open to them, in this order:
//
//   - The token is verified without asking anybody. A genuine one says whose budget is charged, even if its session
//     is over; without one it is that of the client's address.
//   - Redis charges the budget, and in the same round trip says whether it knows that the session is over. A budget
//     that is used up is an error of kind errs.RateLimited. Without Redis, this process keeps the budget alone.
//   - A missing, forged or expired token, and a session that is over, are an error of kind errs.Unauthenticated.
//   - PostgreSQL decides: an ended session and a disabled or deleted user are of that kind too, and a role that is not
//     enough is of kind errs.Forbidden. If it does not answer, its error is returned, so that nobody is let in and
//     nobody is told to sign in again.
//
// On public routes all that can be refused is a budget that is used up. The context of the admission is one that
// CallerFrom reads.
func (s *Service) Admit(r *http.Request, d httpapi.Demand) (httpapi.Admission, error) {
	claimed, badToken := s.readToken(r.Header)
	var admission httpapi.Admission
	over, err := s.askRedis(r.Context(), d, claimed, &admission)
	if err != nil {
		return admission, fmt.Errorf("admit: %w", err)
	}
	if d.Access == httpapi.Public {
		return admission, nil
	}
	if badToken != nil {
		return admission, badToken
	}
	if over {
		return admission, errBadToken(errOver)
	}
	caller := claimed
	caller.Role, err = s.liveRole(r.Context(), caller)
	if err != nil {
		return admission, fmt.Errorf("admit: %w", err)
	}
	admission.Context, admission.Caller = WithCaller(r.Context(), caller), strconv.FormatInt(caller.UserID, 10)
	return admission, Authorize(caller, d.Access)
}

// readToken returns whom a genuine bearer token is of, or an error of kind errs.Unauthenticated.
func (s *Service) readToken(h http.Header) (Caller, error) {
	token, err := bearerToken(h)
	if err != nil {
		return Caller{}, err
	}
	userID, sessionID, err := s.access.verify(token)
	if err != nil {
		return Caller{}, errBadToken(err)
	}
	return Caller{UserID: userID, SessionID: sessionID}, nil
}

// askRedis charges the budget that d names and puts what is left into the admission. It reports whether Redis knows
// that the session of the caller is over. Its error is of kind errs.RateLimited if the budget is used up.
func (s *Service) askRedis(ctx context.Context, d httpapi.Demand, c Caller, a *httpapi.Admission) (over bool, err error) {
	if d.Budget == httpapi.Unlimited {
		return false, nil
	}
	var questions []redis.Cmder
	session := denial(ctx, c.SessionID)
	if asked := s.redis != nil && c.SessionID != 0 && d.Access != httpapi.Public; asked {
		questions = append(questions, session)
	} else {
		session.SetErr(redis.Nil)
	}
	limiter := s.limits[d.Budget]
	if limiter == nil {
		if len(questions) > 0 {
			_ = s.redis.Do(ctx, questions...) // without an answer it is PostgreSQL's alone
		}
		return isDenied(session), nil
	}
	decision, err := limiter.Take(ctx, budgetKey(ctx, d, c), questions...)
	if err != nil {
		return false, err
	}
	a.Quota = &httpapi.Quota{
		Budget: d.Budget, Limit: limiter.Policy().Quota, Window: limiter.Policy().Window,
		Remaining: decision.Remaining, Reset: decision.Reset,
	}
	if !decision.Allowed {
		refusal := errs.RateLimited.New("You have sent too many requests. Try again after a short pause.")
		refusal.RetryAfter = decision.RetryAfter
		return false, refusal
	}
	return isDenied(session), nil
}

// networkBits is how much of an IPv6 address is one subscriber's (RFC 6177): the rest they choose themselves.
const networkBits = 64

// budgetKey says whose budget pays: the user's, if the token is genuine, or that of the client's address. Who signs in
// pays by address, so that no token of one's own buys more tries of another's password.
func budgetKey(ctx context.Context, d httpapi.Demand, c Caller) string {
	if c.UserID != 0 && (d.Budget != httpapi.SignIn || d.Access != httpapi.Public) {
		return "user:" + strconv.FormatInt(c.UserID, 10)
	}
	client := httpapi.ClientAddr(ctx)
	if client.Is6() {
		return "net:" + netip.PrefixFrom(client, networkBits).Masked().String()
	}
	return "addr:" + client.String()
}

// liveRole returns the role that the caller has now, or an error of kind errs.Unauthenticated when the session is
// over.
func (s *Service) liveRole(ctx context.Context, c Caller) (Role, error) {
	var role Role
	err := s.db.QueryRow(ctx, selectLiveRole, c.SessionID, c.UserID, s.now()).Scan(&role)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", errBadToken(errOver)
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
