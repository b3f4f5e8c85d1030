package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
	"github.com/shumbooking/shumbooking/platform/proctest"
)

// signIn returns the status of a sign-in.
func signIn(c *apitest.Client, email, password string) int {
	return c.Do("POST", "/auth/login", map[string]any{"email": email, "password": password}).Status
}

// TestOperation does what an operator does, from an empty database on, with the API running.
func TestOperation(t *testing.T) {
	t.Parallel()
	env := environmentFor(pgtest.Empty(t), map[string]string{
		"ADMIN_EMAIL": "first@example.com", "ADMIN_PASSWORD": "the-first-of-admins", "ROOT_PATH": "/apps/booking",
	})
	p := begin(t, env, "api", "--addr", "127.0.0.1:0")
	address := p.stderr.Await(t, `"address":"([^"]+)"`)
	base := "http://" + address + "/apps/booking"

	// It is alive and waits for the schema, which is not for it to make.
	must(t, env, "", "healthcheck", "--live", "--addr", address)
	if o := invoke(t, env, "", "healthcheck", "--addr", address); o.code != exitFailure || !strings.Contains(o.stderr, "503") {
		t.Errorf("healthcheck before the schema = %+v, want code 1 and a word on 503", o)
	}
	if got := must(t, env, "", "migrate", "status"); !strings.Contains(got, "version 0,") || !strings.Contains(got, "pending: 001_") {
		t.Errorf("migrate status of an empty database: %q", got)
	}
	must(t, env, "", "migrate", "up")
	must(t, env, "", "migrate", "up")
	if got := must(t, env, "", "migrate", "status"); strings.Contains(got, "pending") {
		t.Errorf("migrate status after up: %q", got)
	}
	proctest.Eventually(t, "/ready answers 200", func() bool {
		return invoke(t, env, "", "healthcheck", "--addr", address).code == exitSuccess
	})
	c := clientOf(t, base)
	if got := signIn(c, "first@example.com", "the-first-of-admins"); got != http.StatusOK {
		t.Errorf("the first admin signs in with %d, want 200", got)
	}

	operateUsers(t, env, c)
	operateData(t, env)
}

func operateUsers(t *testing.T, env func(string) string, c *apitest.Client) {
	t.Helper()
	const email = "maria@example.com"
	steps := []struct {
		stdin, args string
		code        int
		password    string
		signsIn     int
	}{
		{"four-green-lanterns\n", "create --email " + email + " --role manager", exitSuccess, "four-green-lanterns", 200},
		{"four-green-lanterns\n", "create --email MARIA@example.com --role guest", exitFailure, "four-green-lanterns", 200},
		{"password\n", "create --email other@example.com --role guest", exitFailure, "four-green-lanterns", 200},
		{"nine-blue-kettles\r\n", "password --email " + email, exitSuccess, "nine-blue-kettles", 200},
		{"", "password --email " + email, exitFailure, "nine-blue-kettles", 200},
		{"nine-blue-kettles\n", "password --email nobody@example.com", exitFailure, "nine-blue-kettles", 200},
		{"", "disable --email " + email, exitSuccess, "nine-blue-kettles", 401},
		{"", "unlock --email " + email, exitSuccess, "nine-blue-kettles", 200},
		{"", "reset-totp --email " + email, exitFailure, "nine-blue-kettles", 200}, // has none
		{"", "role --email " + email + " --role guest", exitSuccess, "nine-blue-kettles", 200},
		{"", "role --email first@example.com --role guest", exitFailure, "nine-blue-kettles", 200}, // the last admin
	}
	for _, step := range steps {
		o := invoke(t, env, step.stdin, append([]string{"user"}, strings.Fields(step.args)...)...)
		if o.code != step.code {
			t.Errorf("user %s exits with %d, want %d: %s", step.args, o.code, step.code, o.stderr)
		}
		if got := signIn(c, email, step.password); got != step.signsIn {
			t.Errorf("after user %s the sign-in gets %d, want %d", step.args, got, step.signsIn)
		}
	}
}

func operateData(t *testing.T, env func(string) string) {
	t.Helper()
	if got := must(t, env, "", "seed", "--hotels", "20"); !strings.Contains(got, " 20 hotels") || !strings.Contains(got, "loaded in") {
		t.Errorf("seed says %q, want a summary of 20 hotels", got)
	}
	if got := must(t, env, "", "seed", "--hotels", "20"); !strings.Contains(got, "there already") {
		t.Errorf("the second seed says %q, want that the data is there", got)
	}
	if o := invoke(t, env, "", "seed", "--hotels", "21"); o.code != exitFailure {
		t.Errorf("seed with another number exits with %d, want 1", o.code)
	}
	must(t, env, "", "recount")
}

func TestRecountFindsDrift(t *testing.T) {
	t.Parallel()
	config := pgtest.Config(t)
	env := environmentFor(config, nil)
	must(t, env, "", "seed", "--hotels", "5")
	must(t, env, "", "recount")
	spoilCounter(t, pgtest.Open(t, config))
	o := invoke(t, env, "", "recount")
	if o.code != exitFailure || !strings.Contains(o.stdout, "ledger") || !strings.Contains(o.stderr, "1 nights differ") {
		t.Errorf("recount of a spoilt counter = %+v, want code 1 and the night", o)
	}
}

// spoilCounter takes one room off the last night that is booked.
func spoilCounter(t *testing.T, db *pgxpool.Pool) {
	t.Helper()
	tag, err := db.Exec(t.Context(), `
UPDATE room_nights SET booked = booked - 1
WHERE (room_id, night) = (SELECT room_id, night FROM room_nights WHERE booked > 0 ORDER BY night DESC LIMIT 1)`)
	if err != nil || tag.RowsAffected() != 1 {
		t.Fatalf("spoil a counter: %d rows, %v", tag.RowsAffected(), err)
	}
}
