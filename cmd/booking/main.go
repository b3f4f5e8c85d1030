// Command booking is the hotel booking service: its API, and what is needed to set it up and to look after it.
//
// "booking help" lists the commands. This package is the only place where the features meet.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"syscall"
	_ "time/tzdata" // Hotels have time zones, and containers often have no such data.

	"github.com/redis/go-redis/v9/logging"
)

func main() {
	// The client of Redis would write lines of its own among ours. What fails is told by whoever called it.
	logging.Disable()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM) //nolint:forbidigo // It begins here.
	// From the first signal on, a second one ends the program at once.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], os.Getenv, os.Stdin, os.Stdout, os.Stderr)) //nolint:forbidigo // This is main.
}

// run is the whole program. It returns the exit code: 0 for success, 1 when the command fails, 2 when the
// command line is wrong.
func run(ctx context.Context, args []string, getenv func(string) string, stdin io.Reader, stdout, stderr io.Writer) int {
	return program().execute(ctx, environment{getenv: getenv, stdin: stdin, stdout: stdout, stderr: stderr}, args)
}

// program is the tree of commands.
func program() command {
	return command{
		name:    "booking",
		summary: "runs the hotel booking service and looks after it",
		help: `Settings are environment variables; the templates beside the source list them.
Exit codes: 0 success, 1 failure, 2 wrong command line.`,
		commands: []command{
			devCommand(), apiCommand(), workerCommand(), migrateCommand(), seedCommand(), userCommand(), recountCommand(),
			openapiCommand(), healthcheckCommand(), versionCommand(),
		},
	}
}
