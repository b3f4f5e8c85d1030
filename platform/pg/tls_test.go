//go:build unix

package pg_test

import (
	"context"
	"crypto/tls"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgserver"
	"github.com/shumbooking/shumbooking/platform/tlstest"
)

// TestServersCertificate meets a real server that speaks TLS with certificates good and bad.
func TestServersCertificate(t *testing.T) {
	t.Parallel()
	server := startServer(t)
	ours, foreign := tlstest.NewAuthority(t), tlstest.NewAuthority(t)
	const host = "127.0.0.1"
	tomorrow, yesterday := time.Now().Add(time.Hour), time.Now().Add(-time.Hour)
	for _, tt := range []struct {
		name       string
		cert       tlstest.Certificate
		full, onCA string // what the refusal under verify-full and verify-ca says; empty where there is none
	}{
		{"a good one", ours.Issue(t, host, tomorrow), "", ""},
		{"of another authority", foreign.Issue(t, host, tomorrow), "unknown authority", "unknown authority"},
		{"for another host", ours.Issue(t, "db.example.com", tomorrow), "certificate", ""},
		{"expired", ours.Issue(t, host, yesterday), "expired", "expired"},
	} {
		present(t, server, tt.cert)
		c := overTCP(t, server)
		for mode, want := range map[string]string{"verify-full": tt.full, "verify-ca": tt.onCA} {
			c.SSLMode, c.SSLRootCert = mode, ours.File
			if err := tryConnect(t.Context(), c); !isAbout(err, want) {
				t.Errorf("%s, %s: got error %v, want %q", tt.name, mode, err, want)
			}
		}
		// The authorities of the system are no help to one that nobody else knows.
		c.SSLMode, c.SSLRootCert = "verify-full", ""
		if err := tryConnect(t.Context(), c); err == nil {
			t.Errorf("%s, verify-full without the authority: connected", tt.name)
		}
	}
}

// TestServerWithoutTLS is not talked to when its certificate is to be seen.
func TestServerWithoutTLS(t *testing.T) {
	t.Parallel()
	c := overTCP(t, startServer(t))
	c.SSLMode, c.SSLRootCert = "verify-full", tlstest.NewAuthority(t).File
	if err := tryConnect(t.Context(), c); !isAbout(err, "TLS") {
		t.Errorf("got error %v, want one about TLS", err)
	}
}

func startServer(t *testing.T) *pgserver.Server {
	t.Helper()
	server, err := pgserver.Start(t.Context(), pgserver.Config{Listen: pgserver.Loopback, Durability: pgserver.Volatile})
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.WithoutCancel(t.Context())
	t.Cleanup(func() {
		if err := server.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return server
}

func overTCP(t *testing.T, server *pgserver.Server) pg.Config {
	t.Helper()
	c, err := pg.ParseURL(server.URL(""))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// present lets the server show a certificate, and returns when it does.
func present(t *testing.T, server *pgserver.Server, cert tlstest.Certificate) {
	t.Helper()
	local := server.Config("")
	// The server may run as another user, who owns this directory.
	info, err := os.Stat(local.Host)
	if err != nil {
		t.Fatal(err)
	}
	owner := info.Sys().(*syscall.Stat_t)
	statements := []string{"ALTER SYSTEM SET ssl = on"}
	for setting, text := range map[string][]byte{"ssl_cert_file": cert.Cert, "ssl_key_file": cert.Key} {
		file := filepath.Join(local.Host, setting+cert.Serial.String())
		err := errors.Join(os.WriteFile(file, text, 0o600), os.Chown(file, int(owner.Uid), int(owner.Gid)))
		if err != nil {
			t.Fatal(err)
		}
		statements = append(statements, "ALTER SYSTEM SET "+setting+" = '"+file+"'")
	}
	conn, err := connect(t.Context(), local)
	if err != nil {
		t.Fatal(err)
	}
	for _, statement := range append(statements, "SELECT pg_reload_conf()") {
		if _, err := conn.Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	for !shows(t, server, cert) {
		if t.Context().Err() != nil {
			t.Fatal("the server does not show the certificate")
		}
	}
}

// shows reports whether the server shows a certificate to those who take any.
func shows(t *testing.T, server *pgserver.Server, cert tlstest.Certificate) bool {
	t.Helper()
	c := overTCP(t, server)
	c.SSLMode = "prefer"
	conn, err := connect(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	secure, ok := conn.PgConn().Conn().(*tls.Conn)
	found := ok && secure.ConnectionState().PeerCertificates[0].SerialNumber.Cmp(cert.Serial) == 0
	if err := conn.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	return found
}

func connect(ctx context.Context, c pg.Config) (*pgx.Conn, error) {
	cc, err := c.ConnConfig()
	if err != nil {
		return nil, err
	}
	return pgx.ConnectConfig(ctx, cc)
}

func tryConnect(ctx context.Context, c pg.Config) error {
	conn, err := connect(ctx, c)
	if err != nil {
		return err
	}
	return conn.Close(ctx)
}

// isAbout reports whether err says something, or is nil for "".
func isAbout(err error, want string) bool {
	if want == "" || err == nil {
		return (want == "") == (err == nil)
	}
	return strings.Contains(err.Error(), want)
}
