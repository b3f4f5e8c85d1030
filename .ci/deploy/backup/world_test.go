package backup_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"

	"deploy/program"
)

const (
	root    = "../../.."
	scripts = root + "/k3s/backup/"
	// photograph is the name of a file as the service makes them.
	photograph = "images/1-0123456789abcdef.jpg"
)

// A world is a database with the volumes of photographs and of backups.
type world struct {
	t               *testing.T
	database        pg.Config
	images, backups string
}

func newWorld(t *testing.T) world {
	t.Helper()
	w := world{t: t, database: pgtest.Config(t), images: t.TempDir(), backups: t.TempDir()}
	w.photograph(photograph, "a photograph")
	return w
}

func (w world) photograph(name, content string) {
	w.t.Helper()
	write(w.t, filepath.Join(w.images, name), content)
}

func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// environment is that of the pods. Variables that are given last count.
func (w world) environment(more ...string) []string {
	c := w.database
	return slices.Concat(os.Environ(), program.Database(c), []string{
		"PGHOST=" + c.Host, "PGPORT=" + strconv.Itoa(c.Port), "PGDATABASE=" + c.Name, "PGUSER=" + c.Username, "PGPASSWORD=" + c.Password,
		"BACKUPS=" + w.backups, "IMAGES=" + w.images, "APP_ENV=local",
	}, more)
}

// run returns what a program says, and whether it succeeds.
func (w world) run(name string, args []string, environment ...string) (string, error) {
	cmd := exec.CommandContext(w.t.Context(), name, args...)
	cmd.Env = w.environment(environment...)
	output, err := cmd.CombinedOutput()
	return string(output), err
}

func (w world) backup(environment ...string) (string, error) {
	return w.run("bash", []string{scripts + "backup.sh"}, environment...)
}

func (w world) restore(step, backup string, environment ...string) (string, error) {
	return w.run("bash", []string{scripts + "restore.sh", step}, append(environment, "BACKUP="+backup)...)
}

// mustBackup returns the name of a new backup.
func (w world) mustBackup() string {
	w.t.Helper()
	before := w.names()
	if output, err := w.backup(); err != nil {
		w.t.Fatalf("backup: %v\n%s", err, output)
	}
	names := slices.DeleteFunc(w.names(), func(name string) bool { return slices.Contains(before, name) })
	if len(names) != 1 {
		w.t.Fatalf("a backup made %q, want one", names)
	}
	return names[0]
}

// names are all entries of the directory of backups, unfinished ones included.
func (w world) names() []string {
	w.t.Helper()
	entries, err := os.ReadDir(filepath.Join(w.backups, "database"))
	if err != nil && !os.IsNotExist(err) {
		w.t.Fatal(err)
	}
	var names []string
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func (w world) file(backup, name string) string {
	return filepath.Join(w.backups, "database", backup, name)
}

// query runs a statement in the database and returns the values of its first column.
func (w world) query(statement string) []string {
	w.t.Helper()
	c, err := w.database.ConnConfig()
	if err != nil {
		w.t.Fatal(err)
	}
	conn, err := pgx.ConnectConfig(w.t.Context(), c)
	if err != nil {
		w.t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(w.t.Context()))
	rows, err := conn.Query(w.t.Context(), statement)
	if err != nil {
		w.t.Fatal(err)
	}
	values, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (string, error) {
		values, err := row.Values()
		if err != nil || len(values) == 0 {
			return "", err
		}
		return fmt.Sprint(values[0]), nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return values
}

// content is a line for each table, with a hash over all of its rows. The table of backups is of today.
func (w world) content() []string {
	w.t.Helper()
	var lines []string
	for _, table := range w.query(`SELECT quote_ident(relname) FROM pg_class WHERE relkind = 'r'
		AND relnamespace = 'public'::regnamespace AND relname <> 'backups' ORDER BY 1`) {
		hash := w.query("SELECT concat(count(*), ' ', md5(coalesce(string_agg(t::text, chr(10) ORDER BY t::text), ''))) FROM " + table + " t")
		lines = append(lines, table+" "+hash[0])
	}
	return lines
}

func TestMain(m *testing.M) { os.Exit(program.Main(m)) }

// booking runs the program, which must succeed.
func (w world) booking(args ...string) {
	w.t.Helper()
	if output, err := w.run(program.Path(w.t), args); err != nil {
		w.t.Fatalf("booking %s: %v\n%s", strings.Join(args, " "), err, output)
	}
}
