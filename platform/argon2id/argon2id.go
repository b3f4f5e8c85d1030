// Package argon2id derives keys from passwords with argon2id (RFC 9106), in processes of their own.
//
// To derive a key is to go over tens of megabytes of memory for tens of milliseconds. Where a process that serves requests
// does so itself, all of them wait: the memory comes from the system page by page, each of which interrupts every processor
// that runs the process, and the garbage collector runs to get it back. A helper has one processor at a time, keeps its memory
// for the next key, and gives it back by ending when nobody has asked for a while.
//
// A helper is the same program again, started under another name. It is asked through pipes, has no environment and thus no
// secrets but the password that it is given, and ends with whoever started it.
package argon2id

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"runtime/debug"
	"slices"
	"sync"
	"syscall"
	"time"

	"golang.org/x/crypto/argon2"
)

const (
	// helperName is what a helper is called, by which the program knows that it is one.
	helperName = "booking-argon2id"
	// idleTime is how long a helper waits for another password. To start one takes as long as to derive a key.
	idleTime = 10 * time.Second
	// keyTime is how long a key may take, which is tens of milliseconds on a machine that has time for it.
	keyTime = 8 * time.Second
)

// A request is what to derive a key from, as argon2.IDKey takes it.
type request struct {
	Password, Salt    []byte
	Passes, MemoryKiB uint32
	Lanes             uint8
	Size              uint32
}

func (r *request) key() []byte {
	return argon2.IDKey(r.Password, r.Salt, r.Passes, r.MemoryKiB, r.Lanes, r.Size)
}

// init makes a helper of the process if it was started as one. It is here and not in main so that it holds for whatever
// program starts helpers, tests too, none of which may take its own name for a command and start itself for ever.
func init() { //nolint:gochecknoinits // See above.
	if len(os.Args) != 1 || os.Args[0] != helperName {
		return
	}
	// It ends when its input does: who serves requests finishes them after such a signal, and it may go to both.
	signal.Ignore(os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	code := 0
	if help(os.Stdin, os.Stdout) != nil {
		code = 1
	}
	os.Exit(code) //nolint:forbidigo // What follows is the program that it is not.
}

// help derives keys until there are no more requests.
func help(in io.Reader, out io.Writer) error {
	runtime.GOMAXPROCS(1)
	debug.SetGCPercent(-1)
	requests, keys := gob.NewDecoder(in), gob.NewEncoder(out)
	for {
		var r request
		if err := requests.Decode(&r); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		if err := keys.Encode(r.key()); err != nil {
			return err
		}
		clear(r.Password)
		runtime.GC() // The next key is to take the same memory.
	}
}

// Helpers are the processes that derive keys for this one. Its methods may be called by many goroutines at once.
type Helpers struct {
	log         *slog.Logger
	idle, limit time.Duration
	path        string // of the program to start

	mu     sync.Mutex
	free   []*helper
	closed bool
}

// New returns Helpers, of which there are none yet.
func New(log *slog.Logger) *Helpers {
	h := &Helpers{log: log, idle: idleTime, limit: keyTime, path: "/proc/self/exe"}
	if runtime.GOOS != "linux" {
		h.path, _ = os.Executable() // Without a path no helper starts, and Key does without.
	}
	return h
}

// Key is argon2.IDKey. As many helpers derive keys at a time as there are callers. If there cannot be one, this process does.
func (h *Helpers) Key(password, salt []byte, passes, memoryKiB uint32, lanes uint8, size uint32) []byte {
	r := &request{password, salt, passes, memoryKiB, lanes, size}
	key, err := h.ask(r)
	if err != nil {
		h.log.Warn("a password is hashed by the process that serves requests, which then wait", "error", err)
		return r.key()
	}
	return key
}

// ask has a helper derive a key.
func (h *Helpers) ask(r *request) ([]byte, error) {
	for {
		p, err := h.take()
		used := p != nil
		if !used && err == nil {
			p, err = start(h.path)
		}
		if err != nil {
			return nil, err
		}
		key, err := p.ask(r, h.limit)
		if err == nil {
			h.put(p)
			return key, nil
		}
		p.end()
		if !used { // One that waited may have been killed meanwhile, and the others with it.
			return nil, err
		}
	}
}

var errClosed = errors.New("the helpers are closed")

// take returns a helper that waits, or nil if none does.
func (h *Helpers) take() (*helper, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		return nil, errClosed
	}
	if len(h.free) == 0 {
		return nil, nil
	}
	p := h.free[len(h.free)-1]
	h.free = h.free[:len(h.free)-1]
	p.leave.Stop()
	return p, nil
}

// put has a helper wait for the next caller.
func (h *Helpers) put(p *helper) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.closed {
		p.end()
		return
	}
	h.free = append(h.free, p)
	p.leave = time.AfterFunc(h.idle, func() { h.dismiss(p) })
}

// dismiss ends a helper, if it still waits.
func (h *Helpers) dismiss(p *helper) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if i := slices.Index(h.free, p); i >= 0 {
		h.free = slices.Delete(h.free, i, i+1)
		p.end()
	}
}

// Close ends the helpers. Those at work end when they are done.
func (h *Helpers) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for _, p := range h.free {
		p.leave.Stop()
		p.end()
	}
	h.free = nil
}

// A helper is a process that derives one key at a time.
type helper struct {
	command  *exec.Cmd
	in, out  *os.File
	requests *gob.Encoder
	keys     *gob.Decoder
	leave    *time.Timer // ends it while it waits
}

// start starts a helper.
func start(path string) (*helper, error) {
	theirIn, in, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("start a helper: %w", err)
	}
	defer theirIn.Close()
	out, theirOut, err := os.Pipe()
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start a helper: %w", err), in.Close())
	}
	defer theirOut.Close()
	p := &helper{in: in, out: out, requests: gob.NewEncoder(in), keys: gob.NewDecoder(out)}
	// Not with the context of a request: the helper stays for the next one.
	p.command = &exec.Cmd{Path: path, Args: []string{helperName}, Env: []string{}, Stdin: theirIn, Stdout: theirOut}
	if err := p.command.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start a helper: %w", err), in.Close(), out.Close())
	}
	return p, nil
}

func (p *helper) ask(r *request, limit time.Duration) ([]byte, error) {
	var key []byte
	err := p.out.SetReadDeadline(time.Now().Add(limit))
	if err == nil {
		err = p.requests.Encode(r)
	}
	if err == nil {
		err = p.keys.Decode(&key)
	}
	if err == nil && len(key) != int(r.Size) {
		err = fmt.Errorf("the key has %d bytes, want %d", len(key), r.Size)
	}
	if err != nil {
		return nil, fmt.Errorf("ask a helper: %w", err)
	}
	return key, nil
}

// end ends a helper, which may be stuck and has nothing to lose.
func (p *helper) end() {
	_ = p.command.Process.Kill()
	_ = p.in.Close()
	_ = p.out.Close()
	_ = p.command.Wait()
}
