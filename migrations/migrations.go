// Package migrations holds the schema and moves a database between its
// versions. Each file NNN_name.sql has the way up and, below the line
// "---- create above / drop below ----", the way down. Versions count from 1;
// 0 is an empty database. A line "RIVER n" stands for version n of the schema
// that River brings with it.
package migrations

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/tern/v2/migrate"

	"github.com/shumbooking/shumbooking/platform/pg"
)

//go:embed *.sql
var files embed.FS

const (
	versionTable = "public.schema_version"
	// gate is the advisory lock that one migrating process holds.
	gate      = int64(0x7368756d_6d696772)
	gatePause = 50 * time.Millisecond
	// ddlLockTimeout makes a migration fail rather than stop all traffic behind
	// a table lock that it waits for.
	ddlLockTimeout = "5s"

	undefinedTable = "42P01"
)

// Status says where a database stands.
type Status struct {
	// Current is the version of the database.
	Current int32
	// Latest is the version this program knows.
	Latest int32
	// Pending are the names of the files between the two, in order.
	Pending []string
}

// Files returns the migration files, for what depends on their content.
func Files() fs.FS {
	return files
}

// Up moves the database to the latest version this program knows. A database
// that a newer program moved further is left alone. Of several processes one
// migrates and the rest wait, until ctx ends.
func Up(ctx context.Context, c pg.Config, log *slog.Logger) error {
	err := gated(ctx, c, log, func(m *migrate.Migrator, current int32) error {
		latest := int32(len(m.Migrations))
		if current >= latest {
			log.Info("schema is up to date", "version", current, "latest_known", latest)
			return nil
		}
		return m.Migrate(ctx)
	})
	if err != nil {
		return fmt.Errorf("migrate up: %w", err)
	}
	return nil
}

// Down takes back the last migration. It returns an error when there is none,
// and when the database is newer than this program.
func Down(ctx context.Context, c pg.Config, log *slog.Logger) error {
	err := gated(ctx, c, log, func(m *migrate.Migrator, current int32) error {
		if current == 0 {
			return errors.New("the database is at version 0")
		}
		return m.MigrateTo(ctx, current-1)
	})
	if err != nil {
		return fmt.Errorf("migrate down: %w", err)
	}
	return nil
}

// To moves the database up or down to a version, 0 for an empty one. It returns
// an error when this program does not know the version.
func To(ctx context.Context, c pg.Config, version int32, log *slog.Logger) error {
	err := gated(ctx, c, log, func(m *migrate.Migrator, _ int32) error {
		return m.MigrateTo(ctx, version)
	})
	if err != nil {
		return fmt.Errorf("migrate to version %d: %w", version, err)
	}
	return nil
}

// Check reads where a database stands, without changing it.
func Check(ctx context.Context, pool *pgxpool.Pool) (Status, error) {
	names, err := migrate.FindMigrations(files)
	if err != nil {
		return Status{}, fmt.Errorf("migration status: %w", err)
	}
	s := Status{Latest: int32(len(names))}
	err = pool.QueryRow(ctx, "SELECT version FROM "+versionTable).Scan(&s.Current)
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	if err != nil && (!ok || pgErr.Code != undefinedTable) {
		return Status{}, fmt.Errorf("migration status: %w", err)
	}
	s.Pending = names[min(s.Current, s.Latest):]
	return s, nil
}

// Ready reports whether the schema is at the version this program knows, or
// newer: one cheap query, for readiness checks.
func (s Status) Ready() bool {
	return len(s.Pending) == 0
}

// gated runs fn with a migrator while no other process migrates.
func gated(ctx context.Context, c pg.Config, log *slog.Logger, fn func(m *migrate.Migrator, current int32) error) (err error) {
	conn, err := connect(ctx, c)
	if err != nil {
		return err
	}
	// Closing the session gives the lock back, also when ctx has ended.
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	if err := enter(ctx, conn, log); err != nil {
		return err
	}
	m, err := migrate.NewMigrator(ctx, conn, versionTable)
	if err != nil {
		return err
	}
	if err := m.LoadMigrations(files); err != nil {
		return err
	}
	if err := handOver(m); err != nil {
		return err
	}
	m.OnStart = func(sequence int32, name, direction, _ string) {
		log.Info("migrating", "version", sequence, "name", name, "direction", direction)
	}
	current, err := m.GetCurrentVersion(ctx)
	if err != nil {
		return err
	}
	return fn(m, current)
}

// connect sets its limits in the start-up message, as tern resets all settings
// of the session after each migration.
func connect(ctx context.Context, c pg.Config) (*pgx.Conn, error) {
	cc, err := c.ConnConfig()
	if err != nil {
		return nil, err
	}
	cc.RuntimeParams["statement_timeout"] = "0"
	cc.RuntimeParams["lock_timeout"] = ddlLockTimeout
	return pgx.ConnectConfig(ctx, cc)
}

// enter waits by polling. A session that waits inside pg_advisory_lock, as
// tern's own lock would make it, holds a snapshot, which CREATE INDEX
// CONCURRENTLY in the session it waits for would wait for in turn.
func enter(ctx context.Context, conn *pgx.Conn, log *slog.Logger) error {
	for waiting := false; ; waiting = true {
		var free bool
		if err := conn.QueryRow(ctx, "SELECT pg_try_advisory_lock($1)", gate).Scan(&free); err != nil {
			return err
		}
		if free {
			return nil
		}
		if !waiting {
			log.Info("another process migrates the schema, waiting for it")
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(gatePause):
		}
	}
}
