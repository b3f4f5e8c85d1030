//go:build unix

package pgserver

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// Kill ends all processes of the server at once with SIGKILL, as a loss of power does, and gives the data directory back.
// What was committed is there for the next Start with it. It returns when none of them is left.
func (s *Server) Kill(ctx context.Context) error {
	defer s.release()
	pids, err := s.signalAll(syscall.SIGKILL)
	if err != nil {
		return fmt.Errorf("kill PostgreSQL: %w", err)
	}
	select {
	case <-s.exited:
	case <-ctx.Done():
		return fmt.Errorf("kill PostgreSQL: %w", ctx.Err())
	}
	for _, pid := range pids {
		// One that lives on keeps the memory that the next server needs.
		if !hasEnded(pid) {
			return fmt.Errorf("kill PostgreSQL: process %d does not end", pid)
		}
	}
	return nil
}

// Pause stops all processes of the server where they are, until Resume: connections stay and nothing answers.
func (s *Server) Pause() error {
	if _, err := s.signalAll(syscall.SIGSTOP); err != nil {
		return fmt.Errorf("pause PostgreSQL: %w", err)
	}
	return nil
}

// Resume ends a Pause.
func (s *Server) Resume() error {
	if _, err := s.signalAll(syscall.SIGCONT); err != nil {
		return fmt.Errorf("resume PostgreSQL: %w", err)
	}
	return nil
}

// signalAll sends a signal to all processes of the server, and returns those that it has beside its first.
func (s *Server) signalAll(sig syscall.Signal) ([]int, error) {
	first := s.cmd.Process
	// While it stands still it makes no more of them.
	if err := first.Signal(syscall.SIGSTOP); errors.Is(err, os.ErrProcessDone) {
		return nil, nil
	} else if err != nil {
		return nil, err
	}
	pids, err := children(first.Pid)
	for _, pid := range pids {
		if gone := syscall.Kill(pid, sig); !errors.Is(gone, syscall.ESRCH) {
			err = errors.Join(err, gone)
		}
	}
	err = errors.Join(err, first.Signal(sig))
	if sig != syscall.SIGSTOP && sig != syscall.SIGKILL {
		err = errors.Join(err, first.Signal(syscall.SIGCONT))
	}
	return pids, err
}

// children returns the processes that a process has started.
func children(parent int) ([]int, error) {
	stats, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		return nil, err
	}
	var lines []byte
	for _, path := range stats {
		if stat, err := os.ReadFile(path); err == nil { // It may have ended.
			lines = append(lines, parentage(stat)...)
		}
	}
	if len(stats) == 0 {
		if lines, err = exec.Command("ps", "-A", "-o", "pid=,ppid=").Output(); err != nil {
			return nil, fmt.Errorf("list processes: %w", err)
		}
	}
	var pids []int
	for line := range strings.Lines(string(lines)) {
		if f := strings.Fields(line); len(f) == 2 && f[1] == strconv.Itoa(parent) {
			pids = append(pids, number(f[0]))
		}
	}
	return pids, nil
}

// parentage returns the number of a process and of its parent, from proc_pid_stat(5). The name between them has what it likes.
func parentage(stat []byte) []byte {
	pid, _, _ := bytes.Cut(stat, []byte(" "))
	rest := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	if len(rest) < 2 {
		return nil
	}
	return fmt.Appendf(nil, "%s %s\n", pid, rest[1])
}
