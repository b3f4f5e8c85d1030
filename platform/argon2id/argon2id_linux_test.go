package argon2id

import (
	"bytes"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/shumbooking/shumbooking/platform/proctest"
)

// newHelpers returns Helpers, and what they have logged.
func newHelpers(t *testing.T) (*Helpers, *proctest.Transcript) {
	t.Helper()
	var log proctest.Transcript
	h := New(slog.New(slog.NewTextHandler(&log, nil)))
	t.Cleanup(h.Close)
	return h, &log
}

// wantKey checks that h derives the key of a password.
func wantKey(t *testing.T, h *Helpers, password string) {
	t.Helper()
	salt := []byte("a salt of a test")
	got := h.Key([]byte(password), salt, 2, 64, 1, 32)
	if want := argon2.IDKey([]byte(password), salt, 2, 64, 1, 32); !bytes.Equal(got, want) {
		t.Errorf("the key of %q is %x, want %x", password, got, want)
	}
}

func wantNoWarning(t *testing.T, log *proctest.Transcript) {
	t.Helper()
	if log.String() != "" {
		t.Errorf("the keys did not all come from helpers: %s", log)
	}
}

// waiting returns the processes of the helpers that wait.
func (h *Helpers) waiting() (pids []int) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, p := range h.free {
		pids = append(pids, p.command.Process.Pid)
	}
	return pids
}

func isAlive(pid int) bool { return syscall.Kill(pid, 0) == nil }

func TestKey(t *testing.T) {
	t.Parallel()
	h, log := newHelpers(t)
	for _, r := range []request{
		{Passes: 1, MemoryKiB: 8, Lanes: 1, Size: 16},
		{Password: []byte("pässword"), Salt: make([]byte, 16), Passes: 2, MemoryKiB: 19456, Lanes: 1, Size: 32},
		{Password: bytes.Repeat([]byte("long"), 1<<12), Salt: []byte("salt"), Passes: 3, MemoryKiB: 256, Lanes: 4, Size: 100},
	} {
		if got := h.Key(r.Password, r.Salt, r.Passes, r.MemoryKiB, r.Lanes, r.Size); !bytes.Equal(got, r.key()) {
			t.Errorf("the key of %.40q is %x, want %x", r.Password, got, r.key())
		}
	}
	if waiting := h.waiting(); len(waiting) != 1 {
		t.Errorf("%d helpers wait, want the one that derived each key", len(waiting))
	}
	wantNoWarning(t, log)
}

func TestKeysAtTheSameTime(t *testing.T) {
	t.Parallel()
	h, log := newHelpers(t)
	var callers sync.WaitGroup
	for caller := range 8 {
		callers.Go(func() {
			for n := range 20 {
				wantKey(t, h, strconv.Itoa(100*caller+n))
			}
		})
	}
	callers.Wait()
	if n := len(h.waiting()); n == 0 || n > 8 {
		t.Errorf("%d helpers wait, want one for each caller at most", n)
	}
	wantNoWarning(t, log)
}

// TestLostHelpers kills helpers that wait, as the system does when memory is short.
func TestLostHelpers(t *testing.T) {
	t.Parallel()
	h, log := newHelpers(t)
	wantKey(t, h, "first")
	lost := h.waiting()
	if err := syscall.Kill(lost[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	wantKey(t, h, "second")
	if now := h.waiting(); len(now) != 1 || slices.Equal(now, lost) {
		t.Errorf("helpers %v wait after %v was lost", now, lost)
	}
	wantNoWarning(t, log)
}

// TestStuckHelper stops a helper, which then neither answers nor ends.
func TestStuckHelper(t *testing.T) {
	t.Parallel()
	h, _ := newHelpers(t)
	wantKey(t, h, "first")
	stuck := h.waiting()[0]
	if err := syscall.Kill(stuck, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	h.limit = time.Millisecond
	wantKey(t, h, "second")
	if isAlive(stuck) {
		t.Error("the helper that was stuck is still there")
	}
}

func TestNoHelpers(t *testing.T) {
	t.Parallel()
	h, log := newHelpers(t)
	h.path = "/nowhere"
	wantKey(t, h, "password")
	if !strings.Contains(log.String(), "level=WARN") {
		t.Errorf("nobody is told: %q", log)
	}
}

// TestIdleHelpersEnd also checks that there is another one when it is needed.
func TestIdleHelpersEnd(t *testing.T) {
	t.Parallel()
	h, log := newHelpers(t)
	h.idle = time.Millisecond
	wantKey(t, h, "first")
	proctest.Eventually(t, "nobody waits any more", func() bool { return len(h.waiting()) == 0 })
	wantKey(t, h, "second")
	wantNoWarning(t, log)
}

func TestClose(t *testing.T) {
	t.Parallel()
	h, log := newHelpers(t)
	wantKey(t, h, "password")
	pid := h.waiting()[0]
	h.Close()
	if isAlive(pid) {
		t.Error("the helper is still there")
	}
	wantNoWarning(t, log)
	wantKey(t, h, "late")
	if n := len(h.waiting()); n > 0 {
		t.Errorf("%d helpers wait, want none", n)
	}
}

// TestHelperEndsWithItsParent closes the pipes, as the system does for a parent that is gone. Signals to both do not count.
func TestHelperEndsWithItsParent(t *testing.T) {
	t.Parallel()
	p, err := start("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	r := &request{Passes: 1, MemoryKiB: 8, Lanes: 1, Size: 16}
	if _, err := p.ask(r, keyTime); err != nil {
		t.Fatal(err)
	}
	for _, signal := range []os.Signal{syscall.SIGTERM, syscall.SIGINT} {
		if err := p.command.Process.Signal(signal); err != nil {
			t.Fatal(err)
		}
		if _, err := p.ask(r, keyTime); err != nil {
			t.Errorf("after %v: %v", signal, err)
		}
	}
	if err := p.in.Close(); err != nil {
		t.Fatal(err)
	}
	if err := p.command.Wait(); err != nil {
		t.Errorf("it ends with %v", err)
	}
}

// TestHelperKnowsNoSecrets looks for the variables of this process in a helper.
func TestHelperKnowsNoSecrets(t *testing.T) {
	t.Parallel()
	h, _ := newHelpers(t)
	wantKey(t, h, "password")
	environ, err := os.ReadFile("/proc/" + strconv.Itoa(h.waiting()[0]) + "/environ")
	if err != nil || len(environ) > 0 {
		t.Errorf("it knows %q, %v", environ, err)
	}
}

func BenchmarkKey(b *testing.B) {
	h := New(slog.New(slog.DiscardHandler))
	b.Cleanup(h.Close)
	for name, key := range map[string]func(_, _ []byte, passes, memoryKiB uint32, lanes uint8, size uint32) []byte{
		"here": argon2.IDKey, "helper": h.Key,
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				key([]byte("password"), make([]byte, 16), 2, 19456, 1, 32)
			}
		})
	}
}
