package auth

import (
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
)

// Values of the metrics' labels.
const (
	succeeded = "success"
	failed    = "failure"

	reasonUnknownUser   = "user_not_found"
	reasonWrongPassword = "invalid_password"
	reasonDisabledUser  = "user_disabled"
	reasonNotAdmin      = "not_an_admin"
	reasonWaiting       = "account_waiting"
	reasonLocked        = "account_locked"
	reasonNoOTP         = "otp_required"
	reasonWrongOTP      = "invalid_otp"
	reasonDeadToken     = "refresh_token_invalid"
	reasonReusedToken   = "refresh_token_reused"
)

type metrics struct {
	registrations prometheus.Counter
	logins        *prometheus.CounterVec
	failures      *prometheus.CounterVec
	refreshes     *prometheus.CounterVec
	purged        prometheus.Counter
}

func newMetrics(r prometheus.Registerer) metrics {
	factory := promauto.With(r)
	counter := func(name, help, label string, values ...string) *prometheus.CounterVec {
		vec := factory.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, []string{label})
		// A series that appears with its first event hides that event from rate().
		for _, v := range values {
			vec.WithLabelValues(v)
		}
		return vec
	}
	return metrics{
		registrations: factory.NewCounter(prometheus.CounterOpts{
			Name: "auth_registrations_total", Help: "Users who registered.",
		}),
		logins: counter("auth_logins_total", "Attempts to sign in, by status: success or failure.",
			"status", succeeded, failed),
		failures: counter("auth_failed_attempts_total",
			"Refused sign-ins and refreshes, by reason: user_not_found, invalid_password, user_disabled, "+
				"not_an_admin (in the console), account_waiting and account_locked (after failures in a row), otp_required, "+
				"invalid_otp, refresh_token_invalid or refresh_token_reused.",
			"reason", reasonUnknownUser, reasonWrongPassword, reasonDisabledUser, reasonNotAdmin,
			reasonWaiting, reasonLocked, reasonNoOTP, reasonWrongOTP, reasonDeadToken, reasonReusedToken),
		refreshes: counter("auth_refresh_tokens_total", "Refresh tokens presented, by status: success or failure.",
			"status", succeeded, failed),
		purged: factory.NewCounter(prometheus.CounterOpts{
			Name: "auth_sessions_purged_total", Help: "Sessions deleted a month after they were over.",
		}),
	}
}
