package main

import (
	"io"
	"log/slog"
)

// newLogger returns the logger that the settings ask for. Times are in UTC whatever the machine's zone.
func newLogger(w io.Writer, s settings) *slog.Logger {
	options := &slog.HandlerOptions{
		Level: s.logLevel,
		ReplaceAttr: func(groups []string, a slog.Attr) slog.Attr {
			if len(groups) == 0 && a.Key == slog.TimeKey {
				a.Value = slog.TimeValue(a.Value.Time().UTC())
			}
			return a
		},
	}
	if s.logFormat == "text" {
		return slog.New(slog.NewTextHandler(w, options))
	}
	return slog.New(slog.NewJSONHandler(w, options))
}
