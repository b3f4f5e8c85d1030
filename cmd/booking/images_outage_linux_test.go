package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"github.com/shumbooking/shumbooking/media/imaging/imagingtest"
	"github.com/shumbooking/shumbooking/migrations"
	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgserver"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
	"github.com/shumbooking/shumbooking/platform/proctest"
)

func TestImagesWithoutRedis(t *testing.T) {
	t.Parallel()
	redis := miniredis.RunT(t)
	s := newSite(t, pgtest.Config(t), map[string]string{"REDIS_HOST": redis.Host(), "REDIS_PORT": redis.Port()})
	s.open(1)
	p := s.work()
	eventuallyAnswers(t, s.admin, "/health", "ok", http.StatusOK)
	s.upload("/hotels/1/images", 2, imagingtest.JPEG(300, 200))
	s.settle()
	redis.Close()
	eventuallyAnswers(t, s.admin, "/health", "degraded", http.StatusOK)
	s.upload("/hotels/1/rooms/1/images", 2, imagingtest.JPEG(300, 200))
	s.settle()
	s.wantReady(4)
	terminate(t, p)
	// Neither does one that starts now wait for it.
	p = s.work()
	id := s.upload("/hotels/1/images", 1, imagingtest.JPEG(300, 200))[0]
	s.settle()
	s.wantReady(5)
	s.wantFiles()
	s.admin.Do("DELETE", fmt.Sprintf("/images/%d", id), nil).Want(http.StatusNoContent)
	s.settle()
	s.wantFiles()
	terminate(t, p)
}

// A database is a PostgreSQL that can be restarted, always found at the same place.
type database struct {
	t      *testing.T
	data   string
	link   string
	server *pgserver.Server
}

func newDatabase(t *testing.T) (*database, pg.Config) {
	t.Helper()
	d := &database{t: t, data: newDataDir(t), link: filepath.Join(t.TempDir(), "pg")}
	d.start()
	t.Cleanup(func() { d.stop() })
	c := d.server.Config("")
	c.Host = d.link
	if err := migrations.Up(t.Context(), c, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	return d, c
}

func (d *database) start() {
	d.t.Helper()
	var err error
	d.server, err = pgserver.Start(context.WithoutCancel(d.t.Context()), pgserver.Config{
		DataDir: d.data, Database: "images", Durability: pgserver.Volatile,
	})
	if err != nil {
		d.t.Fatal(err)
	}
	_ = os.Remove(d.link) // It is not there the first time.
	if err := os.Symlink(d.server.Config("").Host, d.link); err != nil {
		d.t.Fatal(err)
	}
}

func (d *database) stop() {
	d.t.Helper()
	if err := d.server.Stop(context.WithoutCancel(d.t.Context())); err != nil {
		d.t.Error(err)
	}
}

// TestImagesWhilePostgresRestarts stops PostgreSQL while photographs are uploaded and processed.
func TestImagesWhilePostgresRestarts(t *testing.T) {
	t.Parallel()
	const files = 8
	d, c := newDatabase(t)
	s := newSite(t, c, nil)
	s.open(1)
	photograph := imagingtest.Mosaic(800, 600)
	s.upload("/hotels/1/images", files, photograph)
	p := s.work()
	soon(t, "files are made", func() bool { return s.begun() >= files+2 })
	d.stop()
	res := s.admin.Upload("POST", "/hotels/1/images", photographs(1, photograph)...)
	res.WantProblem(http.StatusServiceUnavailable, "service_unavailable")
	if status, _ := fetch(t, s.base+"/live"); status != http.StatusOK {
		t.Errorf("GET /live of the API = %d without PostgreSQL, want 200", status)
	}
	p.await(t, `"level":"(WARN|ERROR)"`)
	d.start()
	s.db.Reset() // The connections of the test are those of a server that is gone.
	eventuallyAnswers(t, s.admin, "/ready", "ready", http.StatusOK)
	s.upload("/hotels/1/rooms/1/images", 1, photograph)
	proctest.Eventually(t, "the same worker makes the new image", func() bool {
		return s.number("SELECT count(*) FROM images WHERE room_id = 1 AND status = 'ready'") == 1
	})
	// What it could not tell the end of is rescued as that of a dead one. A restart is only to not wait for that.
	terminate(t, p)
	letAnHourPass(t, s.db)
	p = s.work()
	s.settle()
	s.wantReady(files + 1)
	s.wantFiles()
	terminate(t, p)
}
