package pg

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// querier is a pool or a transaction.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
}

// Collect runs a query and returns its rows, columns matched to the fields of
// the struct T by name. No rows is an empty slice.
func Collect[T any](ctx context.Context, db querier, sql string, args ...any) ([]T, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByName[T])
}

// One runs a query and returns its first row, columns matched to the fields of
// the struct T by name. No rows is pgx.ErrNoRows.
func One[T any](ctx context.Context, db querier, sql string, args ...any) (T, error) {
	rows, err := db.Query(ctx, sql, args...)
	if err != nil {
		var zero T
		return zero, err
	}
	return pgx.CollectOneRow(rows, pgx.RowToStructByName[T])
}

// CollectCustom is Collect for a query that must be planned for its actual
// parameters, such as a substring filter over a trigram index. It costs one
// round trip, and the planning. It takes the pool because the setting lasts as
// long as the transaction: here the implicit one of the pipeline.
func CollectCustom[T any](ctx context.Context, pool *pgxpool.Pool, sql string, args ...any) ([]T, error) {
	var found []T
	batch := &pgx.Batch{}
	batch.Queue("SELECT set_config('plan_cache_mode', 'force_custom_plan', true)")
	batch.Queue(sql, args...).Query(func(rows pgx.Rows) (err error) {
		found, err = pgx.CollectRows(rows, pgx.RowToStructByName[T])
		return err
	})
	if err := pool.SendBatch(ctx, batch).Close(); err != nil {
		return nil, err
	}
	return found, nil
}
