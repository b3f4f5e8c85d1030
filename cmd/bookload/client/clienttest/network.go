// Package clienttest lets tests connect a client to a server without the system's network, so that both can live in a
// bubble of testing/synctest.
package clienttest

import (
	"context"
	"net"
)

// A Network is within the process. It is a net.Listener for the one server on it.
type Network struct {
	conns  chan net.Conn
	closed chan struct{}
}

// NewNetwork returns a network on which nobody listens yet.
func NewNetwork() *Network {
	return &Network{conns: make(chan net.Conn), closed: make(chan struct{})}
}

// Dial connects to the server, whatever the address: see client.Config.
func (n *Network) Dial(ctx context.Context, _, _ string) (net.Conn, error) {
	ours, theirs := net.Pipe()
	select {
	case n.conns <- theirs:
		return ours, nil
	case <-n.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Accept implements net.Listener.
func (n *Network) Accept() (net.Conn, error) {
	select {
	case c := <-n.conns:
		return c, nil
	case <-n.closed:
		return nil, net.ErrClosed
	}
}

// Close implements net.Listener. It is called once.
func (n *Network) Close() error {
	close(n.closed)
	return nil
}

// Addr implements net.Listener.
func (n *Network) Addr() net.Addr { return &net.IPAddr{} }
