package backup_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
)

// TestRestore goes the whole way: what was there at the backup is there again, and what came later is kept aside.
func TestRestore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.booking("seed", "--hotels", "20")
	name := w.mustBackup()
	saved := w.content()

	w.query("UPDATE hotels SET title = title || ' (renamed)'")
	w.query("DELETE FROM booking_nights")
	w.query("DROP TABLE refresh_tokens")
	lost := w.query("SELECT count(*) FROM hotels WHERE title LIKE '%(renamed)'")
	if err := os.RemoveAll(filepath.Join(w.images, "images")); err != nil {
		t.Fatal(err)
	}

	for _, step := range []string{"load", "swap"} {
		if output, err := w.restore(step, name); err != nil {
			t.Fatalf("%s: %v\n%s", step, err, output)
		}
	}
	w.booking("migrate", "up")
	w.booking("recount")
	if diff := cmp.Diff(saved, w.content()); diff != "" {
		t.Errorf("what was restored differs from what was saved (-saved +restored):\n%s", diff)
	}
	if got, err := os.ReadFile(filepath.Join(w.images, photograph)); err != nil || string(got) != "a photograph" {
		t.Errorf("the photograph is %q, %v", got, err)
	}
	if info, err := os.Stat(filepath.Join(w.images, photograph)); err != nil || info.Mode().Perm() != 0o644 {
		t.Errorf("the photograph has %v, %v; want nginx to read it", info.Mode(), err)
	}

	before := w
	before.database.Name = w.databases("%s_before_%%")[0]
	if got := before.query("SELECT count(*) FROM hotels WHERE title LIKE '%(renamed)'"); !slices.Equal(got, lost) {
		t.Errorf("the database of before has %q renamed hotels, want %q", got, lost)
	}
}

// databases are those whose name is like a pattern, in which %s is the name of the database.
func (w world) databases(pattern string) []string {
	w.t.Helper()
	like := strings.ReplaceAll(strings.Replace(pattern, "%s", w.database.Name, 1), "%%", "%")
	return w.query("SELECT datname FROM pg_database WHERE datname LIKE '" + like + "'")
}

func TestDamagedBackupIsRefused(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		damage func(text []byte) []byte
		sign   bool // whether the checksum is made anew
		want   string
	}{
		{"one byte", func(text []byte) []byte { text[len(text)/2] ^= 1; return text }, false, "is damaged"},
		{"cut short", func(text []byte) []byte { return text[:len(text)-100] }, false, "is damaged"},
		{"cut short, and signed", func(text []byte) []byte { return text[:len(text)/2] }, true, "cannot be read"},
		{"no dump", func([]byte) []byte { return []byte("hello") }, true, "cannot be read"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			name := w.mustBackup()
			before := w.content()
			dump := w.file(name, "database.dump")
			text, err := os.ReadFile(dump)
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(dump, tt.damage(bytes.Clone(text)), 0o600); err != nil {
				t.Fatal(err)
			}
			if tt.sign {
				if output, err := w.run("sh", []string{"-c", "cd " + w.file(name, "") + " && sha256sum database.dump images.list >SHA256SUMS"}); err != nil {
					t.Fatal(output)
				}
			}
			output, err := w.restore("load", name)
			if err == nil || !strings.Contains(output, tt.want) {
				t.Errorf("load: %v, want an error that says %q\n%s", err, tt.want, output)
			}
			if diff := cmp.Diff(before, w.content()); diff != "" {
				t.Errorf("the database changed:\n%s", diff)
			}
			if got := w.databases("%s_%%"); len(got) > 0 {
				t.Errorf("%q were left behind", got)
			}
		})
	}
}

// A dump that breaks the rules of the schema is found out while it is loaded, and never takes the place of the database.
func TestFailedLoadCannotBeSwapped(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.query("CREATE FUNCTION broken() RETURNS boolean LANGUAGE sql AS 'SELECT true'")
	w.query("CREATE TABLE uses (id int, CHECK (broken()))")
	w.query("INSERT INTO uses VALUES (1)")
	w.query("CREATE OR REPLACE FUNCTION broken() RETURNS boolean LANGUAGE sql AS 'SELECT false'")
	name := w.mustBackup()
	before := w.content()
	if output, err := w.restore("load", name); err == nil {
		t.Errorf("load: no error\n%s", output)
	}
	if output, err := w.restore("swap", name, "PATIENCE=1"); err == nil || !strings.Contains(output, "is as it was") {
		t.Errorf("swap: %v, want an error that the database is as it was\n%s", err, output)
	}
	if diff := cmp.Diff(before, w.content()); diff != "" {
		t.Errorf("the database changed:\n%s", diff)
	}
}

// The service must have let go of the database: nothing that it wrote meanwhile may get lost unseen.
func TestSwapWaitsForTheService(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	name := w.mustBackup()
	if output, err := w.restore("load", name); err != nil {
		t.Fatalf("load: %v\n%s", err, output)
	}
	c, err := w.database.ConnConfig()
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.ConnectConfig(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if output, err := w.restore("swap", name, "PATIENCE=1"); err == nil || !strings.Contains(output, "being accessed by other users") {
		t.Errorf("swap beside a connection: %v, want an error\n%s", err, output)
	}
	if got := w.databases("%s_before_%%"); len(got) > 0 {
		t.Errorf("%q was made", got)
	}
	if err := conn.Close(context.WithoutCancel(t.Context())); err != nil {
		t.Fatal(err)
	}
	if output, err := w.restore("swap", name); err != nil {
		t.Errorf("swap: %v\n%s", err, output)
	}
}

func TestRestoreTellsWhichBackupsThereAre(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	name := w.mustBackup()
	for _, asked := range []string{"", "2000-01-01T000000Z", "../database", "$(id)"} {
		output, err := w.restore("load", asked)
		if err == nil || !strings.Contains(output, name+"\n") {
			t.Errorf("load of %q: %v, want an error that names %s\n%s", asked, err, name, output)
		}
	}
}
