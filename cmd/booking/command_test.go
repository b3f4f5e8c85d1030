package main

import (
	"strings"
	"testing"
)

func TestCommandLines(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args   string
		code   int
		output string // on stdout for success, else on stderr
	}{
		{"", exitUsage, "a command is missing"},
		{"help", exitSuccess, "Commands:"},
		{"-h", exitSuccess, "Commands:"},
		{"--help", exitSuccess, "Commands:"},
		{"sell", exitUsage, `unknown command "sell"`},
		{"help sell", exitUsage, `unknown command "sell"`},
		{"-v", exitUsage, `unknown command "-v"`},

		{"version", exitSuccess, "booking "},
		{"version now", exitUsage, `unexpected argument "now"`},
		{"version -v", exitUsage, "-v"},

		{"dev --ephemeral --data x", exitUsage, "--data"},
		{"dev --hotels 0", exitUsage, "--hotels is 0"},
		{"dev --hotels many", exitUsage, `"many"`},
		{"dev here", exitUsage, `unexpected argument "here"`},
		{"dev --adr :1", exitUsage, "adr"},

		{"api --port 1", exitUsage, "port"},
		{"api now", exitUsage, `unexpected argument "now"`},
		{"api", exitFailure, "JWT_SECRET_KEY is required"},

		{"migrate", exitUsage, "say one of up"},
		{"migrate sideways", exitUsage, `unknown argument "sideways"`},
		{"migrate up down", exitUsage, `unexpected argument "down"`},
		{"migrate to", exitUsage, "to which version?"},
		{"migrate to one", exitUsage, `"one"`},
		{"migrate to -1", exitUsage, `"-1"`},
		{"migrate --to one", exitUsage, `"one"`},
		{"migrate --to -5", exitUsage, `"-5"`},
		{"migrate --to 1 up", exitUsage, "--to goes alone"},
		{"migrate up", exitFailure, "DB_HOST is required"},

		{"seed --hotels -1", exitUsage, "--hotels is -1"},
		{"seed all", exitUsage, `unexpected argument "all"`},
		{"seed", exitFailure, "DB_HOST is required"},

		{"user", exitUsage, "a command is missing"},
		{"user forget", exitUsage, `unknown command "forget"`},
		{"user create --role guest", exitUsage, "--email is missing"},
		{"user create --email a@b.example", exitUsage, "--role is missing"},
		{"user create --email a@b.example --role king", exitUsage, `role "king"`},
		{"user create --email a@b.example --role guest secret", exitUsage, `unexpected argument "secret"`},
		{"user create --password secret", exitUsage, "password"},
		{"user create --email a@b.example --role guest", exitFailure, "no password on standard input"},
		{"user password", exitUsage, "--email is missing"},
		{"user role --email a@b.example", exitUsage, "--role is missing"},
		{"user disable", exitUsage, "--email is missing"},
		{"user unlock", exitUsage, "--email is missing"},
		{"user reset-totp", exitUsage, "--email is missing"},
		{"user disable --email a@b.example", exitFailure, "DB_HOST is required"},

		{"recount --since yesterday", exitUsage, "yesterday"},
		{"recount", exitFailure, "DB_HOST is required"},

		{"openapi x", exitUsage, `unexpected argument "x"`},
		{"openapi", exitSuccess, `"openapi": "3.1`},

		{"healthcheck --addr 8000", exitUsage, `"8000"`},
		{"healthcheck x", exitUsage, `unexpected argument "x"`},
		{"healthcheck --addr 127.0.0.1:1", exitFailure, "refused"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			t.Parallel()
			o := invoke(t, environmentOf(nil), "", strings.Fields(tt.args)...)
			if o.code != tt.code {
				t.Errorf("exit code %d, want %d", o.code, tt.code)
			}
			said, silent := o.stderr, o.stdout
			if tt.code == exitSuccess {
				said, silent = silent, said
			}
			if !strings.Contains(said, tt.output) || silent != "" {
				t.Errorf("it says %q beside %q, want %q alone", said, silent, tt.output)
			}
			if tt.code == exitUsage && !strings.Contains(o.stderr, "Run 'booking help") {
				t.Errorf("no word on help: %s", o.stderr)
			}
		})
	}
}

// Every command has help, in both ways to ask for it, that names its flags.
func TestHelp(t *testing.T) {
	t.Parallel()
	flags := map[string][]string{
		"dev": {"--addr", "127.0.0.1:8000", "--data", "--ephemeral", "--hotels", "default 1000"},
		"api": {"--addr", ":8000"}, "worker": {"--addr", ":8001", "SIGTERM"}, "migrate": {"up|down|status|to N", "--to"}, "seed": {"--hotels"},
		"user": {"create", "password", "role", "disable", "unlock", "reset-totp"}, "user create": {"--email", "--role", "standard input"},
		"user password": {"--email", "sessions"}, "user role": {"--role"}, "user disable": {"--email"}, "user unlock": {"--email"},
		"user reset-totp": {"--email"},
		"recount":         {"--since"}, "openapi": {"ROOT_PATH"}, "healthcheck": {"--addr", "--live"}, "version": nil,
	}
	for name, words := range flags {
		asked := invoke(t, environmentOf(nil), "", append([]string{"help"}, strings.Fields(name)...)...)
		flagged := invoke(t, environmentOf(nil), "", append(strings.Fields(name), "-h")...)
		if asked != flagged || asked.code != exitSuccess || asked.stderr != "" {
			t.Errorf("help %s gives %+v, and %s -h %+v; want the same with code 0", name, asked, name, flagged)
		}
		for _, word := range append(words, "Usage: booking "+name) {
			if !strings.Contains(asked.stdout, word) {
				t.Errorf("help %s lacks %q:\n%s", name, word, asked.stdout)
			}
		}
	}
	for _, c := range program().commands {
		if _, ok := flags[c.name]; !ok {
			t.Errorf("the command %s is not in this test", c.name)
		}
	}
}
