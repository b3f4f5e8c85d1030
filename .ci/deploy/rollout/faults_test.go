package rollout_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/shumbooking/shumbooking/platform/proctest"

	"deploy/proxy"
)

// A fault is something that is wrong with how the program is deployed or stopped.
type fault struct {
	settings []string  // of the program
	proxy    [2]string // what is replaced in the files of the proxy, and by what
	find     topology
	signal   syscall.Signal
}

// forgetful is a service whose members do not tell which answer is the last of a connection.
func forgetful(t *testing.T, s *site) string {
	t.Helper()
	return newService(t, s, func(b []byte) []byte {
		return bytes.ReplaceAll(b, []byte("\r\nConnection: close\r\n"), []byte("\r\nConnection: other\r\n"))
	}).addr
}

// TestRollingRestart_Faults: the same load notices what is wrong.
func TestRollingRestart_Faults(t *testing.T) {
	t.Parallel()
	for name, f := range map[string]fault{
		"Killed":             {find: byService, signal: syscall.SIGKILL},
		"KilledByName":       {find: byName, signal: syscall.SIGKILL},
		"NoLinger":           {find: byService, signal: syscall.SIGTERM, settings: []string{"APP_ENV=local"}},
		"LastAnswerNotTold":  {find: forgetful, signal: syscall.SIGTERM},
		"NothingIsSentAgain": {find: byName, signal: syscall.SIGTERM, proxy: [2]string{"proxy_next_upstream error timeout;", "proxy_next_upstream off;"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, f.settings...)
			nginx := front(t, damaged(t, f.proxy), f.find(t, s))
			l := newLoad(t, nginx.URL)
			l.begin()
			f.restart(s, l)
			l.end()
			lost, answered := l.losses()
			if lost == 0 {
				t.Fatalf("none of %d requests is lost", answered)
			}
			t.Logf("%d requests answered, %d lost, the first: %.200s", answered, lost, l.lost[0])
		})
	}
}

// restart stops APIs as the fault says, one after the other, until something is lost: that is a matter of chance where
// an API is found among others. While one is away many more are asked.
func (f fault) restart(s *site, l *load) {
	const tries = 4 * servers
	for try := range tries {
		i := try % servers
		s.wantServing(l, i)
		upload := l.sendHalf(s, i)
		s.apis[i].Signal(f.signal)
		proctest.Eventually(s.t, "the API takes no connections", func() bool { return !proctest.Accepts(s.t.Context(), s.apis[i].addr) })
		l.rush()
		err := upload.finish()
		if f.signal == syscall.SIGKILL && (err == nil || !strings.Contains(err.Error(), "#service_unavailable")) {
			s.t.Errorf("the upload that was broken off gets %v, want a problem that says so", err)
		}
		l.note("slow upload", err)
		s.apis[i].Wait()
		l.rush()
		if lost, _ := l.losses(); lost > 0 {
			return
		}
		s.start(i)
		s.wantReady(i)
	}
}

// damaged returns a copy of the files of the proxy in which one text is replaced, or the files where nothing is.
func damaged(t *testing.T, change [2]string) string {
	t.Helper()
	files := proxy.Files(t)
	if change[0] == "" {
		return files
	}
	broken := filepath.Join(t.TempDir(), "nginx")
	if err := os.CopyFS(broken, os.DirFS(files)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(broken, "templates", "api.conf.template")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Count(text, []byte(change[0])) != 1 {
		t.Fatalf("%s does not have %q once", path, change[0])
	}
	text = bytes.Replace(text, []byte(change[0]), []byte(change[1]), 1)
	if err := os.WriteFile(path, text, 0o644); err != nil {
		t.Fatal(err)
	}
	return broken
}
