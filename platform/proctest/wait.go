package proctest

import (
	"context"
	"io"
	"net"
	"net/http"
	"testing"
	"time"
)

// Patience is how long tests wait for what takes seconds on an idle machine.
const Patience = 2 * time.Minute

// Eventually ends the test if the condition does not come true. What it waits for is told then.
func Eventually(tb testing.TB, what string, condition func() bool) {
	tb.Helper()
	deadline := time.After(Patience)
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline:
			tb.Fatalf("waited in vain until %s", what)
		case <-tick.C:
		}
	}
}

// Get returns the answer to a GET on a connection of its own. Where there is none, the status is zero and the body tells
// why.
func Get(ctx context.Context, url string) (status int, body string) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, err.Error()
	}
	r.Close = true
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(text)
}

// Accepts reports whether somebody listens at an address.
func Accepts(ctx context.Context, addr string) bool {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return false
	}
	_ = conn.Close() // Nothing was sent.
	return true
}
