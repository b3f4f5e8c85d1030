package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"

	"github.com/shumbooking/shumbooking/platform/config"
)

// secretFile keeps the key of the tokens, so that a restart signs nobody out.
const secretFile = "jwt-secret"

// errNoServers is the error of a build for production, which has no servers to start.
var errNoServers = errors.New("this build of the program starts neither PostgreSQL nor Redis: " +
	"name them with DB_HOST and REDIS_HOST, or run \"go run ./cmd/booking dev\" in the source")

// backends are what "booking dev" runs beside the API, and where it keeps its data.
type backends struct {
	servers servers
	// databaseURL is for people. data is the directory of what is kept, empty when nothing is.
	databaseURL, data string
	// temp is removed at the end; empty when there is nothing to remove.
	temp string
}

// startBackends starts what the settings do not name, and puts what it started into the settings.
func startBackends(ctx context.Context, s *settings, o devOptions, log *slog.Logger) (_ *backends, err error) {
	if !hasServers && (s.database.Host == "" || s.redis.host == "") {
		return nil, errNoServers
	}
	b := &backends{}
	defer func() {
		if err != nil {
			err = errors.Join(err, b.stop(context.WithoutCancel(ctx)))
		}
	}()
	if !o.ephemeral {
		if b.data, err = dataDir(o.data); err != nil {
			return nil, err
		}
	}
	if b.databaseURL, err = b.servers.start(ctx, s, b.data, log); err != nil {
		return nil, err
	}
	if s.images.dir == "" && s.images.bucket.name == "" {
		if err = b.makeImages(s); err != nil {
			return nil, err
		}
	}
	if s.tokens.secret == "" {
		s.tokens.secret, err = devSecret(b.data)
	}
	return b, err
}

// dataDir makes the directory that keeps the data. Others may pass through it: PostgreSQL runs as another user
// where this process runs as root.
func dataDir(given string) (string, error) {
	if given == "" {
		cache, err := cacheDir()
		if err != nil {
			return "", fmt.Errorf("%w: name a directory with --data, or use --ephemeral", err)
		}
		given = filepath.Join(cache, "dev")
	}
	dir, err := filepath.Abs(given)
	if err != nil {
		return "", err
	}
	return dir, os.MkdirAll(dir, 0o755) //nolint:gosec // What is in it has modes of its own.
}

// makeImages keeps images with the rest of the data, or in a directory that is removed when nothing is kept.
func (b *backends) makeImages(s *settings) (err error) {
	if b.data == "" {
		b.temp, err = os.MkdirTemp("", "shum-booking-images-")
		s.images.dir = b.temp
		return err
	}
	s.images.dir = filepath.Join(b.data, "images")
	return nil
}

// stop ends what was started.
func (b *backends) stop(ctx context.Context) error {
	err := b.servers.stop(ctx)
	if b.temp != "" {
		err = errors.Join(err, os.RemoveAll(b.temp))
	}
	return err
}

// devSecret returns the key of the data directory, which is made when it is missing.
func devSecret(data string) (config.Secret, error) {
	fresh := config.Secret(rand.Text() + rand.Text())
	if data == "" {
		return fresh, nil
	}
	path := filepath.Join(data, secretFile)
	text, err := os.ReadFile(path) //nolint:gosec // The directory is the one that the developer named.
	if errors.Is(err, fs.ErrNotExist) {
		return fresh, os.WriteFile(path, []byte(fresh), 0o600)
	}
	if err != nil {
		return "", err
	}
	secret := config.Secret(strings.TrimSpace(string(text)))
	if len(secret) < minSecretSize {
		return "", fmt.Errorf("%s has %d bytes, want at least %d: remove it", path, len(secret), minSecretSize)
	}
	return secret, nil
}
