//go:build slim

package main

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
)

// hasServers tells that this build leaves out what "booking dev" would start: nobody develops in production, and the
// image is smaller without.
const hasServers = false

type servers struct{}

func cacheDir() (string, error) {
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "shum-booking"), err
}

func (servers) start(_ context.Context, s *settings, _ string, _ *slog.Logger) (databaseURL string, err error) {
	return s.database.URL(), nil
}

func (servers) stop(context.Context) error { return nil }
