package proctest_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/shumbooking/shumbooking/platform/proctest"
)

// asOwner makes the test binary one that starts a process and waits to be killed.
const asOwner = "PROCTEST_OWNER"

const shell = "/bin/sh"

func start(t *testing.T, script string) *proctest.Process {
	t.Helper()
	return proctest.Start(t, []string{"WORD=otter"}, shell, "-c", script)
}

func TestProcess(t *testing.T) {
	t.Parallel()
	p := start(t, `trap 'echo "$WORD ends"; exit 0' TERM; echo "pid $$."; while :; do sleep 0.01; done`)
	if got := p.Await(regexp.MustCompile(`pid (\d+)\.`)); got != strconv.Itoa(p.PID()) {
		t.Errorf("process: got %s, want %d", got, p.PID())
	}
	if p.Over() || p.Err() != nil {
		t.Errorf("a process that runs: over %t, ended with %v", p.Over(), p.Err())
	}
	p.Signal(syscall.SIGTERM)
	p.WantSuccess()
	if got := p.Output(); !p.Over() || !strings.HasSuffix(got, "otter ends\n") {
		t.Errorf("ended process: over %t, wrote %q, want what its variable says", p.Over(), got)
	}
	p.Kill() // It does nothing.
}

func TestKill(t *testing.T) {
	t.Parallel()
	p := start(t, `trap '' TERM; echo up; while :; do sleep 0.01; done`)
	p.Await(regexp.MustCompile(`(up)`))
	p.Kill()
	if !p.Over() || p.Err() == nil {
		t.Errorf("a killed process: over %t, ended with %v, want an error", p.Over(), p.Err())
	}
	if err := syscall.Kill(p.PID(), 0); err == nil {
		t.Errorf("process %d is alive after Kill", p.PID())
	}
}

// A test has nothing of the variables and the directory of another.
func TestStartAlone(t *testing.T) {
	t.Parallel()
	p := start(t, `echo "home <$HOME> in <$(pwd)>."`)
	p.WantSuccess()
	where := p.Await(regexp.MustCompile(`home <> in <(.+)>`))
	if here, err := os.Getwd(); err != nil || where == here {
		t.Errorf("directory of the process: got %s, %v, want another than the test's", where, err)
	}
}

// TestStartOwned kills tests and looks whether their processes live on.
func TestStartOwned(t *testing.T) {
	if os.Getenv(asOwner) != "" {
		p := start(t, `echo up; exec sleep 1000`)
		p.Await(regexp.MustCompile(`(up)`))
		_, _ = os.Stdout.WriteString("child " + strconv.Itoa(p.PID()) + "\n")
		select {}
	}
	t.Parallel()
	owner := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestStartOwned$")
	owner.Env = append(os.Environ(), asOwner+"=1")
	output, err := owner.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := owner.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(output)
	var child int
	for child == 0 {
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatal(err)
		}
		if _, pid, ok := strings.Cut(line, "child "); ok {
			if child, err = strconv.Atoi(strings.TrimSpace(pid)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := owner.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = owner.Wait()
	proctest.Eventually(t, "the process of the killed test ends", func() bool {
		line, _ := os.ReadFile("/proc/" + strconv.Itoa(child) + "/cmdline")
		return len(line) == 0
	})
}

func TestGet(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.WriteHeader(http.StatusTeapot)
		_, _ = w.Write([]byte("of " + r.URL.Path))
	}))
	defer s.Close()
	addr := s.Listener.Addr().String()
	if status, body := proctest.Get(t.Context(), s.URL+"/tea"); status != http.StatusTeapot || body != "of /tea" {
		t.Errorf("Get() = %d, %q, want 418 and the path", status, body)
	}
	if !proctest.Accepts(t.Context(), addr) {
		t.Errorf("nobody accepts at %s, want a server", addr)
	}
	nobody := proctest.FreeAddress(t)
	if status, body := proctest.Get(t.Context(), "http://"+nobody); status != 0 || !strings.Contains(body, "refused") {
		t.Errorf("Get() of nobody = %d, %q, want 0 and why", status, body)
	}
	if proctest.Accepts(t.Context(), nobody) {
		t.Errorf("somebody accepts at %s, want nobody", nobody)
	}
}

func TestFreeAddress(t *testing.T) {
	t.Parallel()
	addr := proctest.FreeAddress(t)
	listener, err := new(net.ListenConfig).Listen(context.WithoutCancel(t.Context()), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	// Those above are given to connections, which would be in the way of a program that starts again.
	if port := listener.Addr().(*net.TCPAddr).Port; port > 32767 {
		t.Errorf("port %d is among those of connections", port)
	}
	given := make(map[string]bool)
	for range 1000 {
		next := proctest.FreeAddress(t)
		if given[next] || next == addr {
			t.Fatalf("%s is given twice", next)
		}
		given[next] = true
	}
}

func TestEventually(t *testing.T) {
	t.Parallel()
	turns := 0
	proctest.Eventually(t, "three turns are over", func() bool { turns++; return turns == 3 })
	if turns != 3 {
		t.Errorf("turns: got %d, want 3", turns)
	}
}
