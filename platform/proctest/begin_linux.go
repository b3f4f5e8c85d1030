package proctest

import (
	"runtime"
	"syscall"
)

// begin starts the process from a thread that lives as long as it does. The kernel kills a child when the thread that
// made it ends, and so when the tests are killed, or panic for lack of time, too.
func (p *Process) begin() error {
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := p.cmd.Start()
		started <- err
		if err == nil {
			p.wait()
		}
	}()
	return <-started
}
