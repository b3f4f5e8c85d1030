package site

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgserver"
	"github.com/shumbooking/shumbooking/platform/proctest"
)

// A Postgres is a server that is always found at the same address, with the same data.
type Postgres struct {
	tb     testing.TB
	addr   string
	config pgserver.Config
	server *pgserver.Server
}

func startPostgres(tb testing.TB, settings map[string]string) *Postgres {
	tb.Helper()
	p := &Postgres{tb: tb, addr: proctest.FreeAddress(tb)}
	_, port := hostPort(tb, p.addr)
	p.config = pgserver.Config{
		DataDir: filepath.Join(directoryFor(tb), "postgres"), Listen: pgserver.Loopback, Database: "booking",
		Settings: map[string]string{"max_connections": "200"},
	}
	maps.Copy(p.config.Settings, settings)
	var err error
	if p.config.Port, err = strconv.Atoi(port); err != nil {
		tb.Fatal(err)
	}
	p.Start()
	tb.Cleanup(func() {
		// Nobody needs the data any more.
		if err := p.server.Kill(context.WithoutCancel(tb.Context())); err != nil {
			tb.Error(err)
		}
	})
	return p
}

// directoryFor returns a directory that the user whom PostgreSQL runs as can reach.
func directoryFor(tb testing.TB) string {
	tb.Helper()
	dir, err := os.MkdirTemp("", "booking-site-") //nolint:usetesting // Other users cannot enter what the test has.
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			tb.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil { //nolint:gosec // It has nothing but what has modes of its own.
		tb.Fatal(err)
	}
	return dir
}

// Start starts the server, after the end of the one before, and returns when it accepts connections.
func (p *Postgres) Start() {
	p.tb.Helper()
	server, err := pgserver.Start(p.tb.Context(), p.config)
	if err != nil {
		p.tb.Fatal(err)
	}
	p.server = server
}

// Kill ends all processes of the server with SIGKILL.
func (p *Postgres) Kill() {
	p.tb.Helper()
	if err := p.server.Kill(p.tb.Context()); err != nil {
		p.tb.Fatal(err)
	}
}

// Stop ends the server in order: it breaks off what runs, and leaves nothing to recover.
func (p *Postgres) Stop() {
	p.tb.Helper()
	if err := p.server.Stop(p.tb.Context()); err != nil {
		p.tb.Fatal(err)
	}
}

// Pause lets the server accept connections and answer nothing, until Resume.
func (p *Postgres) Pause() {
	p.tb.Helper()
	if err := p.server.Pause(); err != nil {
		p.tb.Fatal(err)
	}
}

// Resume ends a Pause.
func (p *Postgres) Resume() {
	p.tb.Helper()
	if err := p.server.Resume(); err != nil {
		p.tb.Fatal(err)
	}
}

// URL is of the service's database.
func (p *Postgres) URL() string { return p.server.URL("") }

// settings are those of the program that find the database at an address.
func (p *Postgres) settings(addr string) []string {
	p.tb.Helper()
	c, err := pg.ParseURL(p.URL())
	if err != nil {
		p.tb.Fatal(err)
	}
	host, port := hostPort(p.tb, addr)
	return []string{
		"DB_HOST=" + host, "DB_PORT=" + port, "DB_NAME=" + c.Name,
		"DB_USERNAME=" + c.Username, "DB_PASSWORD=" + c.Password, "DB_SSLMODE=disable",
	}
}
