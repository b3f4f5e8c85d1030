package performance_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"sync"
	"syscall"
	"testing"
	"time"
)

// A line is one connection to the API. It does what a load generator in C does: it writes bytes that are ready, reads
// the answer, and looks at the status and the length alone, so that the machine is left to what is measured.
type line struct {
	conn net.Conn
	in   *bufio.Reader
}

func dial(ctx context.Context, address string) (*line, error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &line{conn: conn, in: bufio.NewReaderSize(conn, 64<<10)}, nil
}

// hangUp ends the connection. Who has been answered has nothing to lose.
func (l *line) hangUp() { _ = l.conn.Close() }

// ask sends a request and returns the status of the answer, whose body it passes over.
func (l *line) ask(request []byte) (status int, err error) {
	status, length, err := l.head(request)
	if err == nil {
		_, err = l.in.Discard(length)
	}
	return status, err
}

// read is ask for those who need the body.
func (l *line) read(request []byte) (status int, body []byte, err error) {
	status, length, err := l.head(request)
	if err != nil {
		return 0, nil, err
	}
	body = make([]byte, length)
	_, err = io.ReadFull(l.in, body)
	return status, body, err
}

var (
	errNoStatus  = errors.New("the answer has no status")
	lengthHeader = []byte("Content-Length: ")
)

// head sends a request and reads the answer up to its body.
func (l *line) head(request []byte) (status, length int, err error) {
	if _, err := l.conn.Write(request); err != nil {
		return 0, 0, err
	}
	first, err := l.in.ReadSlice('\n')
	if err != nil {
		return 0, 0, err
	}
	if len(first) < len("HTTP/1.1 200") {
		return 0, 0, errNoStatus
	}
	if status, err = strconv.Atoi(string(first[9:12])); err != nil {
		return 0, 0, err
	}
	for {
		header, err := l.in.ReadSlice('\n')
		if err != nil {
			return 0, 0, err
		}
		if value, found := bytes.CutPrefix(header, lengthHeader); found {
			if length, err = strconv.Atoi(string(bytes.TrimSpace(value))); err != nil {
				return 0, 0, err
			}
		}
		if len(header) <= len("\r\n") {
			return status, length, nil
		}
	}
}

// A stream is what some clients do at the same time, each its next request once the last was answered.
type stream struct {
	address string
	clients int
	time    time.Duration
	// request appends the n-th request of a client.
	request func(buf []byte, client, n int) []byte
	// want are the statuses that answers may have. The first is what is counted.
	want []int
}

// An outcome is what a stream came to.
type outcome struct {
	elapsed time.Duration
	// counted answers had the first of the statuses wanted, all had any of them.
	counted, all int
	// times are how long the answers took, in order of length.
	times []time.Duration
	// cpu is what the clients took of the processors.
	cpu time.Duration
}

func (o *outcome) perSecond() float64 { return float64(o.counted) / o.elapsed.Seconds() }

// quantile returns the time that a share q of the answers did not exceed.
func (o *outcome) quantile(q float64) time.Duration {
	return o.times[min(int(q*float64(len(o.times))), len(o.times)-1)]
}

// run sends the stream to the API, and fails the benchmark for an answer that is not wanted.
func (l stream) run(tb testing.TB) *outcome {
	tb.Helper()
	clients := make([]*tally, l.clients)
	for i := range clients {
		conn, err := dial(tb.Context(), l.address)
		if err != nil {
			tb.Fatal(err)
		}
		clients[i] = &tally{line: conn}
		defer conn.hangUp()
	}
	cpu, start := processorTime(tb), time.Now()
	var wg sync.WaitGroup
	for i, t := range clients {
		wg.Go(func() { t.err = l.send(t, i, start.Add(l.time)) })
	}
	wg.Wait()
	o := &outcome{elapsed: time.Since(start), cpu: processorTime(tb) - cpu}
	for _, t := range clients {
		if t.err != nil {
			tb.Fatal(t.err)
		}
		o.counted += t.counted
		o.times = append(o.times, t.times...)
	}
	slices.Sort(o.times)
	o.all = len(o.times)
	return o
}

// A tally is what one client of a stream counts.
type tally struct {
	*line
	counted int
	times   []time.Duration
	err     error
}

// send is one client.
func (l stream) send(t *tally, client int, end time.Time) error {
	buf := make([]byte, 0, 4<<10)
	for n, begun := 0, time.Now(); begun.Before(end); n++ {
		buf = l.request(buf[:0], client, n)
		status, err := t.ask(buf)
		if err != nil {
			return err
		}
		if !slices.Contains(l.want, status) {
			return fmt.Errorf("status %d, want %v, of\n%s", status, l.want, buf)
		}
		if status == l.want[0] {
			t.counted++
		}
		now := time.Now()
		t.times = append(t.times, now.Sub(begun))
		begun = now
	}
	return nil
}

// processorTime returns what this process has taken of the processors so far.
func processorTime(tb testing.TB) time.Duration {
	tb.Helper()
	var used syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
