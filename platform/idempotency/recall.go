package idempotency

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// Known reports whether the effect of some request with the key happened before. Of a nil attempt it did not. It is for
// those who must read more of a request before they know its fingerprint.
func (a *Attempt) Known(ctx context.Context, db *pgxpool.Pool) (known bool, err error) {
	if a == nil {
		return false, nil
	}
	if err := db.QueryRow(ctx, existsReply, a.Caller, a.Key).Scan(&known); err != nil {
		return false, fmt.Errorf("look up idempotency key: %w", err)
	}
	return known, nil
}

// Recall returns the error that Once has for an attempt whose effect happened before, or nil if none did, and for a nil
// attempt. It saves the work that would be in vain: whether the effect happens is for Once to decide.
func (a *Attempt) Recall(ctx context.Context, db *pgxpool.Pool) error {
	if a == nil {
		return nil
	}
	stored, err := pg.One[storedReply](ctx, db, selectReply, a.Caller, a.Key)
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("recall reply: %w", err)
	case !a.matches(stored.Fingerprint):
		return errs.IdempotencyKeyReused.New("Use a new key for each request.")
	}
	return &Replay{Reply: stored.Reply}
}

type storedReply struct {
	Fingerprint []byte
	Reply
}

const existsReply = `SELECT EXISTS (SELECT FROM idempotency_keys WHERE caller = $1 AND key = $2)`

const selectReply = `
SELECT fingerprint, status, location, etag, body FROM idempotency_keys WHERE caller = $1 AND key = $2`
