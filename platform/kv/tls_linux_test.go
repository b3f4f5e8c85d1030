package kv_test

import (
	"crypto/tls"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/shumbooking/shumbooking/platform/kv"
	"github.com/shumbooking/shumbooking/platform/kv/kvtest"
	"github.com/shumbooking/shumbooking/platform/tlstest"
)

// TestServersCertificate meets a real Redis that speaks TLS with certificates good and bad.
func TestServersCertificate(t *testing.T) {
	t.Parallel()
	ours, foreign := tlstest.NewAuthority(t), tlstest.NewAuthority(t)
	const host = "127.0.0.1"
	tomorrow, yesterday := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	for _, tt := range []struct {
		name string
		cert tlstest.Certificate
		want string // what the refusal says; empty where there is none
	}{
		{"a good one", ours.Issue(t, host, tomorrow), ""},
		{"of another authority", foreign.Issue(t, host, tomorrow), "unknown authority"},
		{"for another host", ours.Issue(t, "redis.example.com", tomorrow), "certificate"},
		{"expired", ours.Issue(t, host, yesterday), "expired"},
	} {
		c := kvtest.Start(t).ServeTLS(tt.cert)
		c.Timeout = kvtest.Patience
		c.TLS = &tls.Config{RootCAs: ours.Pool(), MinVersion: tls.VersionTLS12}
		err := kvtest.Open(t, c).Do(t.Context(), redis.NewStatusCmd(t.Context(), "ping"))
		if tt.want == "" && err != nil || tt.want != "" && (!errors.Is(err, kv.ErrAway) || !strings.Contains(err.Error(), tt.want)) {
			t.Errorf("%s: got error %v, want %q", tt.name, err, tt.want)
		}
		c.TLS = nil
		if err := kvtest.Open(t, c).Do(t.Context(), redis.NewStatusCmd(t.Context(), "ping")); !errors.Is(err, kv.ErrAway) {
			t.Errorf("%s, without TLS: got error %v, want none to get through", tt.name, err)
		}
	}
}
