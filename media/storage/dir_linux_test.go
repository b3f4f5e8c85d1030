package storage_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/media/storage"
)

// These tests need processes of their own: limits, the umask, tracing and death are for whole processes.
const (
	childTask = "STORAGE_TEST_TASK"
	childDir  = "STORAGE_TEST_DIR"
)

const childFile = 100_000

func TestMain(m *testing.M) {
	if task := os.Getenv(childTask); task != "" {
		fmt.Println(perform(task, os.Getenv(childDir)))
		return
	}
	os.Exit(m.Run())
}

// perform puts a file under adverse conditions and tells what came of it.
func perform(task, dir string) string {
	var content io.Reader = bytes.NewReader(make([]byte, childFile))
	switch task {
	case "limit":
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: childFile / 2, Max: childFile / 2}); err != nil {
			return err.Error()
		}
	case "umask":
		syscall.Umask(0o077)
	case "die":
		content = io.MultiReader(bytes.NewReader(make([]byte, childFile/2)), readerFunc(func([]byte) (int, error) {
			fmt.Println("half written")
			select {}
		}))
	}
	d, err := storage.OpenDir(dir)
	if err != nil {
		return err.Error()
	}
	err = d.Put(context.Background(), "images/a", content, childFile)
	return fmt.Sprintf("unavailable=%t too_big=%t error=%v", errors.Is(err, storage.ErrUnavailable), errors.Is(err, syscall.EFBIG), err)
}

// child returns a command that performs a task on a directory.
func child(t *testing.T, task, dir string) *exec.Cmd {
	t.Helper()
	executable, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), executable)
	c.Env = append(os.Environ(), childTask+"="+task, childDir+"="+dir)
	return c
}

func TestFullDisk(t *testing.T) {
	t.Parallel()
	d, path := openDir(t)
	put(t, d, "images/a", "first")
	output, err := child(t, "limit", path).CombinedOutput()
	if err != nil || !strings.Contains(string(output), "unavailable=true too_big=true error=put images/a: ") {
		t.Errorf("Put() without room: %v\n%s", err, output)
	}
	if got, _ := content(t, d, "images/a"); got != "first" {
		t.Errorf("the key holds %d bytes, want what it had before", len(got))
	}
	if got := filesBelow(t, path); !slices.Equal(got, []string{"images/a"}) {
		t.Errorf("the directory has %q, want images/a alone", got)
	}
}

func TestModesWhateverTheUmask(t *testing.T) {
	t.Parallel()
	_, path := openDir(t)
	if output, err := child(t, "umask", path).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	for name, want := range map[string]os.FileMode{"images": os.ModeDir | 0o755, "images/a": 0o644} {
		info, err := os.Stat(filepath.Join(path, name))
		if err != nil || info.Mode() != want {
			t.Errorf("%s has mode %v, %v; want %v", name, info.Mode(), err, want)
		}
	}
}

func TestKilledWhileWriting(t *testing.T) {
	t.Parallel()
	d, path := openDir(t)
	c := child(t, "die", path)
	stdout, err := c.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	line := make([]byte, len("half written\n"))
	if _, err := io.ReadFull(stdout, line); err != nil {
		t.Fatal(err)
	}
	if err := c.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = c.Wait() // It was killed.
	if got := keys(t, d, ""); got != nil {
		t.Errorf("the keys are %q, want none", got)
	}
	if got := filesBelow(t, path); len(got) != 1 || !strings.HasPrefix(got[0], ".partial/") {
		t.Errorf("the directory has %q, want one piece", got)
	}
	if removed, err := d.Tidy(t.Context(), time.Now().Add(time.Minute)); removed != 1 || err != nil {
		t.Errorf("Tidy() = %d, %v; want 1", removed, err)
	}
	if got := filesBelow(t, path); got != nil {
		t.Errorf("the directory has %q, want nothing", got)
	}
}
