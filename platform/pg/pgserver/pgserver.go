//go:build unix

// Package pgserver runs a private PostgreSQL server that belongs to this
// process: for development with nothing installed, and for tests.
//
// It listens on a Unix socket in a directory of its own, works for root too
// (PostgreSQL itself refuses to), ends with its owner even when that is killed,
// and what a killed owner left behind is swept by the next Start. It needs a
// Unix; there is no version for Windows.
package pgserver

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/pg"
)

const (
	superuser       = "postgres"
	maintenanceDB   = "postgres"
	socketPort      = 5432
	startTimeout    = 2 * time.Minute
	fastStopTimeout = 10 * time.Second
	killTimeout     = 5 * time.Second
)

// Durability says what a crash of the machine may cost.
type Durability int

const (
	// Durable keeps every committed transaction, as in production.
	Durable Durability = iota
	// Volatile never waits for the disk: for data that may be lost.
	Volatile
)

// Listen says where a server accepts connections.
type Listen int

const (
	// SocketOnly accepts connections on the Unix socket alone.
	SocketOnly Listen = iota
	// Loopback also accepts them on a TCP port of 127.0.0.1, with a password.
	Loopback
)

// Config says what server to run. The zero value is a throw-away server.
type Config struct {
	// DataDir keeps the data between runs. When empty the data is in memory if
	// there is room, else on disk, and is removed when the server stops.
	DataDir    string
	Durability Durability
	Listen     Listen
	// Port is the TCP port with Loopback; a free one when zero.
	Port int
	// Database is created when it does not exist yet; none when empty.
	Database string
	// Settings are server parameters by name, over the ones chosen here.
	Settings map[string]string
	// BinDirs are the directories searched for the server's programs; the usual
	// places when nil. The programs are downloaded when none has them.
	BinDirs []string
	// CacheDir holds downloaded programs; the user's cache directory when empty,
	// and /var/cache for root.
	CacheDir string
	// Log receives what is worth telling, such as a download; silent when nil.
	Log *slog.Logger
}

// Server is a running PostgreSQL server.
type Server struct {
	cmd      *exec.Cmd
	exited   chan struct{}
	run      *runDir
	reaper   io.Closer
	dataLock *os.File
	database string
	port     int
	listen   Listen
	password string
}

// Start runs a server and returns when it accepts connections. It returns an
// error when another process has the data directory, when the data belongs to
// another major version, or when no programs of at least version 15 are found
// and none can be downloaded.
func Start(ctx context.Context, c Config) (*Server, error) {
	c.Log = cmp.Or(c.Log, slog.New(slog.DiscardHandler))
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	s := &Server{database: c.Database, listen: c.Listen, port: socketPort, exited: make(chan struct{})}
	err := s.start(ctx, c)
	if err == nil {
		err = s.ready(ctx)
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start PostgreSQL: %w", err), s.Stop(ctx))
	}
	return s, nil
}

func (s *Server) start(ctx context.Context, c Config) error {
	bin, err := findBinaries(ctx, c)
	if err != nil {
		return err
	}
	who := serverIdentity()
	if s.run, err = newRunDir(who); err != nil {
		return err
	}
	home := s.run.path
	if c.DataDir != "" {
		if home, err = filepath.Abs(c.DataDir); err != nil {
			return err
		}
		if s.dataLock, err = openHome(home, who); err != nil {
			return err
		}
	}
	cluster := cluster{home: home, bin: bin, who: who, locales: bin.locales()}
	if err := cluster.prepare(ctx, c.Durability); err != nil {
		return err
	}
	if s.password, err = cluster.password(); err != nil {
		return err
	}
	if s.listen == Loopback {
		if s.port = c.Port; s.port == 0 {
			s.port, err = freePort()
		}
		if err != nil {
			return err
		}
	}
	if err := s.spawn(cluster, s.parameters(c)); err != nil {
		return err
	}
	s.reaper, err = startReaper(s.run)
	return err
}

// ready waits until the server answers and creates the database asked for.
func (s *Server) ready(ctx context.Context) error {
	cc, err := s.Config(maintenanceDB).ConnConfig()
	if err != nil {
		return err
	}
	for {
		conn, err := pgx.ConnectConfig(ctx, cc)
		if err == nil {
			err = s.createDatabase(ctx, conn)
			return errors.Join(err, conn.Close(ctx))
		}
		select {
		case <-s.exited:
			return fmt.Errorf("the server ended: %s", logTail(s.run.path))
		case <-ctx.Done():
			return fmt.Errorf("the server does not answer: %w: %s", err, logTail(s.run.path))
		case <-time.After(5 * time.Millisecond):
		}
	}
}

func (s *Server) createDatabase(ctx context.Context, conn *pgx.Conn) error {
	if s.database == "" {
		return nil
	}
	var exists bool
	err := conn.QueryRow(ctx, "SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)", s.database).Scan(&exists)
	if err != nil || exists {
		return err
	}
	_, err = conn.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{s.database}.Sanitize())
	return err
}

// Config returns the settings to connect to a database through the socket, the
// database of the configuration when db is empty.
func (s *Server) Config(db string) pg.Config {
	return pg.Config{Host: s.run.path, Port: s.port, Name: s.dbName(db), Username: superuser}
}

// URL returns a connection URL for a database, over TCP if the server listens
// there; it contains the password.
func (s *Server) URL(db string) string {
	c := s.Config(db)
	if s.listen == Loopback {
		c.Host, c.Password, c.SSLMode = "127.0.0.1", s.password, "disable"
	}
	return c.URL()
}

func (s *Server) dbName(db string) string {
	return cmp.Or(db, s.database, maintenanceDB)
}

// PID returns the process id of the server.
func (s *Server) PID() int {
	return s.cmd.Process.Pid
}

// Stop shuts the server down, ending open connections, and removes what was
// temporary. When ctx ends, or after 10 s, it is killed.
func (s *Server) Stop(ctx context.Context) error {
	defer s.release()
	if s.cmd == nil || s.cmd.Process == nil {
		return nil
	}
	// SIGINT is PostgreSQL's fast shutdown, SIGQUIT its immediate one.
	if s.end(ctx, syscall.SIGINT, fastStopTimeout) == nil {
		return nil
	}
	ctx = context.WithoutCancel(ctx)
	if s.end(ctx, syscall.SIGQUIT, killTimeout) == nil {
		return nil
	}
	if err := s.end(ctx, syscall.SIGKILL, killTimeout); err != nil {
		return fmt.Errorf("stop PostgreSQL: %w", err)
	}
	return nil
}

// end signals the server and waits until it has ended.
func (s *Server) end(ctx context.Context, sig syscall.Signal, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := s.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return err
	}
	select {
	case <-s.exited:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// release removes the run directory and lets others have the data directory.
func (s *Server) release() {
	if s.run != nil {
		s.run.remove()
	}
	if s.reaper != nil {
		s.reaper.Close()
	}
	if s.dataLock != nil {
		s.dataLock.Close()
	}
}

// logTail returns the end of the server's log, for an error message.
func logTail(dir string) string {
	const enough = 2000
	text, err := os.ReadFile(filepath.Join(dir, logFile))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err.Error()
	}
	return string(text[max(0, len(text)-enough):])
}
