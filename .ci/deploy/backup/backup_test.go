package backup_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestBackupIsRecordedAndComplete(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.photograph("originals/2", "not processed yet")
	w.photograph(".partial/3", "still being written")
	name := w.mustBackup()
	if got := w.query("SELECT name FROM backups"); !slices.Equal(got, []string{name}) {
		t.Errorf("the table of backups has %q, want %q", got, name)
	}
	list, err := os.ReadFile(w.file(name, "images.list"))
	if err != nil {
		t.Fatal(err)
	}
	if want := photograph + "\t12\noriginals/2\t17\n"; string(list) != want {
		t.Errorf("images.list = %q, want %q", list, want)
	}
	for _, file := range []string{"database.dump", "images.list"} {
		if output, err := w.run("sh", []string{"-c", "cd " + w.file(name, "") + " && sha256sum --check --strict SHA256SUMS | grep -Fx '" + file + ": OK'"}); err != nil {
			t.Errorf("%s is not in the checksums: %v\n%s", file, err, output)
		}
	}
}

// Photographs never change under their names, so that only missing ones are copied, and those that were damaged.
func TestPhotographsAreCopiedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	copied, damaged := filepath.Join(w.backups, "images", photograph), filepath.Join(w.backups, "images/images/4.jpg")
	write(t, copied, "A PHOTOGRAPH") // Other content of the same size: it stays if it is not copied again.
	write(t, damaged, "half")
	w.photograph("images/4.jpg", "the whole of it")
	w.mustBackup()
	for file, want := range map[string]string{copied: "A PHOTOGRAPH", damaged: "the whole of it"} {
		if got, err := os.ReadFile(file); err != nil || string(got) != want {
			t.Errorf("%s = %q, %v; want %q", file, got, err, want)
		}
	}
}

func TestFailedBackupLeavesNothing(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		prepare func(t *testing.T, w *world) (command string)
		want    string
	}{
		{"the disk is full", func(*testing.T, *world) string { return "ulimit -f 16; " }, "size limit exceeded"},
		{"the dump breaks off", func(t *testing.T, _ *world) string {
			t.Helper()
			dir := t.TempDir()
			// The table of contents stands in front, and is whole.
			stub := "#!/bin/sh\nPATH=${PATH#*:}\npg_dump \"$@\"\nfor a; do case $a in --file=*) truncate -s -200 \"${a#--file=}\";; esac; done\n"
			if err := os.WriteFile(filepath.Join(dir, "pg_dump"), []byte(stub), 0o755); err != nil {
				t.Fatal(err)
			}
			return "PATH=" + dir + ":$PATH; "
		}, "pg_restore"},
		{"the server is away", func(_ *testing.T, w *world) string { w.database.Port = 1; return "" }, "pg_dump"},
		{"it is another database", func(_ *testing.T, w *world) string { w.database.Name = "postgres"; return "" }, "schema_version"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			good := w.mustBackup()
			before := w.query("SELECT name FROM backups")
			database := w.database
			command := tt.prepare(t, &w)
			output, err := w.run("bash", []string{"-c", command + "exec bash " + scripts + "backup.sh"})
			w.database = database
			if err == nil || !strings.Contains(output, tt.want) {
				t.Errorf("backup: %v, want an error about %q\n%s", err, tt.want, output)
			}
			if got := w.names(); !slices.Equal(got, []string{good}) {
				t.Errorf("there are %q, want nothing but %q", got, good)
			}
			if got := w.query("SELECT name FROM backups"); !slices.Equal(got, before) {
				t.Errorf("the database was told of %q, want %q", got, before)
			}
		})
	}
}

// A backup that the database does not hear of is there all the same, and the Job fails.
func TestUnrecordedBackupIsKept(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.query("ALTER TABLE backups RENAME TO other")
	output, err := w.backup()
	if err == nil || !strings.Contains(output, "could not be told") {
		t.Errorf("backup: %v, want an error that the database could not be told\n%s", err, output)
	}
	if got := w.names(); len(got) != 1 {
		t.Errorf("there are %q, want one backup", got)
	}
}

func TestKilledBackupIsSweptAway(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	write(t, w.file(".unfinished.abc", "database.dump"), "half a dump")
	write(t, filepath.Join(w.backups, "images/images/.unfinished.def"), "half a photograph")
	name := w.mustBackup()
	if got := w.names(); !slices.Equal(got, []string{name}) {
		t.Errorf("there are %q, want %q", got, name)
	}
	if left, _ := filepath.Glob(filepath.Join(w.backups, "images/images/.unfinished.*")); left != nil {
		t.Errorf("%q is still there", left)
	}
}

func TestRetention(t *testing.T) {
	t.Parallel()
	now := time.Now().UTC()
	day := func(ago int) string { return now.AddDate(0, 0, -ago).Format("2006-01-02T150405Z") }
	for _, tt := range []struct {
		name       string
		ages, kept []int
	}{
		{"by age", []int{1, 2, 5, 13, 15, 40}, []int{1, 2, 5, 13}},
		{"never the last ones", []int{30, 40, 50, 60}, []int{30, 40}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for _, age := range tt.ages {
				photo := "images/of-" + day(age) + ".jpg"
				write(t, w.file(day(age), "images.list"), photo+"\t1\nimages/of-all.jpg\t1\n")
				write(t, filepath.Join(w.backups, "images", photo), "x")
			}
			write(t, filepath.Join(w.backups, "images/images/of-all.jpg"), "x")
			want := []string{w.mustBackup()}
			photos := []string{photograph, "images/of-all.jpg"}
			for _, age := range tt.kept {
				want, photos = append(want, day(age)), append(photos, "images/of-"+day(age)+".jpg")
			}
			slices.Sort(want)
			if got := w.names(); !slices.Equal(got, want) {
				t.Errorf("kept %q, want %q", got, want)
			}
			for _, photo := range photos {
				if _, err := os.Stat(filepath.Join(w.backups, "images", photo)); err != nil {
					t.Errorf("a photograph of a kept backup is gone: %v", err)
				}
			}
			left, err := os.ReadDir(filepath.Join(w.backups, "images/images"))
			if err != nil || len(left) != len(photos) {
				t.Errorf("%d photographs are left, %v; want %d", len(left), err, len(photos))
			}
		})
	}
}
