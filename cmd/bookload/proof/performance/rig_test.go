package performance_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"flag"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/shumbooking/shumbooking/migrations"
	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgserver"
)

var (
	dataDir = flag.String("data", "", "`directory` of the benchmarks' PostgreSQL, which keeps its data; one in the cache by default")
	hotels  = flag.Int("hotels", 100_000, "how many hotels the database has")
	binary  = flag.String("binary", "", "`path` of the program to measure; it is built by default")
	round   = flag.Duration("round", 3*time.Second, "how long each side is measured in a round")
)

// A rig is a server of each kind, with the machine to themselves but for the clients.
type rig struct {
	tb       testing.TB
	database pg.Config
	// logFile is that of the database.
	logFile  string
	db       *pgxpool.Pool
	redis    string
	redisPID int
	api      *exec.Cmd
	address  string
	cores    cores
}

// cores say where programs run, as taskset has it; anywhere where they are empty.
type cores struct{ database, rest string }

// postgres is one for all benchmarks. It ends with the process.
var postgres = sync.OnceValues(func() (*pgserver.Server, error) {
	dir := *dataDir
	if dir == "" {
		cache, err := pgserver.CacheDir()
		if err != nil {
			return nil, err
		}
		dir = filepath.Join(cache, "performance")
	}
	return pgserver.Start(context.Background(), pgserver.Config{
		DataDir: dir, Durability: pgserver.Durable,
		Settings: map[string]string{
			"shared_buffers": "2GB", "max_wal_size": "4GB", "max_connections": "200", "log_line_prefix": entryMark,
		},
		Log: slog.New(slog.NewTextHandler(os.Stderr, nil)),
	})
})

// newRig starts the service in front of a database of that many hotels.
func newRig(tb testing.TB, hotels int, c cores) *rig {
	tb.Helper()
	server, err := postgres()
	if err != nil {
		tb.Fatal(err)
	}
	r := &rig{tb: tb, cores: c}
	pin(tb, c.database, server.PID())
	pin(tb, c.rest, os.Getpid())
	name := r.prepare(server, hotels)
	r.database = server.Config(name)
	r.logFile = filepath.Join(r.database.Host, "postgres.log")
	r.db = open(tb, r.database)
	r.redis = r.startRedis()
	r.startAPI()
	r.exec("CHECKPOINT")
	return r
}

// pin puts a process and what it starts on some cores.
func pin(tb testing.TB, cores string, pid int) {
	tb.Helper()
	if cores == "" {
		cores = "0-1023"
	}
	if said, err := exec.CommandContext(tb.Context(), "taskset", "-a", "-c", "-p", cores, strconv.Itoa(pid)).CombinedOutput(); err != nil {
		tb.Fatalf("taskset: %v: %s", err, said)
	}
}

func open(tb testing.TB, c pg.Config) *pgxpool.Pool {
	tb.Helper()
	db, err := pg.OpenForJobs(tb.Context(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(db.Close)
	return db
}

func (r *rig) exec(sql string, args ...any) {
	r.tb.Helper()
	ctx, cancel := context.WithTimeout(r.tb.Context(), 5*time.Minute)
	defer cancel()
	conn, err := r.db.Acquire(ctx)
	if err != nil {
		r.tb.Fatal(err)
	}
	defer conn.Release()
	if _, err := conn.Exec(ctx, "SET statement_timeout = 0"); err != nil {
		r.tb.Fatal(err)
	}
	if _, err := conn.Exec(ctx, sql, args...); err != nil {
		r.tb.Fatalf("%s: %v", sql, err)
	}
}

// one returns the number that a query finds.
func (r *rig) one(sql string, args ...any) (n int64) {
	r.tb.Helper()
	if err := r.db.QueryRow(r.tb.Context(), sql, args...).Scan(&n); err != nil {
		r.tb.Fatalf("%s: %v", sql, err)
	}
	return n
}

// prepare returns the name of a database of so many hotels. It is made once for each schema, by the program's commands.
func (r *rig) prepare(server *pgserver.Server, hotels int) string {
	r.tb.Helper()
	name := fmt.Sprintf("measured_%d_%s", hotels, schemaHash(r.tb))
	admin := &rig{tb: r.tb, db: open(r.tb, server.Config(""))}
	if admin.one("SELECT count(*) FROM pg_database WHERE datname = $1", name) == 1 {
		return name
	}
	loading := name + "_loading"
	admin.exec("DROP DATABASE IF EXISTS " + loading)
	admin.exec("CREATE DATABASE " + loading)
	for _, args := range [][]string{{"migrate", "up"}, {"seed", "--hotels", strconv.Itoa(hotels)}} {
		command := exec.CommandContext(r.tb.Context(), program(r.tb), args...)
		command.Env = databaseSettings(server.Config(loading))
		if said, err := command.CombinedOutput(); err != nil {
			r.tb.Fatalf("%v: %v\n%s", args, err, said)
		}
	}
	loaded := &rig{tb: r.tb, db: open(r.tb, server.Config(loading))}
	loaded.exec("VACUUM ANALYZE")
	loaded.db.Close()
	admin.exec("ALTER DATABASE " + loading + " RENAME TO " + name)
	return name
}

// schemaHash tells the data of one schema from that of another.
func schemaHash(tb testing.TB) string {
	tb.Helper()
	names, err := fs.Glob(migrations.Files(), "*.sql")
	if err != nil {
		tb.Fatal(err)
	}
	hash := sha256.New()
	for _, name := range names {
		sql, err := fs.ReadFile(migrations.Files(), name)
		if err != nil {
			tb.Fatal(err)
		}
		hash.Write(sql)
	}
	return hex.EncodeToString(hash.Sum(nil)[:4])
}

// builds are made in a directory that Main removes.
var buildDir string

var build = sync.OnceValues(func() (string, error) {
	path := filepath.Join(buildDir, "booking")
	command := exec.Command("go", "build", "-o", path, "./cmd/booking")
	command.Dir = "../../../.."
	if said, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the program: %w: %s", err, said)
	}
	return path, nil
})

// program returns where the program to measure is.
func program(tb testing.TB) string {
	tb.Helper()
	if *binary != "" {
		return *binary
	}
	path, err := build()
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

func databaseSettings(c pg.Config) []string {
	return []string{
		"APP_ENV=test", "DB_HOST=" + c.Host, "DB_PORT=" + strconv.Itoa(c.Port), "DB_NAME=" + c.Name,
		"DB_USERNAME=" + c.Username, "DB_PASSWORD=" + c.Password, "LOG_LEVEL=info", "LOG_FORMAT=json",
	}
}

func (r *rig) startRedis() (port string) {
	r.tb.Helper()
	_, port, _ = net.SplitHostPort(freeAddress(r.tb))
	redis := r.start(r.cores.rest, nil, "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
		"--dir", r.tb.TempDir(), "--daemonize", "no")
	r.redisPID = redis.Process.Pid
	return port
}

const (
	adminEmail    = "root@example.com"
	adminPassword = "the password of the benchmarks"
)

// startAPI starts the service as in production: with limits, which are counted in Redis and never reached, and with its
// log, of which nobody keeps the lines.
func (r *rig) startAPI() {
	r.tb.Helper()
	r.address = freeAddress(r.tb)
	env := append(databaseSettings(r.database), "REDIS_HOST=127.0.0.1", "REDIS_PORT="+r.redis,
		"JWT_SECRET_KEY="+strings.Repeat("the secret of the benchmarks ", 2), "JWT_ACCESS_TOKEN_EXPIRE_MINUTES=60",
		"RATE_LIMIT_READ_PER_MINUTE=1000000", "RATE_LIMIT_PER_MINUTE=1000000", "RATE_LIMIT_AUTH_PER_MINUTE=1000000",
		"IMAGES_DIR="+r.tb.TempDir(), "ADMIN_EMAIL="+adminEmail, "ADMIN_PASSWORD="+adminPassword)
	r.api = r.start(r.cores.rest, env, program(r.tb), "api", "--addr", r.address)
	r.awaitReady()
}

// patience is how often the service is asked whether it is ready.
const patience = 30_000

// awaitReady returns once the service answers that it is ready.
func (r *rig) awaitReady() {
	r.tb.Helper()
	for range patience {
		answer, err := http.Get("http://" + r.address + "/ready") //nolint:noctx // it is on this machine
		if err == nil {
			answer.Body.Close()
			if answer.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(time.Millisecond) //nolint:forbidigo // it is what is timed
	}
	r.tb.Fatal("the service does not become ready")
}

// start starts a program on some cores. It ends with the benchmark.
func (r *rig) start(on string, env []string, path string, args ...string) *exec.Cmd {
	r.tb.Helper()
	if on != "" {
		path, args = "taskset", append([]string{"-c", on, path}, args...)
	}
	command := exec.CommandContext(context.WithoutCancel(r.tb.Context()), path, args...)
	command.Env = slices.Concat(env, []string{"PATH=" + os.Getenv("PATH")})
	if err := command.Start(); err != nil {
		r.tb.Fatal(err)
	}
	r.tb.Cleanup(func() {
		_ = command.Process.Signal(syscall.SIGKILL) // It may have ended.
		_ = command.Wait()
	})
	return command
}

// freeAddress asks the kernel for an address that nobody uses now.
func freeAddress(tb testing.TB) string {
	tb.Helper()
	listener, err := new(net.ListenConfig).Listen(tb.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}
