package main

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/shumbooking/shumbooking/platform/health"
	"github.com/shumbooking/shumbooking/platform/kv/kvtest"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
	"github.com/shumbooking/shumbooking/platform/proctest"
	"github.com/shumbooking/shumbooking/platform/tlstest"
)

// TestRedisWithTLS asks a Redis whose authority the system does not trust, and runs the program where it does.
func TestRedisWithTLS(t *testing.T) {
	t.Parallel()
	authority := tlstest.NewAuthority(t)
	redis := kvtest.Start(t).ServeTLS(authority.Issue(t, "127.0.0.1", time.Now().Add(time.Hour)))
	// This process does not trust it, and may need more than one call of 50 ms to say so.
	a := &application{registry: prometheus.NewRegistry()}
	client := a.openRedis(redisSettings{host: redis.Host, port: redis.Port, encrypted: true})
	proctest.Eventually(t, "the certificate is refused", func() bool {
		err := client.Ping(t.Context())
		return err != nil && strings.Contains(err.Error(), "certificate signed by unknown authority")
	})
	if err := client.Close(); err != nil {
		t.Error(err)
	}
	_, base := spawnServer(t, environmentFor(pgtest.Config(t), map[string]string{
		"REDIS_PORT": strconv.Itoa(redis.Port), "REDIS_TLS": "true", "SSL_CERT_FILE": authority.File,
	}), "worker")
	proctest.Eventually(t, "redis is up", func() bool {
		status, body := fetch(t, base+"/ready")
		var ready health.Readiness
		if status == http.StatusOK {
			if err := json.Unmarshal([]byte(body), &ready); err != nil {
				t.Fatal(err)
			}
		}
		return ready.Checks["redis"].Status == "up"
	})
}
