// Package config reads typed settings from environment variables.
//
// A [Reader] never stops at the first mistake: it gives every setting a usable value, remembers what was wrong,
// and [Reader.Err] tells all of it at once, so that an operator mends a deployment in one go.
package config

import (
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"net/url"
	"os"
	"path"
	"slices"
	"strconv"
	"strings"
)

// A Secret is a setting that must not be seen. It prints and logs as a placeholder; string(s) is its value.
type Secret string

const redacted = "[redacted]"

// String returns a placeholder, or "" when s is not set.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return redacted
}

// GoString keeps the value out of %#v too.
func (s Secret) GoString() string { return strconv.Quote(s.String()) }

// LogValue implements slog.LogValuer.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// A Reader reads settings by name. A variable that is empty counts as not set. Values appear in the messages of
// problems, except those of secrets.
type Reader struct {
	getenv   func(string) string
	problems []error
}

// NewReader returns a Reader of the variables that getenv knows.
func NewReader(getenv func(string) string) *Reader {
	return &Reader{getenv: getenv}
}

// Err returns everything that was wrong, one problem a line, or nil.
func (r *Reader) Err() error { return errors.Join(r.problems...) }

// Reject records a problem with a variable, for rules that the Reader does not know.
func (r *Reader) Reject(name, format string, args ...any) {
	r.problems = append(r.problems, fmt.Errorf("%s %s", name, fmt.Sprintf(format, args...)))
}

// String returns the variable as it is, or fallback when it is not set.
func (r *Reader) String(name, fallback string) string {
	if value := r.getenv(name); value != "" {
		return value
	}
	return fallback
}

// Required returns the variable as it is. It is a problem when it is not set.
func (r *Reader) Required(name string) string {
	value := r.getenv(name)
	if value == "" {
		r.Reject(name, "is required")
	}
	return value
}

// Secret returns a variable that must not be seen, empty when it is not set.
func (r *Reader) Secret(name string) Secret { return Secret(r.getenv(name)) }

// Limits bound a number, both ends included.
type Limits struct{ Min, Max int }

// Int returns a whole number within limits, or fallback when it is not set.
func (r *Reader) Int(name string, fallback int, limits Limits) int {
	text := r.getenv(name)
	if text == "" {
		return fallback
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < limits.Min || n > limits.Max {
		r.Reject(name, "is %q, want a whole number from %d to %d", text, limits.Min, limits.Max)
		return fallback
	}
	return n
}

// OneOf returns one of the allowed values, of which the first is for a variable that is not set.
func (r *Reader) OneOf(name string, allowed ...string) string {
	value := r.String(name, allowed[0])
	if !slices.Contains(allowed, value) {
		r.Reject(name, "is %q, want one of %s", value, strings.Join(allowed, ", "))
		return allowed[0]
	}
	return value
}

// Level returns a log level, info when it is not set.
func (r *Reader) Level(name string) slog.Level {
	levels := map[string]slog.Level{
		"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError,
	}
	text := strings.ToLower(r.String(name, "info"))
	level, known := levels[text]
	if !known {
		r.Reject(name, "is %q, want one of debug, info, warn, error", text)
	}
	return level
}

// List returns the items between commas, without the space around them and without empty ones.
func (r *Reader) List(name string) []string {
	var items []string
	for item := range strings.SplitSeq(r.getenv(name), ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// Origins returns a list of web origins (RFC 6454) of the form scheme://host[:port], as browsers write them.
func (r *Reader) Origins(name string) []string {
	origins := r.List(name)
	for _, origin := range origins {
		if origin == "*" {
			r.Reject(name, "has *, want each origin by its name, such as https://example.com")
		} else if !isOrigin(origin) {
			r.Reject(name, "has %q, want an origin such as https://example.com", origin)
		}
	}
	return origins
}

// isOrigin reports whether a browser would call an origin s: in lower case, without a path and without the port that
// its scheme has anyway.
func isOrigin(s string) bool {
	u, err := url.Parse(s)
	if err != nil || u.Hostname() == "" || s != u.Scheme+"://"+u.Host || s != strings.ToLower(s) {
		return false
	}
	switch u.Scheme {
	case "http":
		return u.Port() != "80"
	case "https":
		return u.Port() != "443"
	}
	return false
}

// Networks returns a list of address ranges such as 10.0.0.0/8 or 2001:db8::/32. An address stands for itself alone.
func (r *Reader) Networks(name string) []netip.Prefix {
	var networks []netip.Prefix
	for _, item := range r.List(name) {
		network, err := netip.ParsePrefix(item)
		if addr, addrErr := netip.ParseAddr(item); addrErr == nil && addr.Zone() == "" {
			addr = addr.Unmap()
			network, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil || network != network.Masked() || network.Addr().Is4In6() {
			r.Reject(name, "has %q, want an address or a range such as 10.0.0.0/8", item)
			continue
		}
		networks = append(networks, network)
	}
	return networks
}

// Certificates returns the name of a file of certificates in PEM, at least one. It is a problem when it cannot be read.
func (r *Reader) Certificates(name string) string {
	file := r.getenv(name)
	if file == "" {
		return ""
	}
	text, err := os.ReadFile(file) //nolint:gosec // The operator names it.
	if err != nil {
		r.Reject(name, "names a file that cannot be read: %v", err)
	} else if !x509.NewCertPool().AppendCertsFromPEM(text) {
		r.Reject(name, "is %q, which has no certificate in PEM", file)
	}
	return file
}

// pathCharacters may stand in a path without escaping (the unreserved set of RFC 3986, and the slash).
const pathCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~/"

// Path returns the path under which a proxy publishes a service: "" for the root, else with a slash in front
// and none behind.
func (r *Reader) Path(name string) string {
	value := strings.TrimRight(r.getenv(name), "/")
	if value == "" {
		return ""
	}
	if value != path.Clean("/"+value) || strings.Trim(value, pathCharacters) != "" {
		r.Reject(name, "is %q, want a clean path such as /apps/booking", value)
		return ""
	}
	return value
}
