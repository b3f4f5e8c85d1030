package audit

import (
	"context"
	"time"

	"github.com/shumbooking/shumbooking/platform/httpapi"
)

const (
	// refused is the action of a request for what is not the caller's.
	refused = "refused"
	// refusalTime is how long an answer waits for its entry.
	refusalTime = time.Second
	// maxRefusals of a caller are recorded in a minute. Who asks for more is known by then.
	maxRefusals = 60
)

// A refusedRequest is what is told of a refusal.
type refusedRequest struct {
	Operation string `json:"operation"`
	Path      string `json:"path"`
	Problem   string `json:"problem"`
}

// Refused is an httpapi.Config.Refused that records the refusal. The same one is recorded once a minute, and so are
// 60 of one caller. What is not the caller's and what does not exist are recorded alike, so that the one takes as
// long as the other. A failure is counted and logged, and changes no answer.
func (s *Service) Refused(ctx context.Context, r httpapi.Refusal) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refusalTime)
	defer cancel()
	outcome, err := s.recordRefusal(ctx, refusedRequest{Operation: r.Operation, Path: r.Path, Problem: r.Kind.Code})
	if err != nil {
		s.log.ErrorContext(ctx, "refusal not recorded", "request_id", httpapi.RequestID(ctx), "error", err)
	}
	s.metrics.refusals.WithLabelValues(outcome).Inc()
}

func (s *Service) recordRefusal(ctx context.Context, r refusedRequest) (outcome string, err error) {
	after, err := document(r)
	if err != nil {
		return lost, err
	}
	actor := actorOf(ctx)
	added, err := s.db.Exec(ctx, insertRefusal, actor.UserID, absent(actor.Role), absent(actor.SessionID), refused, []byte(after),
		absent(httpapi.ClientAddr(ctx)), absent(httpapi.RequestID(ctx)), maxRefusals)
	switch {
	case err != nil:
		return lost, err
	case added.RowsAffected() == 0:
		return spared, nil
	}
	return recorded, nil
}

// What it counts is found by audit_log_actor_idx, and is no more than a caller may do in a minute.
const insertRefusal = `
INSERT INTO audit_log (actor_id, actor_role, session_id, action, after, address, request_id)
SELECT $1::bigint, $2::text, $3::bigint, $4::text, $5::jsonb, $6::inet, $7::text
FROM (
	SELECT count(*) AS refusals, bool_or(after = $5::jsonb) AS repeated
	FROM audit_log
	WHERE actor_id = $1::bigint AND at > now() - interval '1 minute' AND action = $4::text
) AS recent
WHERE recent.refusals < $8::integer AND recent.repeated IS NOT TRUE`
