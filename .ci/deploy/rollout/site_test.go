package rollout_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shumbooking/shumbooking/platform/kv/kvtest"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
	"github.com/shumbooking/shumbooking/platform/proctest"

	"deploy/program"
)

const (
	rootPath      = "/apps/shum-booking"
	adminEmail    = "admin@example.com"
	adminPassword = "four-steady-otters"
	servers       = 3
)

// A site is the program as it is deployed: APIs and a worker on one database.
type site struct {
	t      *testing.T
	db     *pgxpool.Pool
	env    []string
	images string
	apis   [servers]*api
	worker *proctest.Process
}

// An api is one that is always found at the same address, whatever process serves there.
type api struct {
	addr string
	*proctest.Process
}

func (a *api) url(path string) string { return "http://" + a.addr + path }

// newSite starts everything on an empty database, with settings such as "LOG_LEVEL=info" beside its own, and returns when all APIs are ready.
func newSite(t *testing.T, settings ...string) *site {
	t.Helper()
	config, redis := pgtest.Empty(t), kvtest.Start(t).Config()
	s := &site{t: t, db: pgtest.Open(t, config), images: t.TempDir()}
	s.env = slices.Concat(program.Database(config), program.Redis(redis), []string{
		"APP_ENV=test", "LOG_LEVEL=warn", "ROOT_PATH=" + rootPath, "RATE_LIMIT_ENABLED=false",
		"JWT_SECRET_KEY=" + strings.Repeat("k1-", 16), "ADMIN_EMAIL=" + adminEmail, "ADMIN_PASSWORD=" + adminPassword,
		"IMAGES_DIR=" + s.images, "TMPDIR=" + t.TempDir(),
	}, settings)
	s.launch("migrate", "up").WantSuccess()
	for i := range s.apis {
		s.apis[i] = &api{addr: proctest.FreeAddress(t)}
		s.start(i)
	}
	for i := range s.apis {
		s.wantReady(i)
	}
	s.work()
	return s
}

// launch starts the program with one of its commands.
func (s *site) launch(args ...string) *proctest.Process {
	s.t.Helper()
	return proctest.Start(s.t, s.env, program.Path(s.t), args...)
}

// start starts the API with a number.
func (s *site) start(i int) {
	s.t.Helper()
	s.apis[i].Process = s.launch("api", "--addr", s.apis[i].addr)
}

func (s *site) wantReady(i int) {
	s.t.Helper()
	proctest.Eventually(s.t, "an API is ready", func() bool {
		status, _ := proctest.Get(s.t.Context(), s.apis[i].url("/ready"))
		return status == http.StatusOK
	})
}

// work starts a worker, after the end of the one before.
func (s *site) work() {
	s.t.Helper()
	if s.worker != nil {
		s.worker.Signal(syscall.SIGTERM)
		s.worker.WantSuccess()
	}
	s.worker = s.launch("worker", "--addr", "127.0.0.1:0")
}

// stop ends everything, which must succeed.
func (s *site) stop() {
	s.t.Helper()
	all := []*proctest.Process{s.worker}
	for _, a := range s.apis {
		all = append(all, a.Process)
	}
	for _, p := range all {
		p.Signal(syscall.SIGTERM)
	}
	for _, p := range all {
		p.WantSuccess()
	}
}

// addrs are the addresses of the APIs, with commas between them.
func (s *site) addrs() string {
	var all []string
	for _, a := range s.apis {
		all = append(all, a.addr)
	}
	return strings.Join(all, ",")
}

// booked finds how many bookings a process took.
var booked = regexp.MustCompile(`(?m)^http_requests_total\{handler="/bookings",method="POST",status="201"\} ([0-9]+)$`)

// wantServing waits until the present process of an API has taken bookings.
func (s *site) wantServing(l *load, i int) {
	s.t.Helper()
	proctest.Eventually(s.t, "an API takes bookings", func() bool {
		l.rush()
		_, metrics := proctest.Get(s.t.Context(), s.apis[i].url("/metrics"))
		return booked.MatchString(metrics)
	})
}

// largeUpload is more than any other upload has when it arrives in part, in bytes.
const largeUpload = 100_000

// receives reports whether an API is in the middle of a large upload: it has an unlinked file for it.
func (s *site) receives(i int) bool {
	s.t.Helper()
	files, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", s.apis[i].PID()))
	if err != nil {
		s.t.Fatal(err)
	}
	for _, file := range files {
		target, err := os.Readlink(file)
		if err != nil || !strings.Contains(target, "shum-booking-upload-") {
			continue // It is closed by now, or something else.
		}
		if info, err := os.Stat(file); err == nil && info.Size() >= largeUpload {
			return true
		}
	}
	return false
}

func (s *site) number(query string, args ...any) (n int) {
	s.t.Helper()
	if err := s.db.QueryRow(s.t.Context(), query, args...).Scan(&n); err != nil {
		s.t.Fatalf("%s: %v", query, err)
	}
	return n
}
