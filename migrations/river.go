package migrations

import (
	"context"
	"fmt"
	"log/slog"
	"regexp"
	"strconv"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/tern/v2/migrate"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// riverLine is the one line of a way up or down that has River go to a version of its schema.
var riverLine = regexp.MustCompile(`(?m)^RIVER (\d+)$`)

// handOver replaces the ways that name a version of River's schema by functions that go there, outside of a
// transaction.
func handOver(m *migrate.Migrator) error {
	for _, step := range m.Migrations {
		up, down := riverLine.FindStringSubmatch(step.UpSQL), riverLine.FindStringSubmatch(step.DownSQL)
		if up == nil && down == nil {
			continue
		}
		if up == nil || down == nil {
			return fmt.Errorf("%s: River must go up and down, or neither", step.Name)
		}
		to, err := strconv.Atoi(up[1])
		if err != nil {
			return fmt.Errorf("%s: %w", step.Name, err)
		}
		from, err := strconv.Atoi(down[1])
		if err != nil {
			return fmt.Errorf("%s: %w", step.Name, err)
		}
		step.UpSQL, step.UpFunc = "", func(ctx context.Context, conn *pgx.Conn) error {
			return moveRiver(ctx, conn, rivermigrate.DirectionUp, to)
		}
		step.DownSQL, step.DownFunc = "", func(ctx context.Context, conn *pgx.Conn) error {
			return moveRiver(ctx, conn, rivermigrate.DirectionDown, from)
		}
		step.DisableFuncTx = true
	}
	return nil
}

// moveRiver moves River's schema to a version, and does nothing when it is there: each version is committed
// together with its entry in river_migration, so that what was broken off is gone on with.
//
// It connects a second time, because River wants a pool. The session of conn has no transaction meanwhile, and
// holds the gate.
func moveRiver(ctx context.Context, conn *pgx.Conn, direction rivermigrate.Direction, version int) error {
	pc, err := pgxpool.ParseConfig("")
	if err != nil {
		return err
	}
	pc.ConnConfig, pc.MaxConns = conn.Config(), 1
	pool, err := pgxpool.NewWithConfig(ctx, pc)
	if err != nil {
		return err
	}
	defer pool.Close()
	m, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	target := version
	if target == 0 {
		target = -1 // River's word for an empty database.
	}
	if _, err := m.Migrate(ctx, direction, &rivermigrate.MigrateOpts{TargetVersion: target}); err != nil {
		return fmt.Errorf("move River to its version %d: %w", version, err)
	}
	return nil
}
