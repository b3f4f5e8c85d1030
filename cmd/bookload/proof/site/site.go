// Package site runs the service in tests as it is deployed, in processes of its own: three APIs and a worker on a PostgreSQL
// that keeps what is committed and on a Redis. Each of them can be killed and started again at the address that it had.
package site

import (
	"flag"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/media/storage/storagetest"
	"github.com/shumbooking/shumbooking/platform/proctest"
)

// apis is how many APIs a site has.
const apis = 3

// Long is for tests that say something about chance: with -long they take as long as that needs, without it they are short.
var Long = flag.Bool("long", false, "take as long as it needs, and not as short as it can be")

// Main runs the tests of a package and removes the program that they had built. It returns the code to exit with, for
// TestMain.
func Main(m *testing.M) int {
	defer os.RemoveAll(directory())
	return m.Run()
}

// Config says what is not as usual about a site.
type Config struct {
	// Binary is the program to run; the one of this source when empty. See Build for others.
	Binary string
	// Settings are variables of the program such as "LOG_LEVEL=info". They come after those of the site.
	Settings []string
	// Postgres are settings of the server, over those of the site.
	Postgres map[string]string
	// Reach returns the addresses at which the program finds what it stands on, given those where that really is; optional.
	Reach func(tb testing.TB, at Addresses) Addresses
	// Bucket has the images kept in a bucket, and not in a directory.
	Bucket bool
}

// Addresses are those of what the program stands on, each a host and a port. There is none of a bucket without one.
type Addresses struct{ Postgres, Redis, Bucket string }

// A Site is the service as it is deployed.
type Site struct {
	// AdminEmail and AdminPassword are those of its first admin.
	AdminEmail, AdminPassword string

	Postgres *Postgres
	Redis    *Redis
	// Bucket is nil when images are in a directory.
	Bucket *storagetest.Server
	APIs   [apis]*Server
	Worker *Server

	tb     testing.TB
	binary string
	env    []string
}

// Start starts everything on an empty database and returns when all APIs and the worker are ready. What was started ends
// with the test.
func Start(tb testing.TB, c Config) *Site {
	tb.Helper()
	s := &Site{AdminEmail: "admin@example.com", AdminPassword: "four-steady-otters", tb: tb, binary: c.Binary}
	if s.binary == "" {
		s.binary = Product(tb)
	}
	s.Postgres, s.Redis = startPostgres(tb, c.Postgres), startRedis(tb)
	at := Addresses{Postgres: s.Postgres.addr, Redis: s.Redis.addr}
	if c.Bucket {
		s.Bucket = storagetest.NewServer(tb)
		at.Bucket = strings.TrimPrefix(s.Bucket.Config.Endpoint, "http://")
	}
	s.env = s.environment(at, c.Settings)
	proctest.Start(tb, s.env, s.binary, "migrate", "up").WantSuccess()
	if c.Reach != nil {
		s.env = s.environment(c.Reach(tb, at), c.Settings)
	}
	for i := range s.APIs {
		s.APIs[i] = s.newServer("api")
	}
	s.Worker = s.newServer("worker")
	for _, server := range s.servers() {
		server.Start()
	}
	for _, server := range s.servers() {
		server.WantReady()
	}
	return s
}

// environment are the variables of the program. Everything that limits clients is at work and has room for a load.
func (s *Site) environment(at Addresses, more []string) []string {
	const plenty = "1000000"
	env := []string{
		"APP_ENV=test", "LOG_LEVEL=warn", "JWT_SECRET_KEY=" + strings.Repeat("k1-", 16), "TMPDIR=" + s.tb.TempDir(),
		"ADMIN_EMAIL=" + s.AdminEmail, "ADMIN_PASSWORD=" + s.AdminPassword,
		"RATE_LIMIT_READ_PER_MINUTE=" + plenty, "RATE_LIMIT_PER_MINUTE=" + plenty, "RATE_LIMIT_AUTH_PER_MINUTE=" + plenty,
	}
	env = append(env, s.Postgres.settings(at.Postgres)...)
	env = append(env, redisSettings(s.tb, at.Redis)...)
	if s.Bucket == nil {
		env = append(env, "IMAGES_DIR="+filepath.Join(s.tb.TempDir(), "images"))
	} else {
		c := s.Bucket.Config
		env = append(env, "S3_BUCKET="+c.Bucket, "S3_ENDPOINT=http://"+at.Bucket,
			"S3_ACCESS_KEY_ID="+c.AccessKeyID, "S3_SECRET_ACCESS_KEY="+c.SecretAccessKey)
	}
	return slices.Concat(env, more)
}

// URLs are where the APIs answer.
func (s *Site) URLs() []string {
	var urls []string
	for _, a := range s.APIs {
		urls = append(urls, a.URL(""))
	}
	return urls
}

// DatabaseURL is of the database itself, whatever the program reaches it through.
func (s *Site) DatabaseURL() string { return s.Postgres.URL() }

// Launch runs the program with one of its commands.
func (s *Site) Launch(args ...string) *proctest.Process {
	s.tb.Helper()
	return proctest.Start(s.tb, s.env, s.binary, args...)
}

// WantRunning fails the test for each API and worker that has ended although nobody ended it.
func (s *Site) WantRunning() {
	s.tb.Helper()
	for _, server := range s.servers() {
		if server.Over() && !server.ended {
			s.tb.Errorf("%s at %s has ended by itself", server.command, server.addr)
		}
	}
}

func (s *Site) servers() []*Server { return append(s.APIs[:], s.Worker) }

// hostPort takes an address apart that was put together here.
func hostPort(tb testing.TB, addr string) (host, port string) {
	tb.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		tb.Fatal(err)
	}
	return host, port
}

// ready reports whether a server says that it is.
func (s *Server) ready() bool {
	status, _ := proctest.Get(s.site.tb.Context(), s.URL("/ready"))
	return status == http.StatusOK
}
