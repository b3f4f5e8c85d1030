//go:build !slim

package main

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/shumbooking/shumbooking/platform/pg/pgserver"
)

// hasServers tells that this build can start what the environment does not name.
const hasServers = true

const devDatabase = "booking"

// servers are those that "booking dev" starts itself. Those that the environment names are nil here.
type servers struct {
	postgres *pgserver.Server
	redis    *miniredis.Miniredis
	// stopClock ends what keeps the time of redis, and waits for it.
	stopClock func()
}

// cacheDir returns the directory that keeps data where the developer names none.
func cacheDir() (string, error) { return pgserver.CacheDir() }

// start starts what the settings do not name, and puts it there. The directory data is for what is kept; nothing is
// where it is empty. The URL is that of the database, for people.
func (v *servers) start(ctx context.Context, s *settings, data string, log *slog.Logger) (databaseURL string, err error) {
	databaseURL = s.database.URL()
	if s.database.Host == "" {
		if err := v.startPostgres(ctx, s, data, log); err != nil {
			return "", err
		}
		databaseURL = v.postgres.URL("")
	}
	if s.redis.host == "" {
		return databaseURL, v.startRedis(s)
	}
	return databaseURL, nil
}

func (v *servers) startPostgres(ctx context.Context, s *settings, data string, log *slog.Logger) (err error) {
	c := pgserver.Config{Listen: pgserver.Loopback, Database: devDatabase, Log: log, Durability: pgserver.Volatile}
	if data != "" {
		c.DataDir, c.Durability = filepath.Join(data, "postgres"), pgserver.Durable
	}
	if v.postgres, err = pgserver.Start(ctx, c); err != nil {
		return err
	}
	s.database = v.postgres.Config("")
	s.owner = s.database
	return nil
}

func (v *servers) startRedis(s *settings) (err error) {
	if v.redis, err = miniredis.Run(); err != nil {
		return fmt.Errorf("start Redis: %w", err)
	}
	v.stopClock = keepTime(v.redis)
	host, port, err := net.SplitHostPort(v.redis.Addr())
	if err != nil {
		return err
	}
	s.redis = redisSettings{host: host}
	s.redis.port, err = strconv.Atoi(port)
	return err
}

// stop ends what was started.
func (v *servers) stop(ctx context.Context) error {
	if v.redis != nil {
		v.stopClock()
		v.redis.Close()
	}
	if v.postgres != nil {
		return v.postgres.Stop(ctx)
	}
	return nil
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
