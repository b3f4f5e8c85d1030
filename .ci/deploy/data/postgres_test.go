package data_test

import (
	"context"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgserver"
	"github.com/shumbooking/shumbooking/platform/tlstest"
)

const base = "../../../k3s/base/"

// TestPostgres starts a server with the settings and the rules of the pod, and looks at who gets in.
func TestPostgres(t *testing.T) {
	t.Parallel()
	authority := tlstest.NewAuthority(t)
	server, err := pgserver.Start(t.Context(), pgserver.Config{Listen: pgserver.Loopback, Database: "booking", Settings: settings(t, authority)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	owner, err := pg.ParseURL(server.URL("booking"))
	if err != nil {
		t.Fatal(err)
	}
	owner.Host, owner.SSLMode, owner.SSLRootCert = "localhost", "verify-full", authority.File
	if err := connect(t, owner); err != nil {
		t.Fatalf("with TLS and the password: %v", err)
	}
	makeRole(t, owner)
	for name, change := range map[string]func(*pg.Config){
		"without TLS":            func(c *pg.Config) { c.SSLMode, c.SSLRootCert = "disable", "" },
		"with another password":  func(c *pg.Config) { c.Password += "x" },
		"without a password":     func(c *pg.Config) { c.Password = "" },
		"with another authority": func(c *pg.Config) { c.SSLRootCert = tlstest.NewAuthority(t).File },
	} {
		c := owner
		change(&c)
		if err := connect(t, c); err == nil {
			t.Errorf("somebody gets in %s", name)
		}
	}
	role := owner
	role.Username, role.Password = "booking", "a password"
	if err := connect(t, role); err != nil {
		t.Errorf("the role of the service: %v", err)
	}
}

// settings are those of postgresql.conf, with the files that the pod mounts elsewhere.
func settings(t *testing.T, authority *tlstest.Authority) map[string]string {
	t.Helper()
	text, err := os.ReadFile(base + "postgres/postgresql.conf")
	if err != nil {
		t.Fatal(err)
	}
	hba, err := os.ReadFile(base + "postgres/pg_hba.conf")
	if err != nil {
		t.Fatal(err)
	}
	dir := openDir(t)
	rules, cert, key := filepath.Join(dir, "pg_hba.conf"), filepath.Join(dir, "tls.crt"), filepath.Join(dir, "tls.key")
	issued := authority.Issue(t, "localhost", time.Now().Add(time.Hour))
	write(t, cert, issued.Cert)
	write(t, key, issued.Key)
	// Those who start the server of a test come by its socket, without a password.
	local := regexp.MustCompile(`(?m)^(local .*)scram-sha-256$`)
	if !local.Match(hba) {
		t.Error("pg_hba.conf lets somebody in by the socket without a password")
	}
	if err := os.WriteFile(rules, local.ReplaceAll(hba, []byte("${1}trust")), 0o644); err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for _, line := range regexp.MustCompile(`(?m)^(\w+) = (.*)$`).FindAllStringSubmatch(string(text), -1) {
		value, _, _ := strings.Cut(line[2], " #")
		all[line[1]] = strings.Trim(value, "'")
	}
	if len(all) < 40 {
		t.Fatalf("%d settings were found in postgresql.conf, want all", len(all))
	}
	for name, file := range map[string]string{
		"hba_file": rules, "ssl_cert_file": cert, "ssl_key_file": key,
	} {
		if all[name] == "" {
			t.Errorf("postgresql.conf has no %s", name)
		}
		all[name] = file
	}
	// Where the server of a test is reached is decided by those who start it.
	delete(all, "listen_addresses")
	delete(all, "unix_socket_directories")
	return all
}

// openDir is a directory that others may enter: started by root, the server runs as somebody else.
func openDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// write writes a file for the server, which runs as somebody else where root starts it.
func write(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.WriteFile(file, content, 0o600); err != nil {
		t.Fatal(err)
	}
	if who, err := user.Lookup("postgres"); err == nil && os.Geteuid() == 0 {
		id, err := strconv.Atoi(who.Uid)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.Chown(file, id, -1); err != nil {
			t.Fatal(err)
		}
	}
}

func connect(t *testing.T, c pg.Config) error {
	t.Helper()
	cc, err := c.ConnConfig()
	if err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(t.Context(), cc)
	if err != nil {
		return err
	}
	return conn.Close(context.WithoutCancel(t.Context()))
}

// makeRole runs the first step of the migrations as its pod does.
func makeRole(t *testing.T, c pg.Config) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", base+"migrate/role.sh")
	cmd.Env = append(os.Environ(), "PGHOST="+c.Host, "PGPORT="+strconv.Itoa(c.Port), "PGDATABASE="+c.Name, "PGUSER="+c.Username,
		"PGPASSWORD="+c.Password, "PGSSLMODE="+c.SSLMode, "PGSSLROOTCERT="+c.SSLRootCert, "ROLE_USERNAME=booking", "ROLE_PASSWORD=a password")
	if output, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("role.sh: %v\n%s", err, output)
	}
}
