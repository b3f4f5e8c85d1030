package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"log/slog"
	"runtime"
	"runtime/debug"
)

// version and commit are set by the linker (-X main.version=...) where the build has no repository around it.
var version, commit string

// A build says what this program was made from.
type build struct{ version, commit string }

// currentBuild prefers what the linker was told over what the go command found out itself.
func currentBuild() build {
	b := build{version: version, commit: commit}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return build{cmp.Or(b.version, "unknown"), cmp.Or(b.commit, "unknown")}
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			b.commit = cmp.Or(b.commit, setting.Value)
		}
	}
	b.version = cmp.Or(b.version, info.Main.Version)
	if b.version == "(devel)" {
		b.version = ""
	}
	return build{cmp.Or(b.version, "0.0.0-dev"), cmp.Or(b.commit, "unknown")}
}

func versionCommand() command {
	return command{
		name:    "version",
		summary: "prints the version of the program",
		setup: func(*flag.FlagSet) action {
			return func(_ context.Context, env environment, _ []string) error {
				b := currentBuild()
				_, err := fmt.Fprintf(env.stdout, "booking %s (commit %s, %s)\n", b.version, b.commit, runtime.Version())
				return err
			}
		},
	}
}

// LogValue implements slog.LogValuer.
func (b build) LogValue() slog.Value {
	return slog.GroupValue(slog.String("version", b.version), slog.String("commit", b.commit))
}
