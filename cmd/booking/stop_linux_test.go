package main

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
	"github.com/shumbooking/shumbooking/platform/proctest"
)

// behindProxy are the variables of an API that is not a developer's.
func behindProxy() map[string]string {
	return map[string]string{"APP_ENV": envTest, "JWT_SECRET_KEY": strings.Repeat("k1-", 16)}
}

// TestLinger stops the API as it runs behind proxies: requests are taken for a while.
func TestLinger(t *testing.T) {
	t.Parallel()
	p, base := spawnServer(t, environmentFor(pgtest.Config(t), behindProxy()), "api")
	proctest.Eventually(t, "the API is ready", func() bool {
		status, _ := fetch(t, base+"/ready")
		return status == http.StatusOK
	})
	p.Signal(syscall.SIGTERM)
	p.await(t, `"msg":"draining","linger":"(5s)"`)
	for path, want := range map[string]int{"/ready": 503, "/live": 200, "/countries": 200} {
		if status, body := fetch(t, base+path); status != want {
			t.Errorf("GET %s while draining = %d %s, want %d", path, status, body, want)
		}
	}
	p.WantSuccess()
}

// TestStopWhileStarting stops an API that waits for its database, which makes it wait for nothing else.
func TestStopWhileStarting(t *testing.T) {
	t.Parallel()
	p, base := spawnServer(t, environmentFor(pgtest.Empty(t), behindProxy()), "api")
	p.await(t, `"for":"(the current schema)"`)
	for path, want := range map[string]int{"/ready": 503, "/live": 200} {
		if status, _ := fetch(t, base+path); status != want {
			t.Errorf("GET %s before the schema = %d, want %d", path, status, want)
		}
	}
	terminate(t, p)
	p.await(t, `"msg":"draining","linger":"(0s)"`)
}

// TestSecondSignal ends a program at once that waits for a request.
func TestSecondSignal(t *testing.T) {
	t.Parallel()
	p, base := spawnServer(t, environmentFor(pgtest.Config(t), map[string]string{"APP_ENV": envLocal}), "api")
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(base, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer hangUp(conn)
	fmt.Fprint(conn, "POST /auth/login HTTP/1.1\r\nHost: booking\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{")
	proctest.Eventually(t, "the request is in flight", func() bool {
		_, text := fetch(t, base+"/metrics")
		return strings.Contains(text, "\nhttp_requests_inprogress 2\n") // That of the metrics is the other.
	})
	for _, written := range []string{`"msg":"(draining)"`, ""} {
		p.Signal(syscall.SIGTERM)
		if written != "" {
			p.await(t, written)
		}
	}
	p.Wait()
	exit, ok := errors.AsType[*exec.ExitError](p.Err())
	if !ok || exit.Sys().(syscall.WaitStatus).Signal() != syscall.SIGTERM {
		t.Errorf("after the second SIGTERM the program ends with %v, want it ended by that", exit)
	}
}

// During a rolling update the old program serves on the new schema, and may be started on it.
func TestNewerSchemaIsReady(t *testing.T) {
	t.Parallel()
	config := pgtest.Config(t)
	db := pgtest.Open(t, config)
	if _, err := db.Exec(t.Context(), "UPDATE schema_version SET version = version + 1"); err != nil {
		t.Fatal(err)
	}
	a, _, _ := newTestApplication(t, config)
	c := apitest.Wrap(t, a.handler, a.api.Document())
	if err := a.start(t.Context(), adminSettings{}); err != nil {
		t.Fatal(err)
	}
	c.Do("GET", "/ready", nil).Want(http.StatusOK)
}
