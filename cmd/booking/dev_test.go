package main

import (
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/alicebob/miniredis/v2"

	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

// newDataDir returns a directory that does not exist yet, where PostgreSQL can get to as another user.
func newDataDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	return filepath.Join(dir, "data")
}

func tokenOf(t *testing.T, c *apitest.Client, account demoAccount) string {
	t.Helper()
	var tokens journeyTokens
	c.Do("POST", "/auth/login", map[string]any{"email": account.email, "password": account.password}).
		Want(http.StatusOK).Decode(&tokens)
	return tokens.AccessToken
}

func TestDevRunsJobs(t *testing.T) {
	t.Parallel()
	p := begin(t, environmentOf(nil), "dev", "--ephemeral", "--addr", "127.0.0.1:0", "--hotels", "1")
	base := p.ready(t)
	p.stderr.Await(t, `"kind":"inventory_recount".*"outcome":"(completed)"`)
	_, text := fetch(t, base+"/metrics")
	for _, want := range []string{"\ninventory_drift 0\n", `jobs_inserted_total{kind="inventory_recount"} 1`} {
		if !strings.Contains(text, want) {
			t.Errorf("the metrics lack %q", want)
		}
	}
}

// A second start on the same data loads nothing, and keeps users signed in.
func TestDevKeepsItsData(t *testing.T) {
	t.Parallel()
	data := newDataDir(t)
	args := []string{"dev", "--data", data, "--addr", "127.0.0.1:0", "--hotels"}
	first := begin(t, environmentOf(nil), append(args, "5")...)
	c := clientOf(t, first.ready(t))
	token := tokenOf(t, c, demoAccounts()[1])
	if !strings.Contains(first.stdout.String(), "loaded in") {
		t.Errorf("the first start does not tell that it loads: %s", &first.stdout)
	}
	first.end()
	info, err := os.Stat(filepath.Join(data, secretFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the key of the tokens: %v, %v; want a file of mode 600", info, err)
	}

	second := begin(t, environmentOf(nil), append(args, "5")...)
	c = clientOf(t, second.ready(t))
	c.As(token).Do("GET", "/auth/me", nil).Want(http.StatusOK)
	if !strings.Contains(second.stdout.String(), "there already") {
		t.Errorf("the second start does not tell that the data is there: %s", &second.stdout)
	}
	second.end()

	late := environmentOf(map[string]string{"ADMIN_EMAIL": "late@example.com", "ADMIN_PASSWORD": "seven-tall-cedars"})
	third := begin(t, late, append(args, "6")...)
	third.ready(t)
	if !strings.Contains(third.stdout.String(), "No demo data was loaded") {
		t.Errorf("a start with another number of hotels does not tell that it keeps the old ones: %s", &third.stdout)
	}
	if strings.Contains(third.stdout.String(), "late@example.com") {
		t.Errorf("the guide names an admin that was not made, as there was one: %s", &third.stdout)
	}
}

// Two programs cannot have the same data, and the second says so.
func TestDevDataIsInUse(t *testing.T) {
	t.Parallel()
	data := newDataDir(t)
	args := []string{"dev", "--data", data, "--addr", "127.0.0.1:0", "--hotels", "1"}
	begin(t, environmentOf(nil), args...).ready(t)
	if o := invoke(t, environmentOf(nil), "", args...); o.code != exitFailure || !strings.Contains(o.stderr, "in use") {
		t.Errorf("the second program = %+v, want code 1 and that the data is in use", o)
	}
}

func TestDevBusyPort(t *testing.T) {
	t.Parallel()
	busy, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	data := newDataDir(t)
	o := invoke(t, environmentOf(nil), "", "dev", "--addr", busy.Addr().String(), "--data", data)
	if o.code != exitFailure || !strings.Contains(o.stderr, "in use by another program") {
		t.Errorf("dev on a busy port = %+v, want code 1 and a word on it", o)
	}
	if _, err := os.Stat(data); !os.IsNotExist(err) {
		t.Error("something was started before the port was known to be busy")
	}
}

func TestDevRefusesProduction(t *testing.T) {
	t.Parallel()
	o := invoke(t, environmentOf(map[string]string{"APP_ENV": envProduction}), "", "dev", "--ephemeral")
	if o.code != exitFailure || !strings.Contains(o.stderr, "APP_ENV=production") {
		t.Errorf("dev in production = %+v, want code 1 and a word on APP_ENV", o)
	}
}

// The settings of production work in development too.
func TestDevSettings(t *testing.T) {
	t.Parallel()
	p := begin(t, environmentOf(map[string]string{
		"ADMIN_EMAIL": "boss@example.com", "ADMIN_PASSWORD": "seven-tall-cedars", "ROOT_PATH": "/apps/booking",
	}), "dev", "--ephemeral", "--addr", "127.0.0.1:0", "--hotels", "1")
	base := p.ready(t)
	if !strings.HasSuffix(base, "/apps/booking") {
		t.Errorf("the guide names %s, want the root path behind it", base)
	}
	tokenOf(t, clientOf(t, base), demoAccount{email: "boss@example.com", password: "seven-tall-cedars"})
	guide := p.stdout.String()
	if !strings.Contains(guide, "boss@example.com") || strings.Contains(guide, "seven-tall-cedars") || strings.Contains(guide, "admin@demo") {
		t.Errorf("the guide does not name the admin of the settings, or shows their password:\n%s", guide)
	}
	checkDatabaseURL(t, p)
}

// checkDatabaseURL connects as the guide says.
func checkDatabaseURL(t *testing.T, p *running) {
	t.Helper()
	config, err := pg.ParseURL(p.stdout.Await(t, `psql '([^']+)'`))
	if err != nil {
		t.Fatal(err)
	}
	pool, err := pg.Open(t.Context(), config, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer pool.Close()
	var hotels int
	if err := pool.QueryRow(t.Context(), "SELECT count(*) FROM hotels").Scan(&hotels); err != nil || hotels != 1 {
		t.Errorf("the database of the guide has %d hotels, %v; want 1", hotels, err)
	}
}

// Services that the environment names are used instead of own ones.
func TestDevUsesGivenServices(t *testing.T) {
	t.Parallel()
	config := pgtest.Empty(t)
	r := miniredis.RunT(t)
	env := environmentFor(config, map[string]string{"REDIS_HOST": r.Host(), "REDIS_PORT": r.Port()})
	p := begin(t, env, "dev", "--ephemeral", "--addr", "127.0.0.1:0", "--hotels", "1")
	base := p.ready(t)
	if _, body := fetch(t, base+"/ready"); !strings.Contains(body, `"redis":{"status":"up"`) || r.TotalConnectionCount() == 0 {
		t.Errorf("%d connections were made to the given Redis, and the checks are %s", r.TotalConnectionCount(), body)
	}
	var hotels int
	err := pgtest.Open(t, config).QueryRow(t.Context(), "SELECT count(*) FROM hotels").Scan(&hotels)
	if err != nil || hotels != 1 {
		t.Errorf("the given database has %d hotels, %v; want 1", hotels, err)
	}
}
