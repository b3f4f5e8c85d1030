// Package idempotency lets a client send a request again without the effect happening again
// (draft-ietf-httpapi-idempotency-key-header).
//
// The reply to a request that carries a key is stored in the transaction of its effect, so that there is neither an
// effect without a stored reply nor the other way round. Who sends the request again gets that reply, byte for byte.
package idempotency

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/pg"
)

// A Reply is what a request was answered with.
type Reply struct {
	Status         int
	Location, ETag string
	Body           []byte
}

// An Attempt is one request that carries a key.
type Attempt struct {
	// Caller is whose key it is: keys of different callers have nothing to do with each other.
	Caller string
	Key    string
	// Fingerprint tells requests apart that carry the same key.
	Fingerprint []byte
	// Encode makes the reply from what the endpoint returns.
	Encode func(response any) (Reply, error)

	reply *Reply
}

// Reply returns what was stored by Save, or nil.
func (a *Attempt) Reply() *Reply {
	if a == nil {
		return nil
	}
	return a.reply
}

type attemptKey struct{}

// With returns a context in which a is made.
func With(ctx context.Context, a *Attempt) context.Context {
	return context.WithValue(ctx, attemptKey{}, a)
}

// From returns the attempt of ctx, nil for a request without a key.
func From(ctx context.Context) *Attempt {
	a, _ := ctx.Value(attemptKey{}).(*Attempt)
	return a
}

// A Replay is the error of an attempt whose effect happened before.
type Replay struct {
	Reply Reply
}

func (*Replay) Error() string { return "the request was answered before" }

// progressPause is what a client is told to wait whose request is still being worked on.
const progressPause = time.Second

// Once runs fn in a transaction. If ctx has an attempt, the reply made from what fn returns is stored in that
// transaction. If the effect happened before, fn is not run and the error is a *Replay. The error is of kind
// errs.IdempotencyKeyReused if that was the effect of another request, and of kind errs.RequestInProgress while the
// same caller's request with the same key is being worked on.
func Once[T any](ctx context.Context, db *pgxpool.Pool, fn func(tx pgx.Tx) (*T, error)) (*T, error) {
	attempt := From(ctx)
	var out *T
	err := pg.InTx(ctx, db, func(tx pgx.Tx) error {
		if err := attempt.Claim(ctx, tx); err != nil {
			return err
		}
		var err error
		if out, err = fn(tx); err != nil {
			return err
		}
		return attempt.Save(ctx, tx, out)
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Claim keeps others from working on the same attempt until tx ends. It fails as Once does. A nil attempt needs none.
func (a *Attempt) Claim(ctx context.Context, tx pgx.Tx) error {
	if a == nil {
		return nil
	}
	a.reply = nil
	var claimed bool
	batch := &pgx.Batch{}
	batch.Queue(claim, a.Caller, a.Key).QueryRow(func(row pgx.Row) error { return row.Scan(&claimed) })
	// A statement of its own, so that it sees what whoever had the claim before has committed.
	var stored stored
	found := true
	batch.Queue(selectStored, a.Caller, a.Key).QueryRow(func(row pgx.Row) error {
		err := row.Scan(&stored.Fingerprint, &stored.Reply.Status, &stored.Reply.Location, &stored.Reply.ETag, &stored.Reply.Body)
		if errors.Is(err, pgx.ErrNoRows) {
			found, err = false, nil
		}
		return err
	})
	if err := tx.SendBatch(ctx, batch).Close(); err != nil {
		return fmt.Errorf("claim idempotency key: %w", err)
	}
	switch {
	case !claimed:
		e := errs.RequestInProgress.New("Wait for the answer to the first request, or ask again in a moment.")
		e.RetryAfter = progressPause
		return e
	case !found:
		return nil
	case !bytes.Equal(stored.Fingerprint, a.Fingerprint):
		return errs.IdempotencyKeyReused.New("Use a new key for each request.")
	}
	return &Replay{Reply: stored.Reply}
}

type stored struct {
	Fingerprint []byte
	Reply       Reply
}

// Save stores the reply that response makes. A nil attempt stores nothing.
func (a *Attempt) Save(ctx context.Context, tx pgx.Tx, response any) error {
	if a == nil {
		return nil
	}
	reply, err := a.Encode(response)
	if err != nil {
		return fmt.Errorf("encode reply: %w", err)
	}
	_, err = tx.Exec(ctx, insertReply, a.Caller, a.Key, a.Fingerprint, reply.Status, reply.Location, reply.ETag, reply.Body)
	if err != nil {
		return fmt.Errorf("save reply: %w", err)
	}
	a.reply = &reply
	return nil
}

const claim = `SELECT pg_try_advisory_xact_lock(hashtextextended($1::text || ' ' || $2::text, 0))`

const selectStored = `
SELECT fingerprint, status, location, etag, body FROM idempotency_keys WHERE caller = $1 AND key = $2`

const insertReply = `
INSERT INTO idempotency_keys (caller, key, fingerprint, status, location, etag, body)
VALUES ($1, $2, $3, $4, $5, $6, $7)`
