package pg

import (
	"strings"
	"syscall"

	"golang.org/x/sys/unix"
)

// boundUnheard ends a connection when what was sent on it is not acknowledged for unheardTime (RFC 5482). Without it
// the system tries for a quarter of an hour.
func boundUnheard(network, _ string, c syscall.RawConn) error {
	if !strings.HasPrefix(network, "tcp") {
		return nil
	}
	var failed error
	err := c.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(unheardTime.Milliseconds()))
	})
	if err != nil {
		return err
	}
	return failed
}
