package rollout_test

import (
	"maps"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/shumbooking/shumbooking/platform/proctest"

	"deploy/proxy"
)

const (
	rounds = 2
	// enough is how many requests must be answered for the rest to mean something.
	enough = 3000
)

// A topology is how the proxy finds the APIs of a site. It returns the setting NGINX_API_SERVERS.
type topology func(*testing.T, *site) (servers string)

// byName has all three in the settings of the proxy, as with compose.
func byName(_ *testing.T, s *site) string { return s.addrs() }

// byService has one name for all, as in Kubernetes.
func byService(t *testing.T, s *site) string {
	t.Helper()
	return newService(t, s, unchanged).addr
}

// front starts the proxy in front of the site.
func front(t *testing.T, files, servers string) *proxy.Server {
	t.Helper()
	return proxy.StartFrom(t, files, proxy.Settings{
		"ROOT_PATH": rootPath, "NGINX_API_SERVERS": servers, "NGINX_CONNECTIONS": "1000",
		"NGINX_RATE_PER_MINUTE": "1000000", "NGINX_AUTH_RATE_PER_MINUTE": "1000000",
	})
}

// TestRollingRestart restarts every API twice, and the worker, while clients read, search, book and upload.
func TestRollingRestart(t *testing.T) {
	t.Parallel()
	for name, find := range map[string]topology{"ByName": byName, "ByService": byService} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t)
			nginx := front(t, proxy.Files(t), find(t, s))
			l := newLoad(t, nginx.URL)
			l.begin()
			for round := range rounds {
				for i := range s.apis {
					s.restart(l, i)
				}
				if round == 0 {
					// As when a newer version has migrated: the old one serves on, and is started again.
					s.raiseSchema()
				}
				s.work()
			}
			for i := range s.apis {
				s.wantServing(l, i)
			}
			l.end()
			l.check(s)
			s.stop()
		})
	}
}

// restart stops an API in the middle of an upload, which it finishes after it took its last connection, and starts it
// again.
func (s *site) restart(l *load, i int) {
	s.t.Helper()
	s.wantServing(l, i)
	upload := l.sendHalf(s, i)
	s.apis[i].Signal(syscall.SIGTERM)
	proctest.Eventually(s.t, "the API takes no connections", func() bool { return !proctest.Accepts(s.t.Context(), s.apis[i].addr) })
	l.note("slow upload", upload.finish())
	s.apis[i].WantSuccess()
	s.start(i)
	s.wantReady(i)
}

func (s *site) raiseSchema() {
	s.t.Helper()
	if _, err := s.db.Exec(s.t.Context(), "UPDATE schema_version SET version = version + 1"); err != nil {
		s.t.Fatal(err)
	}
}

// check looks whether all that was sent was done, once.
func (l *load) check(s *site) {
	l.t.Helper()
	lost, answered := l.losses()
	l.t.Logf("%d requests answered, %d lost: %v", answered, lost, l.answered)
	if lost > 0 {
		l.t.Errorf("%d requests are lost:\n%s", lost, strings.Join(l.lost[:min(lost, 20)], "\n"))
	}
	if answered < enough {
		l.t.Errorf("%d requests were answered, want at least %d", answered, enough)
	}
	if n := s.number("SELECT count(*) FROM bookings"); n != l.answered["booking"] {
		l.t.Errorf("%d bookings are stored, want the %d that were confirmed", n, l.answered["booking"])
	}
	ids := slices.Collect(maps.Keys(l.bookings))
	if n := s.number("SELECT count(*) FROM bookings WHERE id = ANY($1)", ids); n != l.answered["booking"] {
		l.t.Errorf("%d of %d confirmed bookings are stored", n, l.answered["booking"])
	}
	uploads := l.answered["upload"] + l.answered["slow upload"]
	proctest.Eventually(l.t, "every photograph is processed", func() bool {
		return s.number("SELECT count(*) FROM images WHERE status = 'ready'") == uploads
	})
	if n := s.number("SELECT count(*) FROM images"); n != uploads {
		l.t.Errorf("%d images are stored, want the %d that were taken", n, uploads)
	}
}
