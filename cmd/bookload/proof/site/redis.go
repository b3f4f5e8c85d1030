package site

import (
	"os/exec"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/shumbooking/shumbooking/platform/proctest"
)

// A Redis is a server that is always found at the same address. It keeps nothing when it ends.
type Redis struct {
	*proctest.Process

	tb   testing.TB
	addr string
}

func startRedis(tb testing.TB) *Redis {
	tb.Helper()
	r := &Redis{tb: tb, addr: proctest.FreeAddress(tb)}
	r.Start()
	return r
}

// Start starts the server, after the end of the one before, and returns when it answers.
func (r *Redis) Start() {
	r.tb.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		r.tb.Fatal(err)
	}
	_, port := hostPort(r.tb, r.addr)
	r.Process = proctest.Start(r.tb, nil, path, "--port", port, "--bind", "127.0.0.1", "--save", "", "--loglevel", "warning")
	client := redis.NewClient(&redis.Options{Addr: r.addr, MaxRetries: -1})
	defer func() { _ = client.Close() }() // Nothing of it is under way.
	proctest.Eventually(r.tb, "Redis answers", func() bool {
		if r.Over() {
			r.tb.Fatal("redis-server ends before it answers")
		}
		return client.Ping(r.tb.Context()).Err() == nil
	})
}

// Pause lets the server accept connections and answer nothing, until Resume.
func (r *Redis) Pause() { r.Signal(syscall.SIGSTOP) }

// Resume ends a Pause.
func (r *Redis) Resume() { r.Signal(syscall.SIGCONT) }

// redisSettings are those of the program that find Redis at an address.
func redisSettings(tb testing.TB, addr string) []string {
	tb.Helper()
	host, port := hostPort(tb, addr)
	return []string{"REDIS_HOST=" + host, "REDIS_PORT=" + port}
}
