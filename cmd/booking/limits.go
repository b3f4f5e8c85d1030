package main

import (
	"crypto/tls"
	"log/slog"
	"net/netip"
	"time"

	"github.com/shumbooking/shumbooking/platform/config"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/kv"
	"github.com/shumbooking/shumbooking/platform/ratelimit"
)

// limitSettings say how many requests a client may make, and who is a client.
type limitSettings struct {
	// perMinute has no budgets where nothing is limited.
	perMinute      map[httpapi.Budget]int
	trustedProxies []netip.Prefix
}

func (s *settings) readLimits(r *config.Reader, n needs) limitSettings {
	enabled := r.OneOf("RATE_LIMIT_ENABLED", "true", "false") == "true"
	bounds := config.Limits{Min: 1, Max: ratelimit.MaxQuota}
	l := limitSettings{
		perMinute: map[httpapi.Budget]int{
			httpapi.Reads:  r.Int("RATE_LIMIT_READ_PER_MINUTE", 600, bounds),
			httpapi.Writes: r.Int("RATE_LIMIT_PER_MINUTE", 120, bounds),
			httpapi.SignIn: r.Int("RATE_LIMIT_AUTH_PER_MINUTE", 20, bounds),
		},
		trustedProxies: r.Networks("TRUSTED_PROXIES"),
	}
	if len(l.trustedProxies) == 0 && n.serving && s.environment == envProduction {
		s.warn("TRUSTED_PROXIES is not set: behind a proxy all strangers have its address, and share one budget")
	}
	if !enabled {
		l.perMinute = nil
	}
	return l
}

// LogValue shows the settings.
func (s limitSettings) LogValue() slog.Value {
	proxies := make([]string, len(s.trustedProxies))
	for i, p := range s.trustedProxies {
		proxies[i] = p.String()
	}
	return slog.GroupValue(
		slog.Bool("enabled", s.perMinute != nil),
		slog.Int("reads_per_minute", s.perMinute[httpapi.Reads]),
		slog.Int("writes_per_minute", s.perMinute[httpapi.Writes]),
		slog.Int("auth_per_minute", s.perMinute[httpapi.SignIn]),
		slog.Any("trusted_proxies", proxies),
	)
}

// openRedis makes a client that counts in the metrics of the application. It does not connect.
func (a *application) openRedis(s redisSettings) *kv.Client {
	c := kv.Config{
		Host: s.host, Port: s.port, DB: s.db, Password: string(s.password), Timeout: s.timeout, Metrics: a.registry,
	}
	if s.encrypted {
		c.TLS = &tls.Config{ServerName: s.host, MinVersion: tls.VersionTLS12}
	}
	return kv.Open(c)
}

// newLimiters returns what keeps the budgets.
func (a *application) newLimiters(s limitSettings) (map[httpapi.Budget]*ratelimit.Limiter, error) {
	limiters := make(map[httpapi.Budget]*ratelimit.Limiter, len(s.perMinute))
	for budget, quota := range s.perMinute {
		policy := ratelimit.Policy{Name: string(budget), Quota: quota, Window: time.Minute}
		var err error
		limiters[budget], err = ratelimit.New(ratelimit.Config{Policy: policy, Redis: a.redis, Metrics: a.registry})
		if err != nil {
			return nil, err
		}
	}
	return limiters, nil
}
