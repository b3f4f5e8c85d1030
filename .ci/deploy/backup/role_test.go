package backup_test

import (
	"context"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgserver"
)

// TestRole runs what makes the role that serves requests, again and again, with passwords that shells, psql and SQL
// would stumble over.
func TestRole(t *testing.T) {
	t.Parallel()
	server, err := pgserver.Start(t.Context(), pgserver.Config{Listen: pgserver.Loopback, Database: "booking"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := server.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
	w := world{t: t, database: server.Config("booking")}
	for _, password := range []string{`plain`, `it's "$HOME" \n \\ %s :'x' $$;--`, ` # = !{}`, "пароль"} {
		output, err := w.run("bash", []string{root + "/k3s/base/migrate/role.sh"}, "ROLE_USERNAME=booking_role", "ROLE_PASSWORD="+password)
		if err != nil {
			t.Fatalf("role.sh: %v\n%s", err, output)
		}
		if strings.Contains(output, password) {
			t.Errorf("role.sh shows the password:\n%s", output)
		}
		if err := w.signIn("booking_role", password); err != nil {
			t.Errorf("the role with the password %q: %v", password, err)
		}
		if err := w.signIn("booking_role", password+"x"); err == nil {
			t.Errorf("another password than %q is taken", password)
		}
	}
	const rights = `SELECT concat(rolcanlogin, rolsuper, rolcreatedb, rolcreaterole, rolreplication, rolbypassrls) FROM pg_roles WHERE rolname = 'booking_role'`
	if got := w.query(rights)[0]; got != "tfffff" {
		t.Errorf("the role may %s, want nothing but to sign in", got)
	}
}

// The owner serves requests where only one role is named, and keeps its rights.
func TestRoleOfTheOwnerIsLeftAlone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := w.query("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
	output, err := w.run("bash", []string{root + "/k3s/base/migrate/role.sh"}, "ROLE_USERNAME="+w.database.Username, "ROLE_PASSWORD=x")
	if err != nil {
		t.Errorf("role.sh: %v\n%s", err, output)
	}
	if got := w.query("SELECT rolsuper FROM pg_roles WHERE rolname = current_user"); got[0] != before[0] {
		t.Errorf("the owner is a superuser: %s, was %s", got[0], before[0])
	}
}

// signIn connects by TCP, where the server asks for the password.
func (w world) signIn(username, password string) error {
	c := pg.Config{Host: "127.0.0.1", Port: w.database.Port, Name: w.database.Name, Username: username, Password: password, SSLMode: "disable"}
	cc, err := c.ConnConfig()
	if err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(w.t.Context(), cc)
	if err != nil {
		return err
	}
	return conn.Close(context.WithoutCancel(w.t.Context()))
}
