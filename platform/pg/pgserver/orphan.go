//go:build unix

package pgserver

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// postmaster is the file in a data directory that names the server's process.
const postmaster = "postmaster.pid"

// runningServer returns the process id that a file begins with, and 0 when that
// server is gone. A process is taken for it only when its command line names
// dir, because the kernel gives ids out again.
func runningServer(pidFile, dir string) (int, error) {
	text, err := os.ReadFile(pidFile)
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	// What is not a number is 0, which is no process.
	if pid, _ := strconv.Atoi(first); pid > 0 && bytes.Contains(commandLine(pid), []byte(dir)) {
		return pid, nil
	}
	return 0, nil
}

// commandLine is empty for a process that is gone.
func commandLine(pid int) []byte {
	if line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err == nil {
		return line
	}
	line, err := exec.Command("ps", "-o", "args=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return nil
	}
	return line
}

// checkUnused returns an error when a server runs on the data, and removes the
// mark of one that ended without doing so: its process id may be someone else's
// by now, which would keep PostgreSQL from starting.
func checkUnused(data string) error {
	pidFile := filepath.Join(data, postmaster)
	pid, err := runningServer(pidFile, data)
	if err != nil {
		return err
	}
	if pid != 0 {
		return fmt.Errorf("%s is in use by pid %d, a PostgreSQL server without its owner", data, pid)
	}
	if err := os.Remove(pidFile); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// endOrphan ends the server of a run directory without an owner, if one runs.
func endOrphan(run string) error {
	pid, err := runningServer(filepath.Join(run, pidName), run)
	if err != nil || pid == 0 {
		return err
	}
	for _, sig := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGKILL} {
		if err := syscall.Kill(pid, sig); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("end the orphan server %d: %w", pid, err)
		}
		if hasEnded(pid) {
			return nil
		}
	}
	return fmt.Errorf("the orphan server %d does not end", pid)
}

// hasEnded waits for a process that is not a child of this one, which nothing announces the end of.
func hasEnded(pid int) bool {
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for deadline := time.Now().Add(killTimeout); time.Now().Before(deadline); <-look.C {
		// Where nobody collects dead processes, the id stays and the command line goes.
		if len(commandLine(pid)) == 0 && !ending(pid) {
			return true
		}
	}
	return false
}

// ending reports whether a process, which has given its memory back, still has files open.
func ending(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	state := bytes.TrimLeft(stat[bytes.LastIndexByte(stat, ')')+1:], " ")
	return !bytes.HasPrefix(state, []byte("Z")) && !bytes.HasPrefix(state, []byte("X"))
}
