package main

import (
	"errors"
	"io"
	"net"
	"testing"
)

// Whoever was connected when the listener was closed is heard.
func TestLastCall(t *testing.T) {
	t.Parallel()
	socket := loopback(t)
	listener := newLastCall(socket)
	for _, said := range []string{"a", "b", "c"} {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", socket.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(conn, said); err != nil {
			t.Fatal(err)
		}
		defer hangUp(conn)
	}
	if err := listener.Close(); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"a", "b", "c"} {
		conn, err := listener.Accept()
		if err != nil {
			t.Fatalf("%q is not heard: %v", want, err)
		}
		heard := make([]byte, 1)
		if _, err := io.ReadFull(conn, heard); err != nil || string(heard) != want {
			t.Errorf("heard %q, %v, want %q", heard, err, want)
		}
		hangUp(conn)
	}
	if _, err := listener.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("after the last one Accept() = %v, want that the listener is closed", err)
	}
	if err := listener.Close(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Close() again = %v, want that the listener is closed", err)
	}
}
