//go:build !linux

package pg

import "syscall"

// boundUnheard does nothing here: the system itself decides how long it waits for an acknowledgment.
func boundUnheard(string, string, syscall.RawConn) error { return nil }
