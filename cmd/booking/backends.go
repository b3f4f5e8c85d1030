package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/shumbooking/shumbooking/platform/config"
	"github.com/shumbooking/shumbooking/platform/pg/pgserver"
)

const (
	devDatabase = "booking"
	// secretFile keeps the key of the tokens, so that a restart signs nobody out.
	secretFile = "jwt-secret"
)

// backends are what "booking dev" runs beside the API. Those that the environment names are nil here.
type backends struct {
	postgres *pgserver.Server
	redis    *miniredis.Miniredis
	// stopClock ends what keeps the time of redis, and waits for it.
	stopClock func()
	// databaseURL is for people. data is the directory of what is kept, empty when nothing is.
	databaseURL, data string
	// temp is removed at the end; empty when there is nothing to remove.
	temp string
}

// startBackends starts what the settings do not name, and puts what it started into the settings.
func startBackends(ctx context.Context, s *settings, o devOptions, log *slog.Logger) (_ *backends, err error) {
	b := &backends{databaseURL: s.database.URL()}
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
	if s.database.Host == "" {
		if err = b.startPostgres(ctx, s, log); err != nil {
			return nil, err
		}
	}
	if s.redis.host == "" {
		if err = b.startRedis(s); err != nil {
			return nil, err
		}
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
		cache, err := pgserver.CacheDir()
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

func (b *backends) startPostgres(ctx context.Context, s *settings, log *slog.Logger) (err error) {
	c := pgserver.Config{Listen: pgserver.Loopback, Database: devDatabase, Log: log, Durability: pgserver.Volatile}
	if b.data != "" {
		c.DataDir, c.Durability = filepath.Join(b.data, "postgres"), pgserver.Durable
	}
	if b.postgres, err = pgserver.Start(ctx, c); err != nil {
		return err
	}
	s.database = b.postgres.Config("")
	s.owner = s.database
	b.databaseURL = b.postgres.URL("")
	return nil
}

func (b *backends) startRedis(s *settings) (err error) {
	if b.redis, err = miniredis.Run(); err != nil {
		return fmt.Errorf("start Redis: %w", err)
	}
	b.stopClock = keepTime(b.redis)
	host, port, err := net.SplitHostPort(b.redis.Addr())
	if err != nil {
		return err
	}
	s.redis = redisSettings{host: host}
	s.redis.port, err = strconv.Atoi(port)
	return err
}

// redisTick is how often keys of the Redis in this process get older.
const redisTick = 100 * time.Millisecond

// keepTime lets keys expire, which they do not by themselves in a Redis that is made for tests.
func keepTime(r *miniredis.Miniredis) (stop func()) {
	tick := time.NewTicker(redisTick)
	done := make(chan struct{})
	var running sync.WaitGroup
	running.Go(func() {
		last := time.Now()
		for {
			select {
			case <-done:
				return
			case now := <-tick.C:
				r.FastForward(now.Sub(last))
				last = now
			}
		}
	})
	return func() {
		tick.Stop()
		close(done)
		running.Wait()
	}
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
func (b *backends) stop(ctx context.Context) (err error) {
	if b.redis != nil {
		b.stopClock()
		b.redis.Close()
	}
	if b.postgres != nil {
		err = b.postgres.Stop(ctx)
	}
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
