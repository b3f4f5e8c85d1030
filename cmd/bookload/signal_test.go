package main

import (
	"bufio"
	"errors"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
)

// asProgram makes the test binary the program itself, for tests that need a process of their own.
const asProgram = "BOOKLOAD_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// The first signal has the program settle what is under way, which is for ever here, and the second one ends it.
func TestSecondSignalEndsAtOnce(t *testing.T) {
	t.Parallel()
	working, release := make(chan struct{}), make(chan struct{})
	base := aService(t, func(requests int) {
		if requests == 100 {
			close(working)
		}
		if requests >= 100 {
			<-release
		}
	})
	t.Cleanup(func() { close(release) })
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), program, "run", "--base-url", base, "--profile", "browse", "--duration", "1h", "--settle", "1h")
	c.Env = append(os.Environ(), asProgram+"=1")
	stderr, err := c.StderrPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	<-working
	interrupt(t, c)
	lines := bufio.NewScanner(stderr)
	for lines.Scan() && !strings.Contains(lines.Text(), "interrupted") {
		t.Logf("it says %s", lines.Text())
	}
	interrupt(t, c)
	failure, _ := errors.AsType[*exec.ExitError](c.Wait())
	if failure == nil {
		t.Fatal("the program ended by itself")
	}
	if status, ok := failure.Sys().(syscall.WaitStatus); !ok || status.Signal() != syscall.SIGINT {
		t.Errorf("the program ended with %v, want the second signal to end it", failure)
	}
}

func interrupt(t *testing.T, c *exec.Cmd) {
	t.Helper()
	if err := c.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
}
