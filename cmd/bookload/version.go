package main

import (
	"context"
	"fmt"
	"runtime"
	"runtime/debug"
)

const versionHelp = `bookload version prints the version of the program.

Usage: bookload version
`

func versionCommand() command {
	return command{
		name: "version", summary: "prints the version of the program", help: versionHelp,
		parse: func(f *flags, _ func(string) string) action {
			f.parse()
			return func(_ context.Context, env environment) error {
				_, err := fmt.Fprintf(env.stdout, "bookload %s (%s)\n", currentVersion(), runtime.Version())
				return err
			}
		},
	}
}

// currentVersion returns what the go command knew of the source when it built the program.
func currentVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" || info.Main.Version == "(devel)" {
		return "0.0.0-dev"
	}
	return info.Main.Version
}
