package pgserver

import "syscall"

// endWithParent asks the kernel for SIGQUIT, PostgreSQL's immediate shutdown,
// when the thread that starts the process ends, by kill -9 of its process too.
func endWithParent(attr *syscall.SysProcAttr) {
	attr.Pdeathsig = syscall.SIGQUIT
}
