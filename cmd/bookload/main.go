// Command bookload loads a hotel booking service, measures it, and checks that it kept what it promised meanwhile.
//
// "bookload run" has virtual users work and keeps a ledger of what they were told; "bookload check" compares that ledger with
// what the service remembers. Both ask from outside, as anyone could: they share no code with the service's features.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"slices"
	"strings"
	"syscall"
)

const (
	exitSuccess = 0
	exitFailure = 1
	exitUsage   = 2
)

// garbage is how much of it may gather, in percent of what is in use: that is little, and to collect it costs as much of the
// processor as the requests, which the service may have beside it.
const garbage = 400

func main() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM) //nolint:forbidigo // It begins here.
	// From the first signal on, a second one ends the program at once.
	context.AfterFunc(ctx, stop)
	env := environment{getenv: os.Getenv, stdout: os.Stdout, stderr: os.Stderr}
	os.Exit(execute(ctx, env, os.Args[1:])) //nolint:forbidigo // This is main.
}

// An environment is the part of the process that commands use.
type environment struct {
	getenv         func(string) string
	stdout, stderr io.Writer
}

// A command does one of the things that the program is for.
type command struct {
	name, summary, help string
	// parse reads the flags and returns what is then to be done.
	parse func(f *flags, getenv func(string) string) action
}

type action func(ctx context.Context, env environment) error

func commands() []command {
	return []command{runCommand(), checkCommand(), versionCommand()}
}

// execute is the whole program. It returns the exit code.
func execute(ctx context.Context, env environment, args []string) int {
	asked := ""
	if len(args) > 0 {
		asked = args[0]
	}
	if asked == "help" && len(args) > 1 {
		args = []string{args[1], "-h"}
		asked = args[0]
	}
	if asked == "help" || isHelp(asked) {
		fmt.Fprint(env.stdout, overview())
		return exitSuccess
	}
	i := slices.IndexFunc(commands(), func(c command) bool { return c.name == asked })
	if i < 0 {
		fmt.Fprintf(env.stderr, "bookload: want a command, one of run, check and version, not %q\nRun 'bookload help' for help.\n", asked)
		return exitUsage
	}
	return commands()[i].execute(ctx, env, args[1:])
}

func (c command) execute(ctx context.Context, env environment, args []string) int {
	if slices.ContainsFunc(args, isHelp) {
		fmt.Fprint(env.stdout, c.help)
		return exitSuccess
	}
	f := newFlags(args)
	act := c.parse(f, env.getenv)
	if len(f.problems) > 0 {
		c.complain(env, f.problems)
		fmt.Fprintf(env.stderr, "Run 'bookload %s -h' for help.\n", c.name)
		return exitUsage
	}
	err := act(ctx, env)
	if err == nil {
		return exitSuccess
	}
	if !errors.Is(err, errToldAlready) {
		c.complain(env, strings.Split(err.Error(), "\n"))
	}
	return exitFailure
}

func (c command) complain(env environment, problems []string) {
	for _, problem := range problems {
		fmt.Fprintf(env.stderr, "bookload %s: %s\n", c.name, problem)
	}
}

// errToldAlready is for a failure that the output has said everything about.
var errToldAlready = errors.New("the command has failed")

func isHelp(arg string) bool {
	return slices.Contains([]string{"-h", "-help", "--help"}, arg)
}

func overview() string {
	var b strings.Builder
	b.WriteString(`bookload loads a hotel booking service, measures it, and checks that it kept what it promised.

Usage: bookload <command> [flags]

`)
	for _, c := range commands() {
		fmt.Fprintf(&b, "  %-9s %s\n", c.name, c.summary)
	}
	b.WriteString(`
A first look, which changes nothing in the service:
  bookload run --base-url http://127.0.0.1:8000 --profile browse --duration 30s

The proof: load it as guests and staff do, then compare what they were told with what it remembers:
  bookload run --base-url http://127.0.0.1:8000 --profile mixed --duration 1m --ledger run.ledger
  bookload check --base-url http://127.0.0.1:8000 --ledger run.ledger --database-url postgres://...

Run 'bookload <command> -h' for all there is to know about one.
Exit codes: 0 success; 1 a threshold was crossed, something is wrong with the service, or the command failed;
2 wrong command line.
`)
	return b.String()
}
