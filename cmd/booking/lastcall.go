package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"syscall"
)

// A lastCall is a listener that still accepts, when it is closed, what waits to be accepted. The kernel would reset those
// connections, whose clients may have sent requests by then and could not know whether to send them again.
type lastCall struct {
	net.Listener
	mu   sync.Mutex
	left []net.Conn
}

// newLastCall returns a listener in place of another, which it closes.
func newLastCall(listener net.Listener) net.Listener { return &lastCall{Listener: listener} }

// Accept returns the next connection. After Close those follow that were left, and then net.ErrClosed.
func (l *lastCall) Accept() (net.Conn, error) {
	conn, err := l.Listener.Accept()
	if !errors.Is(err, net.ErrClosed) {
		return conn, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.left) == 0 {
		return nil, err
	}
	conn, l.left = l.left[0], l.left[1:]
	return conn, nil
}

// Close ends the listener. It returns an error where connections may have been lost.
func (l *lastCall) Close() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	waiting, err := acceptWaiting(l.Listener)
	// At once: whoever comes between the two is lost.
	err = errors.Join(err, l.Listener.Close())
	for _, fd := range waiting {
		conn, wrong := connOf(fd)
		if wrong != nil {
			err = errors.Join(err, wrong)
			continue
		}
		l.left = append(l.left, conn)
	}
	if err != nil {
		return fmt.Errorf("close the listener: %w", err)
	}
	return nil
}

// acceptWaiting returns the descriptors of the connections that wait to be accepted.
func acceptWaiting(listener net.Listener) (waiting []int, err error) {
	socket, ok := listener.(syscall.Conn)
	if !ok {
		return nil, nil
	}
	raw, err := socket.SyscallConn()
	if err != nil {
		return nil, err
	}
	err = raw.Control(func(fd uintptr) {
		// The socket does not block: the first other error is that nobody waits, or one that Accept told before.
		for {
			conn, _, refused := syscall.Accept(int(fd))
			switch {
			case refused == nil:
				waiting = append(waiting, conn)
			case !errors.Is(refused, syscall.ECONNABORTED) && !errors.Is(refused, syscall.EINTR):
				return
			}
		}
	})
	return waiting, err
}

// connOf makes a connection of a descriptor, which it takes over.
func connOf(fd int) (net.Conn, error) {
	syscall.CloseOnExec(fd)
	file := os.NewFile(uintptr(fd), "connection")
	defer file.Close()
	return net.FileConn(file)
}
