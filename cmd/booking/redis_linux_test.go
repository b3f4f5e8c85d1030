package main

import (
	"encoding/json"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/platform/health"
	"github.com/shumbooking/shumbooking/platform/kv/kvtest"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
	"github.com/shumbooking/shumbooking/platform/tlstest"
)

// TestRedisWithTLS runs the program with a Redis whose authority the system trusts, or does not.
func TestRedisWithTLS(t *testing.T) {
	t.Parallel()
	ours, foreign := tlstest.NewAuthority(t), tlstest.NewAuthority(t)
	redis := kvtest.Start(t).ServeTLS(ours.Issue(t, "127.0.0.1", time.Now().Add(time.Hour)))
	database := pgtest.Config(t)
	for _, tt := range []struct{ trusted, encrypted, want string }{
		{ours.File, "true", "up"},
		{foreign.File, "true", "down"},
		{ours.File, "false", "down"},
	} {
		_, base := spawnServer(t, environmentFor(database, map[string]string{
			"REDIS_PORT": strconv.Itoa(redis.Port), "REDIS_TLS": tt.encrypted, "SSL_CERT_FILE": tt.trusted,
		}), "worker")
		eventually(t, "redis is "+tt.want+" with REDIS_TLS="+tt.encrypted+" and "+tt.trusted, func() bool {
			status, body := fetch(t, base+"/ready")
			var ready health.Readiness
			if status == http.StatusOK {
				if err := json.Unmarshal([]byte(body), &ready); err != nil {
					t.Fatal(err)
				}
			}
			return ready.Checks["redis"].Status == tt.want
		})
	}
}
