//go:build unix

// Package pgtest gives tests databases of their own on a real server.
//
// The first database asked for in a test binary starts a throw-away server,
// which ends with the binary; TEST_DATABASE_URL names another server to use,
// as a role that may create databases. The schema is built once, as a template,
// and each test gets a copy of it.
package pgtest

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shumbooking/shumbooking/platform/pg"
)

const (
	defaultMaxConns = 8
	setupTimeout    = 2 * time.Minute
)

// shared is what the tests of one binary have in common. A test binary has no
// place to pass it through, so this is the one variable of the package.
var shared = sync.OnceValues(start)

// New returns a pool of up to 8 connections to a database that has the schema
// and no data, for this test alone. It is dropped when the test ends.
func New(tb testing.TB) *pgxpool.Pool {
	tb.Helper()
	return NewPool(tb, defaultMaxConns)
}

// NewPool is New with a bound on the connections.
func NewPool(tb testing.TB, maxConns int32) *pgxpool.Pool {
	tb.Helper()
	c := Config(tb)
	c.MaxConns = maxConns
	return open(tb, c)
}

// Config is New for code that connects by itself.
func Config(tb testing.TB) pg.Config {
	tb.Helper()
	env := environment(tb)
	return env.create(tb, env.template)
}

// Empty returns the configuration of a database without the schema, for tests
// of the migrations. It is dropped when the test ends.
func Empty(tb testing.TB) pg.Config {
	tb.Helper()
	return environment(tb).create(tb, "template0")
}

// Copy returns the configuration of a copy of a database made by Config or Empty,
// to which nobody may be connected meanwhile. It is dropped when the test ends.
func Copy(tb testing.TB, of pg.Config) pg.Config {
	tb.Helper()
	return environment(tb).create(tb, of.Name)
}

// Restore makes a database that Copy returned a copy once more. Whoever is connected
// to it loses the connection.
func Restore(tb testing.TB, c, of pg.Config) {
	tb.Helper()
	s := environment(tb)
	ctx, cancel := context.WithTimeout(tb.Context(), setupTimeout)
	defer cancel()
	_, err := s.admin.Exec(ctx, "DROP DATABASE "+quote(c.Name)+" WITH (FORCE)")
	if err == nil {
		err = s.copyDatabase(ctx, c.Name, of.Name)
	}
	if err != nil {
		tb.Fatalf("restore test database: %v", err)
	}
}

// Open returns a pool for a configuration made by Config, Empty or Copy, which is
// closed when the test ends.
func Open(tb testing.TB, c pg.Config) *pgxpool.Pool {
	tb.Helper()
	return open(tb, c)
}

func open(tb testing.TB, c pg.Config) *pgxpool.Pool {
	tb.Helper()
	// Not the test's context: it ends before the cleanups that use the pool.
	pool, err := pg.Open(context.WithoutCancel(tb.Context()), c, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatalf("open test database: %v", err)
	}
	tb.Cleanup(pool.Close)
	return pool
}

func environment(tb testing.TB) *server {
	tb.Helper()
	env, err := shared()
	if err != nil {
		tb.Fatalf("test server: %v", err)
	}
	return env
}

// create copies a database under a new name and drops the copy when the test
// ends, whoever is connected to it then.
func (s *server) create(tb testing.TB, template string) pg.Config {
	tb.Helper()
	name := "test_" + strings.ToLower(rand.Text()[:16])
	ctx, cancel := context.WithTimeout(tb.Context(), setupTimeout)
	defer cancel()
	if err := s.copyDatabase(ctx, name, template); err != nil {
		tb.Fatalf("create test database: %v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), setupTimeout)
		defer cancel()
		if _, err := s.admin.Exec(ctx, "DROP DATABASE "+quote(name)+" WITH (FORCE)"); err != nil {
			tb.Errorf("drop test database: %v", err)
		}
	})
	c := s.config
	c.Name = name
	return c
}

// copyDatabase copies files instead of writing every page to the log: a few
// milliseconds for an almost empty database.
func (s *server) copyDatabase(ctx context.Context, name, template string) error {
	_, err := s.admin.Exec(ctx, fmt.Sprintf("CREATE DATABASE %s TEMPLATE %s STRATEGY FILE_COPY", quote(name), quote(template)))
	return err
}

func quote(name string) string {
	return pgx.Identifier{name}.Sanitize()
}
