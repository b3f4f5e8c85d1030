// Package proctest runs programs in tests, as processes of their own, and waits for what they do.
package proctest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"
	"time"
)

// A Process is a program that runs until it ends or its test does.
type Process struct {
	tb     testing.TB
	cmd    *exec.Cmd
	log    Transcript
	ended  chan struct{}
	result error // once it has ended
}

// Start starts the program at path, with no more variables than those of env, in a directory of its own. When the test
// ends the process is killed, unless it has ended by then, and what it wrote is shown if the test failed.
func Start(tb testing.TB, env []string, path string, args ...string) *Process {
	tb.Helper()
	p := &Process{tb: tb, ended: make(chan struct{})}
	// Not the test's context, which ends before the cleanups that stop it in order.
	p.cmd = exec.CommandContext(context.WithoutCancel(tb.Context()), path, args...) //nolint:gosec // The test names it.
	p.cmd.Env, p.cmd.Stdout, p.cmd.Stderr, p.cmd.Dir = env, &p.log, &p.log, tb.TempDir()
	if err := p.begin(); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		p.Kill()
		if tb.Failed() {
			tb.Logf("%s %v wrote:\n%.8000s", filepath.Base(path), args, &p.log)
		}
	})
	return p
}

// wait collects the process.
func (p *Process) wait() {
	p.result = p.cmd.Wait()
	close(p.ended)
}

// PID returns the number that the system knows the process by.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Output returns what the process wrote so far, to standard output and standard error.
func (p *Process) Output() string { return p.log.String() }

// Signal sends a signal to the process, which must not have ended.
func (p *Process) Signal(s os.Signal) {
	p.tb.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.tb.Fatal(err)
	}
}

// Kill ends the process with SIGKILL, unless it has ended, and returns once it has.
func (p *Process) Kill() {
	_ = p.cmd.Process.Kill() // It may have ended.
	<-p.ended
}

// Wait returns once the process has ended. It ends the test if that does not happen.
func (p *Process) Wait() {
	p.tb.Helper()
	select {
	case <-p.ended:
	case <-time.After(Patience):
		p.tb.Fatalf("%v does not end", p.cmd.Args)
	}
}

// Err returns how the process has ended, which is an exec.ExitError unless that was with success; nil if it has not.
func (p *Process) Err() error {
	if !p.Over() {
		return nil
	}
	return p.result
}

// WantSuccess is Wait, and fails the test unless the process ends with success.
func (p *Process) WantSuccess() {
	p.tb.Helper()
	p.Wait()
	if p.result != nil {
		p.tb.Errorf("%v ends with %v, want success", p.cmd.Args, p.result)
	}
}

// Await returns the first group of a pattern in what the process writes. It ends the test if the process never writes that.
func (p *Process) Await(pattern *regexp.Regexp) string {
	p.tb.Helper()
	var found []string
	Eventually(p.tb, p.cmd.Args[0]+" writes "+pattern.String(), func() bool {
		over := p.Over()
		found = pattern.FindStringSubmatch(p.log.String())
		if over && found == nil {
			p.tb.Fatalf("%v ends without having written %s", p.cmd.Args, pattern)
		}
		return found != nil
	})
	return found[1]
}

// Over reports whether the process has ended.
func (p *Process) Over() bool {
	select {
	case <-p.ended:
		return true
	default:
		return false
	}
}
