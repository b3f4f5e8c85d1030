//go:build unix

package migrations_test

import (
	"fmt"
	"io/fs"
	"log/slog"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/shumbooking/shumbooking/migrations"
	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

// riverVersion is the version of this program's schema that has River's tables.
const riverVersion = 4

// An upgrade of the module that brings new tables needs a migration that moves databases there: a new file, as the
// old ones were already run.
func TestRiver_IsTheLatest(t *testing.T) {
	t.Parallel()
	pool := pgtest.New(t)
	result, err := migrator(t, pool).Validate(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if !result.OK {
		t.Errorf("River finds its schema lacking: %v", result.Messages)
	}
}

// pgtest and the benchmarks know a schema by the content of the files, so River's version must stand there.
func TestRiver_VersionIsInTheFiles(t *testing.T) {
	t.Parallel()
	versions := migrator(t, pgtest.New(t)).AllVersions()
	want := versions[len(versions)-1].Version
	names, err := fs.Glob(migrations.Files(), "*.sql")
	if err != nil {
		t.Fatal(err)
	}
	latest := 0
	for _, name := range names {
		text, err := fs.ReadFile(migrations.Files(), name)
		if err != nil {
			t.Fatal(err)
		}
		up, _, _ := strings.Cut(string(text), "---- create above")
		if found := regexp.MustCompile(`(?m)^RIVER (\d+)$`).FindStringSubmatch(up); found != nil {
			if latest, err = strconv.Atoi(found[1]); err != nil {
				t.Fatal(err)
			}
		}
	}
	if latest != want {
		t.Errorf("River's version in the files: got %d, want %d", latest, want)
	}
}

// A migration killed between two versions of River is gone on with, and so is its way back.
func TestRiver_GoesOnAfterACrash(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	for _, reached := range []int{1, 3, 4, 5, 6} {
		t.Run(fmt.Sprint("At", reached), func(t *testing.T) {
			t.Parallel()
			c := pgtest.Empty(t)
			pool := pgtest.Open(t, c)
			toVersion(t, c, riverVersion-1)
			river := migrator(t, pool)
			if _, err := river.Migrate(t.Context(), rivermigrate.DirectionUp, &rivermigrate.MigrateOpts{TargetVersion: reached}); err != nil {
				t.Fatal(err)
			}
			if got := check(t, pool); got.Current != riverVersion-1 || got.Ready() {
				t.Errorf("status before: got %+v, want version %d and something pending", got, riverVersion-1)
			}
			toVersion(t, c, riverVersion)
			if result, err := river.Validate(t.Context(), nil); err != nil || !result.OK {
				t.Fatalf("River after going on: got %+v, %v, want it complete", result, err)
			}
			if _, err := river.Migrate(t.Context(), rivermigrate.DirectionDown, &rivermigrate.MigrateOpts{TargetVersion: reached}); err != nil {
				t.Fatal(err)
			}
			if err := migrations.Down(t.Context(), c, log); err != nil {
				t.Fatal(err)
			}
			for _, object := range schema(t, pool) {
				if strings.Contains(object, "river") {
					t.Errorf("left after going down: %s", object)
				}
			}
		})
	}
}

func toVersion(t *testing.T, c pg.Config, version int32) {
	t.Helper()
	if err := migrations.To(t.Context(), c, version, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
}

func migrator(t *testing.T, pool *pgxpool.Pool) *rivermigrate.Migrator[pgx.Tx] {
	t.Helper()
	m, err := rivermigrate.New(riverpgxv5.New(pool), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		t.Fatal(err)
	}
	return m
}
