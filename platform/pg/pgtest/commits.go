//go:build unix

package pgtest

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/shumbooking/shumbooking/platform/pg"
)

// LoseCommits returns the configuration of a proxy in front of the database of c. Each time that the server has
// committed a transaction on COMMIT, lose says whether the connection ends before the client learns of it.
func LoseCommits(tb testing.TB, c pg.Config, lose func() bool) pg.Config {
	tb.Helper()
	return listen(tb, c, func(client io.Writer, server io.Reader) {
		_ = copyMessages(client, server, lose)
	})
}

// MuteCommits is LoseCommits with a connection that does not end: nothing more of it arrives.
func MuteCommits(tb testing.TB, c pg.Config, mute func() bool) pg.Config {
	tb.Helper()
	return listen(tb, c, func(client io.Writer, server io.Reader) {
		if err := copyMessages(client, server, mute); errors.Is(err, errLost) {
			_, _ = io.Copy(io.Discard, server) // until the client gives up
		}
	})
}

// listen returns the configuration of a proxy in front of the database of c, which answers by reply.
func listen(tb testing.TB, c pg.Config, reply func(client io.Writer, server io.Reader)) pg.Config {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	server := c
	var running sync.WaitGroup
	tb.Cleanup(func() {
		_ = listener.Close()
		running.Wait()
	})
	running.Go(func() {
		for {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			running.Go(func() { proxy(tb.Context(), client, server, reply) })
		}
	})
	c.Host, c.Port, c.SSLMode = "127.0.0.1", listener.Addr().(*net.TCPAddr).Port, "disable"
	return c
}

// proxy serves one connection until either side ends it.
func proxy(ctx context.Context, client net.Conn, c pg.Config, reply func(client io.Writer, server io.Reader)) {
	defer func() { _ = client.Close() }()
	network, address := "tcp", net.JoinHostPort(c.Host, strconv.Itoa(c.Port))
	if strings.HasPrefix(c.Host, "/") {
		network, address = "unix", filepath.Join(c.Host, ".s.PGSQL."+strconv.Itoa(c.Port))
	}
	server, err := new(net.Dialer).DialContext(ctx, network, address)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	var sending sync.WaitGroup
	defer sending.Wait()
	sending.Go(func() {
		_, _ = io.Copy(server, client) // Whoever ends it ends both.
		_ = server.Close()
	})
	reply(client, server)
	_ = client.Close()
}

// errLost is what ends the copying of messages when a reply is to be lost.
var errLost = errors.New("pgtest: the reply is lost")

// copyMessages copies the messages of a server, each of which is a type, its length and its content.
func copyMessages(client io.Writer, server io.Reader, lose func() bool) error {
	in, out := bufio.NewReader(server), bufio.NewWriter(client)
	for {
		const typeAndLength = 5
		head, err := in.Peek(typeAndLength)
		if err != nil {
			return err
		}
		message := make([]byte, 1+int(binary.BigEndian.Uint32(head[1:])))
		if _, err := io.ReadFull(in, message); err != nil {
			return err
		}
		if message[0] == 'C' && string(message[typeAndLength:]) == "COMMIT\x00" && lose() {
			return errLost
		}
		if _, err := out.Write(message); err != nil {
			return err
		}
		if in.Buffered() == 0 {
			if err := out.Flush(); err != nil {
				return err
			}
		}
	}
}
