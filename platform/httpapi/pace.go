package httpapi

import (
	"io"
	"net/http"
	"time"
)

const (
	// paceBytes must arrive in every paceWindow that the server waits for a multipart body: 17 kbit/s. A phone whose
	// line carries 40 kbit/s sends them in 6.6 s, and may be without a line for the other 8.4 s.
	paceBytes  = 32 << 10
	paceWindow = 15 * time.Second
)

// A pacedBody is a body that has to keep coming. Who sends a byte now and then would otherwise hold a place among
// the uploads for as long as ten photographs may take.
type pacedBody struct {
	body io.Reader
	conn *http.ResponseController
	end  time.Time     // of all reading
	read int           // bytes, in this window
	left time.Duration // of waiting, in this window
}

func newPacedBody(body io.Reader, conn *http.ResponseController, end time.Time) *pacedBody {
	return &pacedBody{body: body, conn: conn, end: end, left: paceWindow}
}

// await moves the deadline of the connection to the end of the window.
func (b *pacedBody) await() {
	deadline := time.Now().Add(b.left)
	if deadline.After(b.end) {
		deadline = b.end
	}
	// What is not a connection, as in tests, has no deadlines.
	_ = b.conn.SetReadDeadline(deadline)
}

// Read waits no longer than what is left of the window. Only the time that passes here is the sender's: not that in
// which the endpoint is busy with what arrived before.
func (b *pacedBody) Read(p []byte) (int, error) {
	b.await()
	start := time.Now()
	n, err := b.body.Read(p)
	b.left -= time.Since(start)
	if b.read += n; b.read >= paceBytes {
		b.read, b.left = 0, paceWindow
	}
	return n, err
}
