package pg

import (
	"cmp"
	"fmt"
	"log/slog"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	defaultPort    = 5432
	connectTimeout = 5 * time.Second
)

// Config says which database to use, and as whom.
type Config struct {
	// Host is a name, an address, or the directory of a Unix socket.
	Host string
	// Port is 5432 when zero; it is also part of the name of a Unix socket.
	Port     int
	Name     string
	Username string
	Password string
	// SSLMode is one of libpq's modes, "prefer" when empty. A Unix socket ignores it.
	SSLMode string
	// SSLRootCert is a file of certificates in PEM, one of which must have signed the server's with the modes
	// verify-ca and verify-full. When empty those of the system are taken.
	SSLRootCert string
	// MaxConns bounds the pool made by Open: 16 when zero.
	MaxConns int32
}

// ParseURL reads a postgres:// URL as printed by Config.URL; a host parameter
// in the query takes the place of the host in the authority. It returns an
// error when the URL has another scheme, a bad port or an unknown parameter.
func ParseURL(raw string) (Config, error) {
	u, err := url.Parse(raw)
	if err != nil {
		// The error of url.Parse repeats its input, and with it the password.
		return Config{}, fmt.Errorf("database URL: cannot be parsed")
	}
	if u.Scheme != "postgres" && u.Scheme != "postgresql" {
		return Config{}, fmt.Errorf("database URL: scheme %q, want postgres", u.Scheme)
	}
	c := Config{Host: u.Hostname(), Name: strings.TrimPrefix(u.Path, "/"), Username: u.User.Username()}
	c.Password, _ = u.User.Password()
	port := u.Port()
	for key, values := range u.Query() {
		switch key {
		case "host":
			c.Host = values[0]
		case "port":
			port = values[0]
		case "sslmode":
			c.SSLMode = values[0]
		case "sslrootcert":
			c.SSLRootCert = values[0]
		default:
			return Config{}, fmt.Errorf("database URL: unknown parameter %q", key)
		}
	}
	if port != "" {
		if c.Port, err = strconv.Atoi(port); err != nil {
			return Config{}, fmt.Errorf("database URL: port %q is not a number", port)
		}
	}
	return c, nil
}

// URL returns the configuration as a connection URL, password included, in the
// form that psql and every driver understands.
func (c Config) URL() string {
	u := url.URL{Scheme: "postgres", Path: "/" + c.Name}
	if c.Username != "" {
		u.User = url.User(c.Username)
	}
	if c.Password != "" {
		u.User = url.UserPassword(c.Username, c.Password)
	}
	port := strconv.Itoa(cmp.Or(c.Port, defaultPort))
	query := url.Values{}
	if strings.HasPrefix(c.Host, "/") {
		query.Set("host", c.Host)
		query.Set("port", port)
	} else {
		u.Host = net.JoinHostPort(c.Host, port)
	}
	if c.SSLMode != "" {
		query.Set("sslmode", c.SSLMode)
	}
	if c.SSLRootCert != "" {
		query.Set("sslrootcert", c.SSLRootCert)
	}
	// libpq takes a plus sign for itself.
	u.RawQuery = strings.ReplaceAll(query.Encode(), "+", "%20")
	return u.String()
}

// LogValue keeps the password out of logs.
func (c Config) LogValue() slog.Value {
	return slog.GroupValue(
		slog.String("host", c.Host), slog.Int("port", cmp.Or(c.Port, defaultPort)),
		slog.String("name", c.Name), slog.String("username", c.Username),
		slog.String("sslmode", c.SSLMode), slog.String("sslrootcert", c.SSLRootCert))
}

// ConnConfig returns the settings of one connection without the time limits
// that Open puts on requests: for migrations, bulk loading and administration.
// The session runs in UTC.
func (c Config) ConnConfig() (*pgx.ConnConfig, error) {
	cc, err := pgx.ParseConfig(c.dsn())
	if err != nil {
		return nil, fmt.Errorf("database configuration: %w", err)
	}
	cc.ConnectTimeout = connectTimeout
	cc.RuntimeParams["application_name"] = "shum-booking"
	cc.RuntimeParams["timezone"] = "UTC"
	return cc, nil
}

// dsn names every field, so that PG* variables of the environment decide
// nothing that the configuration also decides.
func (c Config) dsn() string {
	quote := strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace
	return fmt.Sprintf("host='%s' port=%d dbname='%s' user='%s' password='%s' sslmode=%s sslrootcert='%s'",
		quote(c.Host), cmp.Or(c.Port, defaultPort), quote(c.Name), quote(c.Username), quote(c.Password),
		cmp.Or(c.SSLMode, "prefer"), quote(c.SSLRootCert))
}
