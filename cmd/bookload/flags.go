package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// flags reads a command line and collects everything that is wrong with it, so that it can be told at once.
type flags struct {
	set      *flag.FlagSet
	args     []string
	problems []string
}

func newFlags(args []string) *flags {
	set := flag.NewFlagSet("", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	return &flags{set: set, args: args}
}

func (f *flags) problem(format string, args ...any) {
	f.problems = append(f.problems, fmt.Sprintf(format, args...))
}

// parse reads the flags that were declared. It returns false if one is not known, after which others are not read.
func (f *flags) parse() bool {
	if err := f.set.Parse(f.args); err != nil {
		f.problem("%v", err)
		return false
	}
	if f.set.NArg() > 0 {
		f.problem("unexpected argument %q", f.set.Arg(0))
	}
	return true
}

// value declares a flag that parse reads; what is wrong with it is put to the other problems.
func value[T any](f *flags, name string, initial T, want string, parse func(string) (T, error)) *T {
	v := &initial
	f.set.Func(name, "", func(text string) error {
		if parsed, err := parse(text); err == nil {
			*v = parsed
		} else {
			f.problem("--%s is %q, want %s", name, text, want)
		}
		return nil
	})
	return v
}

// given reports whether the flag was on the command line, right or wrong.
func (f *flags) given(name string) bool {
	found := false
	f.set.Visit(func(g *flag.Flag) { found = found || g.Name == name })
	return found
}

// require makes it a problem that a flag is not there.
func (f *flags) require(name, why string) {
	if !f.given(name) {
		f.problem("--%s is missing: %s", name, why)
	}
}

// requireOneOf makes it a problem that a flag is not there or is none of the choices.
func (f *flags) requireOneOf(name, got string, choices []string) {
	switch {
	case !f.given(name):
		f.problem("--%s is missing, want one of %s", name, strings.Join(choices, ", "))
	case !slices.Contains(choices, got):
		f.problem("--%s is %q, want one of %s", name, got, strings.Join(choices, ", "))
	}
}

var errOutOfRange = errors.New("out of range")

func (f *flags) text(name string) *string {
	return value(f, name, "", "a text", func(text string) (string, error) { return text, nil })
}

// duration declares a flag of a duration, which must be at least least.
func (f *flags) duration(name string, initial, least time.Duration) *time.Duration {
	return value(f, name, initial, fmt.Sprintf("a duration such as 30s or 2m, at least %s", least), func(text string) (time.Duration, error) {
		d, err := time.ParseDuration(text)
		if err == nil && d < least {
			err = errOutOfRange
		}
		return d, err
	})
}

// users declares a flag of a number of users; 0 if it is not given.
func (f *flags) users(name string) *int {
	const most = 100_000
	return value(f, name, 0, fmt.Sprintf("a number from 1 to %d", most), func(text string) (int, error) {
		n, err := strconv.Atoi(text)
		if err == nil && (n < 1 || n > most) {
			err = errOutOfRange
		}
		return n, err
	})
}

// rate declares a flag of a rate; 0 if it is not given.
func (f *flags) rate(name string) *float64 {
	const most = 1_000_000
	return value(f, name, 0, "a number of operations a second, such as 200 or 0.5", func(text string) (float64, error) {
		x, err := strconv.ParseFloat(text, 64)
		// The condition is turned so that NaN does not pass.
		if err == nil && !(x >= 1e-3 && x <= most) {
			err = errOutOfRange
		}
		return x, err
	})
}

// seed declares a flag of a seed, which is otherwise the one that is given.
func (f *flags) seed(name string, initial uint64) *uint64 {
	want := fmt.Sprintf("a number from 0 to %d", uint64(math.MaxUint64))
	return value(f, name, initial, want, func(text string) (uint64, error) { return strconv.ParseUint(text, 10, 64) })
}

// baseURLs declares a flag of the addresses of a service.
func (f *flags) baseURLs(name string) *[]string {
	return value(f, name, nil, "URLs such as http://127.0.0.1:8000, separated by commas", func(text string) ([]string, error) {
		list := strings.Split(text, ",")
		for i, base := range list {
			list[i] = strings.TrimSpace(base)
			u, err := url.Parse(list[i])
			if err != nil {
				return nil, err
			}
			if !slices.Contains([]string{"http", "https"}, u.Scheme) || u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
				return nil, errOutOfRange
			}
		}
		return list, nil
	})
}

// admin returns the password of the admin of that e-mail, if there is one.
func (f *flags) admin(email string, getenv func(string) string) (password string) {
	password = getenv(adminPassword)
	if email != "" && password == "" {
		f.problem("--admin-email goes with the password in the variable %s", adminPassword)
	}
	return password
}

// adminPassword is a variable and no flag because everyone on a machine can see the command lines.
const adminPassword = "BOOKLOAD_ADMIN_PASSWORD" //nolint:gosec // It is a name.
