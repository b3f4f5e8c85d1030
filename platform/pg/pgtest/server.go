//go:build unix

package pgtest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shumbooking/shumbooking/migrations"
	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgserver"
)

// templateLock is the advisory lock of whoever builds the template: test
// binaries that share a server start at the same time.
const templateLock = int64(0x7368756d_74657374)

// server is a place to make databases.
type server struct {
	config   pg.Config
	admin    *pgxpool.Pool
	template string
}

// start finds or starts the server and sees to it that it has the template.
func start() (*server, error) {
	ctx, cancel := context.WithTimeout(context.Background(), setupTimeout)
	defer cancel()
	config, err := locate(ctx)
	if err != nil {
		return nil, err
	}
	s := &server{config: config}
	if s.admin, err = adminPool(ctx, config); err != nil {
		return nil, err
	}
	if s.template, err = templateName(); err != nil {
		return nil, err
	}
	if err := s.ensureTemplate(ctx); err != nil {
		return nil, fmt.Errorf("build the template database: %w", err)
	}
	return s, nil
}

// locate starts a server unless the environment names one. Nobody stops the
// started one: it ends with this process.
func locate(ctx context.Context) (pg.Config, error) {
	if url := os.Getenv("TEST_DATABASE_URL"); url != "" {
		return pg.ParseURL(url)
	}
	s, err := pgserver.Start(ctx, pgserver.Config{
		Durability: pgserver.Volatile,
		Settings: map[string]string{
			"max_connections": "500",
			// Plans must not depend on when statistics happened to be gathered.
			"autovacuum": "off",
		},
	})
	if err != nil {
		return pg.Config{}, err
	}
	return s.Config(""), nil
}

// adminPool has none of the time limits of pg.Open: copying a database on a
// busy machine takes as long as it takes.
func adminPool(ctx context.Context, c pg.Config) (*pgxpool.Pool, error) {
	cc, err := c.ConnConfig()
	if err != nil {
		return nil, err
	}
	pc, err := pgxpool.ParseConfig("")
	if err != nil {
		return nil, err
	}
	cc.DefaultQueryExecMode = pgx.QueryExecModeExec
	pc.ConnConfig, pc.MaxConns = cc, 4
	return pgxpool.NewWithConfig(ctx, pc)
}

// templateName contains a hash of the migrations, so that a server used again
// and again never serves the schema of yesterday.
func templateName() (string, error) {
	hash := sha256.New()
	files := migrations.Files()
	err := fs.WalkDir(files, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := fs.ReadFile(files, path)
		fmt.Fprintf(hash, "%s %d %s", path, len(text), text)
		return err
	})
	if err != nil {
		return "", err
	}
	return "shum_template_" + hex.EncodeToString(hash.Sum(nil))[:16], nil
}

// ensureTemplate builds the template under another name and renames it, so that
// one left half-built is never taken for it.
func (s *server) ensureTemplate(ctx context.Context) (err error) {
	lock, err := s.admin.Acquire(ctx)
	if err != nil {
		return err
	}
	// Closing the session gives the lock back, whatever state it is in.
	session := lock.Hijack()
	defer func() { err = errors.Join(err, session.Close(ctx)) }()
	if _, err := session.Exec(ctx, "SELECT pg_advisory_lock($1)", templateLock); err != nil {
		return err
	}
	var exists bool
	err = s.admin.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", s.template).Scan(&exists)
	if err != nil || exists {
		return err
	}
	unfinished := s.template + "_new"
	if _, err := s.admin.Exec(ctx, "DROP DATABASE IF EXISTS "+quote(unfinished)+" WITH (FORCE)"); err != nil {
		return err
	}
	if err := s.copyDatabase(ctx, unfinished, "template0"); err != nil {
		return err
	}
	c := s.config
	c.Name = unfinished
	if err := migrations.Up(ctx, c, slog.New(slog.DiscardHandler)); err != nil {
		return err
	}
	return s.publish(ctx, unfinished)
}

// publish closes the template to connections: one, be it autovacuum's, would
// stop it from being copied.
func (s *server) publish(ctx context.Context, unfinished string) error {
	if _, err := s.admin.Exec(ctx, "ALTER DATABASE "+quote(unfinished)+" ALLOW_CONNECTIONS false"); err != nil {
		return err
	}
	_, err := s.admin.Exec(ctx, fmt.Sprintf("ALTER DATABASE %s RENAME TO %s", quote(unfinished), quote(s.template)))
	return err
}
