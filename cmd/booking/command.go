package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
)

const (
	exitSuccess = 0
	exitFailure = 1
	exitUsage   = 2
)

// An environment is the part of the process that commands use.
type environment struct {
	getenv         func(string) string
	stdin          io.Reader
	stdout, stderr io.Writer
}

// An action runs a command whose flags were parsed; args are what follows them.
type action func(ctx context.Context, env environment, args []string) error

// A command either has commands of its own or does something.
type command struct {
	name    string
	summary string
	help    string
	// arguments names what follows the flags, such as "up|down|status"; nothing may follow when it is empty.
	arguments string
	commands  []command
	// setup declares the flags and returns the action that uses them.
	setup func(flags *flag.FlagSet) action
}

// errUsage marks an error of the command line.
var errUsage = errors.New("usage")

func usagef(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errUsage, fmt.Sprintf(format, args...))
}

// execute finds the command that args name, runs it, reports its error and returns the exit code.
func (c command) execute(ctx context.Context, env environment, args []string) int {
	if len(args) > 0 && args[0] == "help" {
		args = append(slices.Clone(args[1:]), "-h")
	}
	path := c.name
	for len(c.commands) > 0 {
		if len(args) > 0 && isHelp(args[0]) {
			c.printHelp(env.stdout, path)
			return exitSuccess
		}
		next, err := c.find(args)
		if err != nil {
			return fail(env, path, err)
		}
		c, args, path = next, args[1:], path+" "+next.name
	}
	err := c.parseAndRun(ctx, env, path, args)
	if errors.Is(err, flag.ErrHelp) {
		c.printHelp(env.stdout, path)
		return exitSuccess
	}
	return fail(env, path, err)
}

func isHelp(arg string) bool {
	return slices.Contains([]string{"-h", "-help", "--help"}, arg)
}

func (c command) find(args []string) (command, error) {
	if len(args) == 0 {
		return command{}, usagef("a command is missing")
	}
	i := slices.IndexFunc(c.commands, func(sub command) bool { return sub.name == args[0] })
	if i < 0 {
		return command{}, usagef("unknown command %q", args[0])
	}
	return c.commands[i], nil
}

func (c command) parseAndRun(ctx context.Context, env environment, path string, args []string) error {
	flags := flag.NewFlagSet(path, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	run := c.setup(flags)
	if err := flags.Parse(args); errors.Is(err, flag.ErrHelp) {
		return err
	} else if err != nil {
		return usagef("%v", err)
	}
	if c.arguments == "" && flags.NArg() > 0 {
		return usagef("unexpected argument %q", flags.Arg(0))
	}
	return run(ctx, env, flags.Args())
}

// fail reports err, if there is one, and returns the exit code for it.
func fail(env environment, path string, err error) int {
	switch {
	case err == nil:
		return exitSuccess
	case errors.Is(err, errUsage):
		message := strings.TrimPrefix(err.Error(), errUsage.Error()+": ")
		name := strings.TrimSpace(strings.TrimPrefix(path, "booking"))
		fmt.Fprintf(env.stderr, "%s: %s\nRun '%s' for help.\n", path, message, strings.TrimSpace("booking help "+name))
		return exitUsage
	default:
		fmt.Fprintf(env.stderr, "%s: %v\n", path, err)
		return exitFailure
	}
}

func (c command) printHelp(w io.Writer, path string) {
	fmt.Fprintf(w, "%s %s.\n\nUsage: %s", path, c.summary, path)
	if len(c.commands) > 0 {
		fmt.Fprint(w, " <command>\n\nCommands:\n")
		for _, sub := range c.commands {
			fmt.Fprintf(w, "  %-12s %s\n", sub.name, sub.summary)
		}
		fmt.Fprintf(w, "\nRun '%s <command> -h' for more about one.\n", path)
	} else {
		c.printFlags(w)
	}
	if c.help != "" {
		fmt.Fprintf(w, "\n%s\n", c.help)
	}
}

func (c command) printFlags(w io.Writer) {
	flags := flag.NewFlagSet(c.name, flag.ContinueOnError)
	c.setup(flags)
	var lines strings.Builder
	flags.VisitAll(func(f *flag.Flag) {
		value, usage := flag.UnquoteUsage(f)
		if f.DefValue != "" && f.DefValue != "false" {
			usage += fmt.Sprintf(" (default %s)", f.DefValue)
		}
		fmt.Fprintf(&lines, "  %-20s %s\n", strings.TrimSpace("--"+f.Name+" "+value), usage)
	})
	if lines.Len() > 0 {
		fmt.Fprint(w, " [flags]")
	}
	if c.arguments != "" {
		fmt.Fprint(w, " "+c.arguments)
	}
	fmt.Fprintln(w)
	if lines.Len() > 0 {
		fmt.Fprintf(w, "\nFlags:\n%s", &lines)
	}
}
