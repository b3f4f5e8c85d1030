package auth

import (
	"context"
	"errors"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/redis/go-redis/v9"

	"github.com/shumbooking/shumbooking/platform/pg"
)

// A revokingTx is a transaction that ends sessions, and remembers which.
type revokingTx struct {
	pgx.Tx
	ended []int64
}

// revoke runs fn in a transaction, as pg.InTx does. Once it is committed, Redis is told of the sessions that fn ended.
func (s *Service) revoke(ctx context.Context, fn func(tx *revokingTx) error) error {
	var last *revokingTx
	err := pg.InTx(ctx, s.db, func(tx pgx.Tx) error {
		last = &revokingTx{Tx: tx}
		return fn(last)
	})
	if err != nil {
		return err
	}
	s.deny(ctx, last.ended)
	return nil
}

// endSession signs one session out.
func endSession(ctx context.Context, tx *revokingTx, sessionID int64, now time.Time) error {
	return tx.end(ctx, `
UPDATE sessions SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING id`, sessionID, now)
}

// endSessions signs every session of a user out but the one called kept, which may be 0.
func endSessions(ctx context.Context, tx *revokingTx, userID, kept int64, now time.Time) error {
	return tx.end(ctx, `
UPDATE sessions SET revoked_at = $3 WHERE user_id = $1 AND id <> $2 AND revoked_at IS NULL RETURNING id`, userID, kept, now)
}

// end runs a statement that returns the sessions it ended.
func (tx *revokingTx) end(ctx context.Context, sql string, args ...any) error {
	rows, err := tx.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	tx.ended = append(tx.ended, ids...)
	return err
}

// deny lets Redis refuse what is left of the access tokens of sessions that are over, so that they cost PostgreSQL
// nothing any more. It may fail: PostgreSQL knows, and judges every request that Redis does not refuse.
func (s *Service) deny(ctx context.Context, sessions []int64) {
	if s.redis == nil || len(sessions) == 0 {
		return
	}
	// The sessions are over even if whoever ended them has hung up.
	ctx = context.WithoutCancel(ctx)
	seconds := int64((s.access.ttl + 2*clockSkew).Seconds())
	entries := make([]redis.Cmder, len(sessions))
	for i, id := range sessions {
		entries[i] = redis.NewStatusCmd(ctx, "set", deniedKey(id), "", "ex", seconds)
	}
	_ = s.redis.Do(ctx, entries...) // counted by the client
}

// denial asks Redis whether a session is over. The answer is for isDenied.
func denial(ctx context.Context, sessionID int64) *redis.StringCmd {
	return redis.NewStringCmd(ctx, "get", deniedKey(sessionID))
}

// isDenied reports whether Redis knows that a session is over. That it does not know means nothing.
func isDenied(answer *redis.StringCmd) bool { return answer.Err() == nil }

func deniedKey(sessionID int64) string { return "session:over:" + strconv.FormatInt(sessionID, 10) }

// errOver is why a token of a session that is over is refused.
var errOver = errors.New("the session is over")
