package jobs

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5/pgxpool"
)

// ErrNoWorker says that jobs wait for somebody to run them.
var ErrNoWorker = errors.New("no worker runs jobs")

// Check returns ErrNoWorker when no worker has lived for some 20 s: the workers elect a leader, who says again and
// again that it is there. It is a check for package health.
func Check(ctx context.Context, pool *pgxpool.Pool) error {
	var led bool
	err := pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM river_leader WHERE expires_at > now())`).Scan(&led)
	if err != nil {
		return fmt.Errorf("look for workers: %w", err)
	}
	if !led {
		return ErrNoWorker
	}
	return nil
}
