package main

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

// A rolesFixture is an empty database, a role that shall serve, and the settings in which another owns the schema.
type rolesFixture struct {
	config     pg.Config
	db         *pgxpool.Pool
	env        func(name string) string
	identifier string
}

func setupRoles(t *testing.T) rolesFixture {
	t.Helper()
	config := pgtest.Empty(t)
	f := rolesFixture{config: config, db: pgtest.Open(t, config)}
	role := config.Name + "_app"
	f.identifier = pgx.Identifier{role}.Sanitize()
	if _, err := f.db.Exec(t.Context(), "CREATE ROLE "+f.identifier+" LOGIN PASSWORD 'app'"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := f.db.Exec(context.WithoutCancel(t.Context()), "DROP OWNED BY "+f.identifier+"; DROP ROLE "+f.identifier); err != nil {
			t.Error(err)
		}
	})
	f.env = environmentFor(config, map[string]string{
		"DB_USERNAME": role, "DB_PASSWORD": "app",
		"DB_MIGRATE_USERNAME": config.Username, "DB_MIGRATE_PASSWORD": config.Password,
	})
	return f
}

// The role that serves requests may read and write what the owner of the schema makes, and not change the schema.
func TestMigrateGrantsTheRuntimeRole(t *testing.T) {
	t.Parallel()
	f := setupRoles(t)
	db, env, identifier := f.db, f.env, f.identifier
	must(t, env, "", "migrate", "up")
	must(t, env, "four-green-lanterns\n", "user", "create", "--email", "maria@example.com", "--role", "guest")
	for statement, allowed := range map[string]bool{
		"UPDATE users SET first_name = 'Maria'":                    true,
		"SELECT version FROM schema_version":                       true,
		"UPDATE schema_version SET version = version":              false,
		"INSERT INTO river_job (args, kind) VALUES ('{}', 'test')": true,
		"ALTER TABLE users ADD COLUMN x int":                       false,
		"CREATE TABLE x (x int)":                                   false,
		"INSERT INTO audit_log (action) VALUES ('test')":           true,
		"UPDATE audit_log SET action = 'x'":                        false,
		"DELETE FROM audit_log":                                    false,
		"SELECT audit_log_purge(1)":                                true,
		"SELECT finished_at FROM backups":                          true,
		"INSERT INTO backups (name, bytes) VALUES ('x', 1)":        false,
		"UPDATE backups SET finished_at = now()":                   false,
		"DELETE FROM backups":                                      false,
	} {
		_, err := db.Exec(t.Context(), fmt.Sprintf("SET ROLE %s; %s", identifier, statement))
		if (err == nil) != allowed {
			t.Errorf("%s as the runtime role: %v, want allowed %t", statement, err, allowed)
		}
		db.Reset()
	}
}

// Where a right cannot be taken, none is given.
func TestMigrateGrantsAllOrNothing(t *testing.T) {
	t.Parallel()
	f := setupRoles(t)
	must(t, environmentFor(f.config, nil), "", "migrate", "up")
	_, err := f.db.Exec(t.Context(), `
CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$
BEGIN
	IF current_query() LIKE '%audit_log%' THEN RAISE EXCEPTION 'refused'; END IF;
END $$;
CREATE EVENT TRIGGER refuse ON ddl_command_start WHEN TAG IN ('REVOKE') EXECUTE FUNCTION refuse()`)
	if err != nil {
		t.Fatal(err)
	}
	if o := invoke(t, f.env, "", "migrate", "up"); o.code != exitFailure || !strings.Contains(o.stderr, "refused") {
		t.Errorf("migrate up = %+v, want the failure", o)
	}
	for _, table := range []string{"audit_log", "users"} {
		if _, err := f.db.Exec(t.Context(), "SET ROLE "+f.identifier+"; DELETE FROM "+table); err == nil {
			t.Errorf("after the failure the role may delete from %s", table)
		}
		f.db.Reset()
	}
}

// The functions that run as the owner are for the role that serves, and for no other.
func TestMigrateGrantsFunctionsToTheRuntimeRoleAlone(t *testing.T) {
	t.Parallel()
	other, f := setupRoles(t), setupRoles(t)
	must(t, f.env, "", "migrate", "up")
	for _, function := range []string{"audit_log_purge(integer)", "audit_log_forget(bigint)"} {
		var own, others bool
		err := f.db.QueryRow(t.Context(), `SELECT has_function_privilege($1, $3, 'EXECUTE'), has_function_privilege($2, $3, 'EXECUTE')`,
			f.config.Name+"_app", other.config.Name+"_app", function).Scan(&own, &others)
		if err != nil || !own || others {
			t.Errorf("%s: the role that serves may call it: %t, another: %t, %v; want the first alone", function, own, others, err)
		}
	}
}
