package pg

import (
	"context"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// txAttempts bounds how often InTx runs its function: deadlocks of well ordered
// code are rare, and a fifth in a row is overload.
const txAttempts = 5

// InTx runs fn in a READ COMMITTED transaction and commits it, or rolls it back
// when fn returns an error or panics. A transaction that the server gave up for
// another one (IsRetryable) is run again as a whole, five times at most with a
// short random pause, so fn must not have effects outside of tx.
func InTx(ctx context.Context, pool *pgxpool.Pool, fn func(tx pgx.Tx) error) error {
	options := pgx.TxOptions{IsoLevel: pgx.ReadCommitted}
	for attempt := 1; ; attempt++ {
		err := pgx.BeginTxFunc(ctx, pool, options, fn)
		if err == nil || attempt == txAttempts || !IsRetryable(err) {
			return err
		}
		// Both sides of a deadlock must not meet again at the same moment.
		pause := time.Duration(1+rand.IntN(10<<attempt)) * time.Millisecond //nolint:gosec // chance, not secrecy
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}
