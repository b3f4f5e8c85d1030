package storage_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// What makes a file durable cannot be seen from what is there afterwards, but from what the kernel is asked: all
// bytes, then a sync of them, then the new name, then a sync of the directories.
func TestPutSyncsBeforeAndAfterRenaming(t *testing.T) {
	t.Parallel()
	_, path := openDir(t)
	var steps []string
	for _, call := range trace(t, child(t, "put", path)) {
		call = strings.ReplaceAll(call, path, "")
		if i := strings.Index(call, "/.partial/"); i >= 0 {
			call = call[:i] + "piece"
		}
		if !slices.Contains([]string{"write piece", "sync piece", "rename", "sync /images", "sync "}, call) {
			continue
		}
		if len(steps) == 0 || steps[len(steps)-1] != call {
			steps = append(steps, call)
		}
	}
	// The first attempt to rename finds that the directory is still missing.
	want := []string{"write piece", "sync piece", "rename", "sync /images", "sync "}
	if !slices.Equal(steps, want) {
		t.Errorf("the kernel was asked for %q, want %q", steps, want)
	}
}

// trace runs a command and returns its writes, syncs and renames with the path of their file.
func trace(t *testing.T, c *exec.Cmd) []string {
	t.Helper()
	runtime.LockOSThread() // A thread is the tracer.
	defer runtime.UnlockOSThread()
	c.SysProcAttr = &syscall.SysProcAttr{Ptrace: true, Setpgid: true}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	var calls []string
	started := false
	for {
		var status unix.WaitStatus
		thread, err := unix.Wait4(-c.Process.Pid, &status, unix.WALL, nil)
		if errors.Is(err, unix.EINTR) {
			continue
		}
		if errors.Is(err, unix.ECHILD) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if !status.Stopped() {
			continue
		}
		if !started {
			started = true
			if err := unix.PtraceSetOptions(thread, unix.PTRACE_O_TRACECLONE|unix.PTRACE_O_TRACESYSGOOD|unix.PTRACE_O_EXITKILL); err != nil {
				t.Fatal(err)
			}
		}
		deliver := 0
		switch stop := status.StopSignal(); stop {
		case unix.SIGTRAP | 0x80:
			calls = append(calls, tracedCall(t, thread)...)
		case unix.SIGTRAP, unix.SIGSTOP:
		default:
			deliver = int(stop)
		}
		if err := unix.PtraceSyscall(thread, deliver); err != nil && !errors.Is(err, unix.ESRCH) {
			t.Fatal(err)
		}
	}
	_ = c.Wait() // It was waited for above.
	return calls
}

// tracedCall describes the system call that a thread is about to make, if it is of interest.
func tracedCall(t *testing.T, thread int) []string {
	t.Helper()
	var info struct { // ptrace_syscall_info of linux/ptrace.h
		op    uint8
		_     [3]uint8
		arch  uint32
		ip    uint64
		sp    uint64
		nr    uint64
		args  [6]uint64
		extra [2]uint64
	}
	const entry = 1
	_, _, errno := unix.Syscall6(unix.SYS_PTRACE, unix.PTRACE_GET_SYSCALL_INFO, uintptr(thread),
		unsafe.Sizeof(info), uintptr(unsafe.Pointer(&info)), 0, 0)
	if errno != 0 {
		t.Fatal(errno)
	}
	if info.op != entry {
		return nil
	}
	names := map[uint64]string{
		unix.SYS_WRITE: "write", unix.SYS_FSYNC: "sync", unix.SYS_RENAMEAT: "rename", unix.SYS_RENAMEAT2: "rename",
	}
	name, interesting := names[info.nr]
	if !interesting {
		return nil
	}
	if name == "rename" {
		return []string{name}
	}
	file, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", thread, info.args[0]))
	if err != nil {
		t.Fatal(err)
	}
	return []string{name + " " + file}
}
