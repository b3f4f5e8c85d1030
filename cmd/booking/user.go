package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"flag"
	"fmt"
	"io"
	"slices"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/platform/config"
	"github.com/shumbooking/shumbooking/platform/pg"
)

const passwordHelp = `The password is asked for on a terminal, else it is the first line of standard input.`

func userCommand() command {
	return command{
		name:    "user",
		summary: "makes users and changes them",
		commands: []command{
			createUserCommand(), setPasswordCommand(), setRoleCommand(),
			switchUserCommand("disable", "keeps a user from signing in and ends their sessions", "is disabled", (*auth.Service).Disable),
			switchUserCommand("unlock", "lets a user sign in again who is disabled or failed too often",
				"is not disabled, and may sign in: failed attempts are forgotten", (*auth.Service).Unlock),
			switchUserCommand("reset-totp", "lets a user sign in without one-time codes who lost their device, and ends their sessions",
				"signs in with the password alone now, and may begin to use one-time codes again", (*auth.Service).ResetTOTP),
		},
	}
}

func createUserCommand() command {
	return command{
		name:    "create",
		summary: "makes a user of any role",
		help:    passwordHelp,
		setup: func(flags *flag.FlagSet) action {
			email, role := emailFlag(flags), roleFlag(flags)
			return func(ctx context.Context, env environment, _ []string) error {
				if err := demand(given{"email", *email}, given{"role", *role}); err != nil {
					return err
				}
				password, err := readPassword(env)
				if err != nil {
					return err
				}
				return withUsers(ctx, env, func(users *auth.Service) error {
					u, err := users.CreateUser(ctx, &auth.CreateUserParams{
						Email: *email, Password: password, Role: auth.Role(*role),
					})
					if err != nil {
						return err
					}
					return tell(env.stdout, "Made the %s %s, with the id %d.", u.Role, u.Email, u.ID)
				})
			}
		},
	}
}

func setPasswordCommand() command {
	return command{
		name:    "password",
		summary: "gives a user another password and ends all their sessions",
		help:    passwordHelp,
		setup: func(flags *flag.FlagSet) action {
			email := emailFlag(flags)
			return func(ctx context.Context, env environment, _ []string) error {
				if err := demand(given{"email", *email}); err != nil {
					return err
				}
				password, err := readPassword(env)
				if err != nil {
					return err
				}
				return withUsers(ctx, env, func(users *auth.Service) error {
					if err := users.SetPassword(ctx, *email, password); err != nil {
						return err
					}
					return tell(env.stdout, "%s has another password and no sessions.", *email)
				})
			}
		},
	}
}

func setRoleCommand() command {
	return command{
		name:    "role",
		summary: "gives a user another role",
		setup: func(flags *flag.FlagSet) action {
			email, role := emailFlag(flags), roleFlag(flags)
			return func(ctx context.Context, env environment, _ []string) error {
				if err := demand(given{"email", *email}, given{"role", *role}); err != nil {
					return err
				}
				return withUsers(ctx, env, func(users *auth.Service) error {
					if err := users.SetRole(ctx, *email, auth.Role(*role)); err != nil {
						return err
					}
					return tell(env.stdout, "%s has the role %s now.", *email, *role)
				})
			}
		},
	}
}

// switchUserCommand is a command that needs nothing but the e-mail. The outcome says what is true of the user then.
func switchUserCommand(name, summary, outcome string, do func(*auth.Service, context.Context, string) error) command {
	return command{
		name:    name,
		summary: summary,
		setup: func(flags *flag.FlagSet) action {
			email := emailFlag(flags)
			return func(ctx context.Context, env environment, _ []string) error {
				if err := demand(given{"email", *email}); err != nil {
					return err
				}
				return withUsers(ctx, env, func(users *auth.Service) error {
					if err := do(users, ctx, *email); err != nil {
						return err
					}
					return tell(env.stdout, "%s %s.", *email, outcome)
				})
			}
		},
	}
}

func emailFlag(flags *flag.FlagSet) *string {
	return flags.String("email", "", "`e-mail` of the user")
}

func roleFlag(flags *flag.FlagSet) *string {
	return flags.String("role", "", "`role` of the user: guest, manager or admin")
}

// given is a flag with its value.
type given struct{ name, value string }

// demand returns an error when one of the flags is missing, or is a role that does not exist.
func demand(flags ...given) error {
	roles := []auth.Role{auth.Guest, auth.Manager, auth.Admin}
	for _, f := range flags {
		if f.value == "" {
			return usagef("--%s is missing", f.name)
		}
		if f.name == "role" && !slices.Contains(roles, auth.Role(f.value)) {
			return usagef("role %q: want guest, manager or admin", f.value)
		}
	}
	return nil
}

func tell(w io.Writer, format string, args ...any) error {
	_, err := fmt.Fprintf(w, format+"\n", args...)
	return err
}

// withUsers runs fn with the users in the database that the environment names.
func withUsers(ctx context.Context, env environment, fn func(*auth.Service) error) error {
	s, err := readSettings(env.getenv, needs{database: true})
	if err != nil {
		return err
	}
	log := newLogger(env.stderr, s)
	pool, err := pg.Open(ctx, s.database, log)
	if err != nil {
		return err
	}
	defer pool.Close()
	// Nobody signs in here, so that any key does where none is set.
	secret := cmp.Or(s.tokens.secret, config.Secret(rand.Text()+rand.Text()))
	users, err := auth.New(pool, auth.Config{SecretKey: []byte(secret), Log: log})
	if err != nil {
		return err
	}
	return fn(users)
}
