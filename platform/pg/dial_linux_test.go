package pg_test

import (
	"net"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

// The system itself notices that packets are dropped: in seconds, where by default it takes a quarter of an hour.
func TestDial_NoticesDroppedPackets(t *testing.T) {
	t.Parallel()
	_, c := wireTo(t, pgtest.Config(t))
	conn, err := pgtest.Open(t, c).Acquire(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Release()
	raw, err := conn.Conn().PgConn().Conn().(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	err = raw.Control(func(fd uintptr) {
		for option, want := range map[int]int{
			unix.TCP_USER_TIMEOUT: 10_000, unix.TCP_KEEPIDLE: 10, unix.TCP_KEEPINTVL: 3, unix.TCP_KEEPCNT: 3,
		} {
			if got, err := unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, option); err != nil || got != want {
				t.Errorf("option %d of the connection is %d, %v, want %d", option, got, err, want)
			}
		}
	})
	if err != nil {
		t.Error(err)
	}
}
