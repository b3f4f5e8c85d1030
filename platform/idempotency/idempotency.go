// Package idempotency lets a client send a request again without the effect happening again
// (draft-ietf-httpapi-idempotency-key-header).
//
// The reply to a request that carries a key is stored in the transaction of its effect, so that there is neither an
// effect without a stored reply nor the other way round. Who sends the request again gets that reply, byte for byte.
// That holds also where nobody knows whether a transaction was committed, because the connection broke meanwhile:
// the answer is then an error, and the next attempt finds the reply or makes it.
//
// Only effects are remembered. A request that was refused has none, and may succeed when it is sent again.
package idempotency

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
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
	// FingerprintKeys key what is stored of the fingerprint, which may be made from a password: the one in use, and
	// then those that were in use within the age of a reply; optional.
	FingerprintKeys [][]byte
	// Encode makes the reply from what the endpoint returns.
	Encode func(response any) (Reply, error)

	reply *Reply
}

// Extend adds parts of the request that are not in its decoded body to the fingerprint, such as the hashes of files.
// It is called before Once. A nil attempt has no fingerprint.
func (a *Attempt) Extend(parts ...[]byte) {
	if a == nil {
		return
	}
	hash := sha256.New()
	hash.Write(a.Fingerprint)
	for _, part := range parts {
		sum := sha256.Sum256(part)
		hash.Write(sum[:])
	}
	a.Fingerprint = hash.Sum(nil)
}

// seal returns what is stored of the fingerprint.
func (a *Attempt) seal(key []byte) []byte {
	mac := hmac.New(sha256.New, key)
	mac.Write(a.Fingerprint)
	return mac.Sum(nil)
}

// matches reports whether a is the request that sealed was made for.
func (a *Attempt) matches(sealed []byte) bool {
	return slices.ContainsFunc(a.keys(), func(key []byte) bool { return hmac.Equal(a.seal(key), sealed) })
}

// keys are those of the fingerprint. Where there is none, it is a plain hash.
func (a *Attempt) keys() [][]byte {
	if len(a.FingerprintKeys) == 0 {
		return [][]byte{nil}
	}
	return a.FingerprintKeys
}

// Reply returns what was stored with the effect, or nil as long as nothing was, and for a nil attempt.
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
type Replay struct { //nolint:errname // it is an answer, and an error only on its way there
	Reply Reply
}

func (*Replay) Error() string { return "the request was answered before" }

// Once runs fn in a transaction, as pg.InTx does. If ctx has an attempt, the reply made from what fn returns is stored
// in that transaction. If the effect happened before, fn is not run and the error is a *Replay. The error is of kind
// errs.IdempotencyKeyReused if that was the effect of another request, and of kind errs.RequestInProgress while the
// same caller's request with the same key is being worked on.
func Once[T any](ctx context.Context, db *pgxpool.Pool, fn func(tx pgx.Tx) (*T, error)) (*T, error) {
	attempt := From(ctx)
	var out *T
	var reply *Reply
	err := pg.InTx(ctx, db, func(tx pgx.Tx) (err error) {
		if attempt == nil {
			out, err = fn(tx)
			return err
		}
		if _, err := tx.Exec(ctx, claim, attempt.Caller, attempt.Key); err != nil {
			return err
		}
		if out, err = fn(tx); err != nil {
			return err
		}
		batch := &pgx.Batch{}
		if reply, err = attempt.queueSave(batch, out); err != nil {
			return err
		}
		return tx.SendBatch(ctx, batch).Close()
	})
	if err != nil {
		return nil, attempt.explain(ctx, db, err)
	}
	if attempt != nil {
		attempt.reply = reply
	}
	return out, nil
}

// Send is Once for an effect that one pipeline of statements has, for the sake of round trips. Without an attempt it
// is db.SendBatch, which is one transaction and one round trip. With an attempt it takes two. The reply is made from
// what response returns, which is called when all results were read.
func Send(ctx context.Context, db *pgxpool.Pool, effect *pgx.Batch, response func() any) error {
	attempt := From(ctx)
	if attempt == nil {
		return db.SendBatch(ctx, effect).Close()
	}
	var reply *Reply
	err := db.AcquireFunc(ctx, func(c *pgxpool.Conn) (err error) {
		reply, err = attempt.send(ctx, c.Conn(), effect, response)
		return err
	})
	if err != nil {
		return attempt.explain(ctx, db, err)
	}
	attempt.reply = reply
	return nil
}

// Look runs a pipeline of statements that change nothing, in one round trip. With an attempt in ctx it fails as Once
// does where the effect happened before or is being worked on, so that what the statements find holds for the key: no
// attempt before has the effect any more.
func Look(ctx context.Context, db *pgxpool.Pool, look *pgx.Batch) error {
	attempt := From(ctx)
	if attempt == nil {
		return db.SendBatch(ctx, look).Close()
	}
	claimed := &pgx.Batch{}
	claimed.Queue(claim, attempt.Caller, attempt.Key)
	claimed.QueuedQueries = append(claimed.QueuedQueries, look.QueuedQueries...)
	return attempt.explain(ctx, db, db.SendBatch(ctx, claimed).Close())
}

// send runs the transaction of Send.
func (a *Attempt) send(ctx context.Context, c *pgx.Conn, effect *pgx.Batch, response func() any) (*Reply, error) {
	first := &pgx.Batch{}
	first.Queue("BEGIN ISOLATION LEVEL READ COMMITTED")
	first.Queue(claim, a.Caller, a.Key)
	first.QueuedQueries = append(first.QueuedQueries, effect.QueuedQueries...)
	err := c.SendBatch(ctx, first).Close()
	if err != nil {
		return nil, errors.Join(err, rollback(ctx, c))
	}
	last := &pgx.Batch{}
	reply, err := a.queueSave(last, response())
	if err != nil {
		return nil, errors.Join(err, rollback(ctx, c))
	}
	// If the reply cannot be saved, the server passes over the rest of the pipeline and does not commit.
	last.Queue("COMMIT")
	if err := c.SendBatch(ctx, last).Close(); err != nil {
		return nil, errors.Join(err, rollback(ctx, c))
	}
	return reply, nil
}

// rollback ends the transaction of c, so that the pool can keep it. A connection that is lost has none any more.
func rollback(ctx context.Context, c *pgx.Conn) error {
	if c.IsClosed() || c.PgConn().TxStatus() == idle {
		return nil
	}
	_, err := c.Exec(ctx, "ROLLBACK")
	return err
}

// idle is the state of a connection without a transaction, in PostgreSQL's protocol.
const idle = 'I'

// queueSave adds the statement that stores the reply made from response.
func (a *Attempt) queueSave(batch *pgx.Batch, response any) (*Reply, error) {
	reply, err := a.Encode(response)
	if err != nil {
		return nil, fmt.Errorf("encode reply: %w", err)
	}
	batch.Queue(insertReply, a.Caller, a.Key, a.seal(a.keys()[0]),
		reply.Status, reply.Location, reply.ETag, reply.Body)
	return &reply, nil
}

// Errors of claim_idempotency_key.
const (
	stateInProgress = "IK001"
	stateAnswered   = "IK002"
)

// explain returns the error that the caller is to get for err, which ended the transaction.
func (a *Attempt) explain(ctx context.Context, db *pgxpool.Pool, err error) error {
	refused, ok := errors.AsType[*pgconn.PgError](err)
	switch {
	case ok && refused.Code == stateInProgress:
		return inProgress()
	case ok && refused.Code == stateAnswered:
		if err := a.Recall(ctx, db); err != nil {
			return err
		}
		// It reached its age between the claim and now. The next try is the first.
		return inProgress()
	}
	return err
}

// progressPause is what a client is told to wait whose request is still being worked on.
const progressPause = time.Second

func inProgress() error {
	e := errs.RequestInProgress.New("Wait for the answer to the first request, or try again in a moment.")
	e.RetryAfter = progressPause
	return e
}

// Forget removes what was stored for a caller.
func Forget(ctx context.Context, tx pgx.Tx, caller string) error {
	if _, err := tx.Exec(ctx, "DELETE FROM idempotency_keys WHERE caller = $1", caller); err != nil {
		return fmt.Errorf("forget replies: %w", err)
	}
	return nil
}

const claim = "SELECT claim_idempotency_key($1, $2)"

const insertReply = `
INSERT INTO idempotency_keys (caller, key, fingerprint, status, location, etag, body)
VALUES ($1, $2, $3, $4, $5, $6, $7)`
