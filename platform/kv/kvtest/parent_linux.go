package kvtest

import (
	"runtime"
	"syscall"
)

// dieWithParent makes the kernel end a server whose test was killed.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

// begin starts the server from a thread that lives as long as it does: the signal comes when that thread ends, not
// the process.
func (s *server) begin() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		if err := s.cmd.Start(); err != nil {
			started <- err
			return
		}
		started <- nil
		_ = s.cmd.Wait() // that it was killed is no news
		close(s.exited)
	}()
	return <-started
}
