package main

import (
	"bytes"
	"context"
	"flag"
	"regexp"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/cmd/bookload/load"
)

// An outcome is what an invocation came to.
type outcome struct {
	code           int
	stdout, stderr string
}

func invoke(ctx context.Context, variables map[string]string, args ...string) outcome {
	var stdout, stderr bytes.Buffer
	env := environment{getenv: func(name string) string { return variables[name] }, stdout: &stdout, stderr: &stderr}
	code := execute(ctx, env, args)
	return outcome{code, stdout.String(), stderr.String()}
}

const (
	aBase = "http://127.0.0.1:1" // where nobody answers
	aRun  = "run --base-url " + aBase + " --profile browse --duration 1s "
)

func TestCommandLines(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args string
		code int
		want string // on standard output for success, else on standard error
	}{
		{"", exitUsage, "want a command"},
		{"sell", exitUsage, `not "sell"`},
		{"-v", exitUsage, `not "-v"`},
		{"help", exitSuccess, "Usage: bookload <command>"},
		{"--help", exitSuccess, "Usage: bookload <command>"},
		{"help run", exitSuccess, "Usage: bookload run"},
		{"run -h", exitSuccess, "Usage: bookload run"},
		{"run --duration 1x --help", exitSuccess, "Usage: bookload run"},
		{"help check", exitSuccess, "Usage: bookload check"},
		{"help sell", exitUsage, `not "sell"`},
		{"version", exitSuccess, "bookload "},
		{"version now", exitUsage, `unexpected argument "now"`},

		{"run --base-url x --profile browse --duration 1s", exitUsage, `--base-url is "x"`},
		{"run --base-url ftp://x --profile browse --duration 1s", exitUsage, "--base-url is"},
		{"run --base-url http://u:p@x --profile browse --duration 1s", exitUsage, "--base-url is"},
		{"run --base-url http://x?y --profile browse --duration 1s", exitUsage, "--base-url is"},
		{"run --base-url " + aBase + ", --profile browse --duration 1s", exitUsage, "--base-url is"},
		{"run --base-url " + aBase + " --duration 1s", exitUsage, "--profile is missing, want one of browse, book, hot, mixed"},
		{"run --base-url " + aBase + " --profile brows --duration 1s", exitUsage, `--profile is "brows"`},
		{"run --base-url " + aBase + " --profile book --duration 1s", exitUsage, "--ledger is missing"},
		{aRun + "--duration 10", exitUsage, `--duration is "10"`},
		{aRun + "--duration 10ms", exitUsage, "at least 1s"},
		{aRun + "--ramp-up 2s", exitUsage, "longer than the --duration"},
		{aRun + "--ramp-up -2s", exitUsage, `--ramp-up is "-2s"`},
		{aRun + "--settle x", exitUsage, `--settle is "x"`},
		{aRun + "--users 0", exitUsage, `--users is "0"`},
		{aRun + "--users 100001", exitUsage, "--users is"},
		{aRun + "--rate 0", exitUsage, `--rate is "0"`},
		{aRun + "--rate NaN", exitUsage, `--rate is "NaN"`},
		{aRun + "--seed -1", exitUsage, `--seed is "-1"`},
		{aRun + "--admin-email a@b.example", exitUsage, adminPassword},
		{aRun + "--admin-password secret", exitUsage, "not defined: -admin-password"},
		{aRun + "--json - --html -", exitUsage, "standard output"},
		{aRun + "--json same --html same", exitUsage, `have the path "same"`},
		{aRun + "--ledger -", exitUsage, "--ledger is a file"},
		{aRun + "--ledger main.go", exitUsage, "main.go exists already"},
		{aRun + "--fail-if search.p99>5", exitUsage, `--fail-if: threshold "search.p99>5"`},
		{aRun + "--fail-if serach.p99>5ms", exitUsage, `no operation is named "serach": there are book, booking`},
		{aRun + "now", exitUsage, `unexpected argument "now"`},
		{aRun + "--json no/such/directory/x", exitFailure, "no such file"},
		{aRun + "--html no/such/directory/x", exitFailure, "no such file"},
		{aRun + "--ledger no/such/directory/x", exitFailure, "no such file"},

		{"check", exitUsage, "--ledger is missing"},
		{"check --ledger x", exitUsage, "--base-url is missing"},
		{"check --ledger x --base-url y", exitUsage, `--base-url is "y"`},
		{"check --ledger x --base-url " + aBase + " --json x", exitUsage, `have the path "x"`},
		{"check --ledger x --base-url " + aBase + " --wait 5", exitUsage, `--wait is "5"`},
		{"check --ledger x --base-url " + aBase + " --admin-email a@b.example", exitUsage, adminPassword},
		{"check --ledger x --base-url " + aBase + " --timeout 0s", exitUsage, `--timeout is "0s"`},
		{"check --ledger no-such-file --base-url " + aBase, exitFailure, "nothing was found out, neither good nor bad: read ledger"},
		{"check --ledger main.go --base-url " + aBase, exitFailure, "nothing was found out, neither good nor bad: read ledger: line 1"},
	} {
		t.Run(tt.args, func(t *testing.T) {
			t.Parallel()
			o := invoke(t.Context(), nil, strings.Fields(tt.args)...)
			said, silent := o.stderr, o.stdout
			if tt.code == exitSuccess {
				said, silent = silent, said
			}
			if o.code != tt.code || !strings.Contains(said, tt.want) || silent != "" {
				t.Errorf("exit code %d, %q and %q; want %d and %q alone", o.code, said, silent, tt.code, tt.want)
			}
			if tt.code == exitUsage && !strings.Contains(o.stderr, "Run 'bookload ") {
				t.Errorf("no word on help: %s", o.stderr)
			}
		})
	}
}

// All that is wrong is told at once, and nothing twice.
func TestProblemsAreToldTogether(t *testing.T) {
	t.Parallel()
	o := invoke(t.Context(), nil, "run", "--duration", "soon", "--users", "many", "--profile", "x", "--fail-if", "x", "--fail-if", "y", "--admin-email", "z")
	want := []string{"--duration is", "--users is", "threshold \"x\"", "threshold \"y\"", adminPassword, "--base-url is missing", "--profile is", "--ledger is missing", "Run '"}
	lines := strings.Split(strings.TrimSpace(o.stderr), "\n")
	if len(lines) != len(want) {
		t.Fatalf("got %d lines, want %d:\n%s", len(lines), len(want), o.stderr)
	}
	for i, word := range want {
		if !strings.Contains(lines[i], word) {
			t.Errorf("line %d is %q, want one with %q", i, lines[i], word)
		}
	}
}

// A password must not come back in a message, from where it would get into logs.
func TestDatabasePasswordIsNotTold(t *testing.T) {
	t.Parallel()
	for name, args := range map[string][]string{"flag": {"--database-url", "mysql://u:hidden@h/x"}, "variable": nil} {
		o := invoke(t.Context(), map[string]string{databaseURL: "mysql://u:hidden@h/x"}, append([]string{"check", "--ledger", "x", "--base-url", aBase}, args...)...)
		if o.code != exitUsage || !strings.Contains(o.stderr, "URL of the database") || strings.Contains(o.stderr, "hidden") {
			t.Errorf("%s: exit code %d, %q", name, o.code, o.stderr)
		}
	}
}

// The help tells of every flag, and of no other; its examples are right.
func TestHelp(t *testing.T) {
	t.Parallel()
	for _, c := range commands() {
		f := newFlags(nil)
		c.parse(f, func(string) string { return "" })
		f.set.VisitAll(func(declared *flag.Flag) {
			if !regexp.MustCompile(`(?m)^  --` + declared.Name + ` `).MatchString(c.help) {
				t.Errorf("the help of %s does not tell of --%s", c.name, declared.Name)
			}
		})
		for _, found := range regexp.MustCompile(`--([a-z-]+)`).FindAllStringSubmatch(c.help, -1) {
			if f.set.Lookup(found[1]) == nil {
				t.Errorf("the help of %s tells of --%s, which there is not", c.name, found[1])
			}
		}
	}
	for _, profile := range load.Profiles() {
		if !strings.Contains(runHelp, "\n                             "+profile+" ") {
			t.Errorf("the help does not tell of the profile %s", profile)
		}
	}
	for _, operation := range load.Operations() {
		if !regexp.MustCompile(`(?s)The operations are .*\b` + operation + `\b.*depends on the profile`).MatchString(runHelp) {
			t.Errorf("the help does not tell of the operation %s", operation)
		}
	}
	if profiles := load.Profiles(); profiles[0] != readOnly {
		t.Errorf("the profiles are %v, want %s among them", profiles, readOnly)
	}
	for line := range strings.SplitSeq(overview()+runHelp+checkHelp, "\n") {
		if len([]rune(line)) > 126 {
			t.Errorf("the help has a line of %d columns: %s", len([]rune(line)), line)
		}
	}
}
