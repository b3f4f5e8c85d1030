package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/shumbooking/shumbooking/platform/proctest"
)

// openTerminal returns both ends of a pseudo-terminal: the one of the person and the one of the program.
func openTerminal(t *testing.T) (person, program *os.File) {
	t.Helper()
	person, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetPointerInt(int(person.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	n, err := unix.IoctlGetInt(int(person.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	program, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		person.Close()
		program.Close()
	})
	return person, program
}

// answer types a line once the question of that number was asked and the terminal shows no typing.
func answer(t *testing.T, person io.Writer, terminal *os.File, asked *proctest.Transcript, question int, line string) {
	t.Helper()
	proctest.Eventually(t, "a question is asked without echo", func() bool {
		state, err := unix.IoctlGetTermios(int(terminal.Fd()), unix.TCGETS)
		return err == nil && state.Lflag&unix.ECHO == 0 && strings.Count(asked.String(), ": ") == question
	})
	fmt.Fprintln(person, line)
}

func TestPasswordPrompt(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		first, second, want string
	}{
		{"nine-blue-kettles", "nine-blue-kettles", "nine-blue-kettles"},
		{"nine-blue-kettles", "nine-blue-bottles", ""},
	} {
		person, terminal := openTerminal(t)
		var echoed, asked proctest.Transcript
		go func() { _, _ = io.Copy(&echoed, person) }()
		var reading sync.WaitGroup
		var got string
		var err error
		reading.Go(func() { got, err = readPassword(environment{stdin: terminal, stderr: &asked}) })
		answer(t, person, terminal, &asked, 1, tt.first)
		answer(t, person, terminal, &asked, 2, tt.second)
		reading.Wait()
		if got != tt.want || (err == nil) != (tt.want != "") {
			t.Errorf("readPassword() of %q and %q = %q, %v; want %q", tt.first, tt.second, got, err, tt.want)
		}
		if strings.Contains(echoed.String(), "kettles") {
			t.Errorf("the password shows on the terminal: %q", echoed.String())
		}
	}
}
