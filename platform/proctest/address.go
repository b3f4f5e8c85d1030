package proctest

import (
	"math/rand/v2"
	"net"
	"strconv"
	"testing"
)

// The ports that addresses are taken from. Systems give those above 32767 to connections: one of them might get the port
// of a program that is about to start again.
const (
	lowestPort  = 10_000
	highestPort = 32_767
)

// FreeAddress returns an address of this machine that nobody listened at a moment ago, and that no connection is given
// while nobody does.
func FreeAddress(tb testing.TB) string {
	tb.Helper()
	for {
		port := lowestPort + rand.IntN(highestPort-lowestPort+1) //nolint:gosec // chance, not secrecy
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		// To listen there is no way to find out: a process that is being started has all files for a moment, a listener
		// that is closed by then too.
		if !Accepts(tb.Context(), addr) {
			return addr
		}
	}
}
