//go:build unix && !linux

package pgserver

import "syscall"

// endWithParent does nothing: only Linux signals the children of a dead
// process. Elsewhere the next Start ends the orphan of a killed one.
func endWithParent(*syscall.SysProcAttr) {}
