package proctest

import (
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
)

// The ports that addresses are taken from. Systems give those above them to connections: one of these might get the port
// of a program that is about to start again.
const (
	lowestPort = 10_000
	ports      = 22_768
)

// turns counts the addresses of this process, so that none is given twice, from anywhere, as others may run beside it.
var turns = sync.OnceValue(func() *atomic.Uint64 {
	n := new(atomic.Uint64)
	n.Store(rand.Uint64N(ports)) //nolint:gosec // chance, not secrecy
	return n
})

// FreeAddress returns an address of this machine that nobody listened at a moment ago, and that no connection is given
// while nobody does.
func FreeAddress(tb testing.TB) string {
	tb.Helper()
	for {
		port := lowestPort + int(turns().Add(1)%ports)
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
		// To listen there is no way to find out: a process that is being started has all files for a moment, a listener
		// that is closed by then too.
		if !Accepts(tb.Context(), addr) {
			return addr
		}
	}
}
