package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/migrations"
	"github.com/shumbooking/shumbooking/platform/pg"
)

func migrateCommand() command {
	return command{
		name:      "migrate",
		summary:   "changes the schema of the database",
		arguments: "up|down|status|to N",
		help: `up      applies every migration that the database lacks; of several at once, one works and the rest wait
down    takes the last migration back
status  tells the version of the database and what is pending
to N    moves the database up or down to version N; --to N is the same

The schema is changed as DB_MIGRATE_USERNAME, or as DB_USERNAME where that is not set. Where the two differ,
DB_USERNAME is given the right to read and write the data, and no other.`,
		setup: func(flags *flag.FlagSet) action {
			to := flags.String("to", "", "move the database to `version` N")
			return func(ctx context.Context, env environment, args []string) error {
				verb, target, err := migrateArguments(*to, args)
				if err != nil {
					return err
				}
				return migrateSchema(ctx, env, verb, target)
			}
		},
	}
}

// migrateArguments returns what to do, and the version to go to if that is "to".
func migrateArguments(flagged string, args []string) (verb string, target int32, err error) {
	switch {
	case flagged != "" && len(args) == 0:
		args = []string{"to", flagged}
	case flagged != "":
		return "", 0, usagef("--to goes alone, without %q", args[0])
	case len(args) == 0:
		return "", 0, usagef("say one of up, down, status, to")
	}
	want := 1
	switch args[0] {
	case "up", "down", "status":
	case "to":
		want = 2
	default:
		return "", 0, usagef("unknown argument %q", args[0])
	}
	if len(args) < want {
		return "", 0, usagef("to which version?")
	}
	if len(args) > want {
		return "", 0, usagef("unexpected argument %q", args[want])
	}
	if want == 2 {
		n, err := strconv.ParseUint(args[1], 10, 31)
		if err != nil {
			return "", 0, usagef("version %q: want a whole number, 0 or more", args[1])
		}
		target = int32(n)
	}
	return args[0], target, nil
}

func migrateSchema(ctx context.Context, env environment, verb string, target int32) error {
	s, err := readSettings(env.getenv, needs{database: true})
	if err != nil {
		return err
	}
	log := newLogger(env.stderr, s)
	for _, warning := range s.warnings {
		log.Warn("doubtful setting", "warning", warning)
	}
	switch verb {
	case "status":
		return printStatus(ctx, env.stdout, s.owner, log)
	case "down":
		err = migrations.Down(ctx, s.owner, log)
	case "to":
		err = migrations.To(ctx, s.owner, target, log)
	default:
		err = migrations.Up(ctx, s.owner, log)
	}
	if err != nil {
		return err
	}
	return grant(ctx, s)
}

func printStatus(ctx context.Context, w io.Writer, c pg.Config, log *slog.Logger) error {
	pool, err := pg.Open(ctx, c, log)
	if err != nil {
		return err
	}
	defer pool.Close()
	status, err := migrations.Check(ctx, pool)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "The database is at version %d, this program at %d.\n", status.Current, status.Latest)
	for _, name := range status.Pending {
		fmt.Fprintf(w, "pending: %s\n", name)
	}
	return nil
}

// grant lets the role that serves requests read and write the tables that another role owns.
func grant(ctx context.Context, s settings) (err error) {
	if s.owner.Username == s.database.Username {
		return nil
	}
	cc, err := s.owner.ConnConfig()
	if err != nil {
		return err
	}
	conn, err := pgx.ConnectConfig(ctx, cc)
	if err != nil {
		return fmt.Errorf("grant rights: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close(context.WithoutCancel(ctx))) }()
	role := pgx.Identifier{s.database.Username}.Sanitize()
	// At once, lest the role may for a moment, or after a failure for ever, change what it must not.
	err = pgx.BeginFunc(ctx, conn, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
GRANT USAGE ON SCHEMA public TO `+role+`;
GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO `+role+`;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO `+role+`;
REVOKE INSERT, UPDATE, DELETE ON schema_version FROM `+role)
		if err != nil {
			return err
		}
		if err := protectAuditLog(ctx, tx, role); err != nil {
			return err
		}
		return protectBackups(ctx, tx, role)
	})
	if err != nil {
		return fmt.Errorf("grant rights to %s: %w", s.database.Username, err)
	}
	return nil
}

// protectAuditLog leaves the role nothing but to read the log, to add to it, and to call the functions that remove
// what has to go. The table is not there when the schema was moved to a version before it.
func protectAuditLog(ctx context.Context, tx pgx.Tx, role string) error {
	var exists bool
	err := tx.QueryRow(ctx, `SELECT to_regclass('public.audit_log') IS NOT NULL`).Scan(&exists)
	if err != nil || !exists {
		return err
	}
	_, err = tx.Exec(ctx, `
REVOKE UPDATE, DELETE ON audit_log FROM `+role+`;
REVOKE EXECUTE ON FUNCTION audit_log_purge(integer), audit_log_forget(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_log_purge(integer), audit_log_forget(bigint) TO `+role)
	return err
}

// protectBackups leaves the role nothing but to read which backups there are: whoever takes over the program must not
// make an operator believe in one. The table is not there when the schema was moved to a version before it.
func protectBackups(ctx context.Context, tx pgx.Tx, role string) error {
	var exists bool
	err := tx.QueryRow(ctx, `SELECT to_regclass('public.backups') IS NOT NULL`).Scan(&exists)
	if err != nil || !exists {
		return err
	}
	_, err = tx.Exec(ctx, `
REVOKE INSERT, UPDATE, DELETE ON backups FROM `+role+`;
REVOKE ALL ON SEQUENCE backups_id_seq FROM `+role)
	return err
}
