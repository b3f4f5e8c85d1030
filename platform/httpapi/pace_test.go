package httpapi_test

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

// pipes is a listener whose connections stay in the process, where time can be made to pass.
type pipes chan net.Conn

func (p pipes) Accept() (net.Conn, error) {
	if conn, ok := <-p; ok {
		return conn, nil
	}
	return nil, net.ErrClosed
}

func (p pipes) Close() error   { return nil }
func (p pipes) Addr() net.Addr { return &net.UnixAddr{Name: "pipe"} }

// inBubble runs f with a connection to a server, in a time of its own.
func inBubble(t *testing.T, register func(*httpapi.API), f func(t *testing.T, conn net.Conn)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server := &http.Server{
			Handler: apitest.New(t, admit, register).Handler(), ReadHeaderTimeout: time.Second, WriteTimeout: 30 * time.Second,
		}
		listener := make(pipes, 1)
		done := make(chan error)
		go func() { done <- server.Serve(listener) }()
		client, remote := net.Pipe()
		listener <- remote
		f(t, client)
		_ = client.Close()
		close(listener)
		if err := <-done; !errors.Is(err, net.ErrClosed) {
			t.Errorf("the server ended with %v", err)
		}
		_ = server.Close()
	})
}

// drip sends the bytes of body, size of them in every interval, until all are sent or the server takes no more.
func drip(conn net.Conn, body string, size int, interval time.Duration) {
	for len(body) > 0 {
		piece := body[:min(size, len(body))]
		if _, err := io.WriteString(conn, piece); err != nil {
			return
		}
		body = body[len(piece):]
		<-time.After(interval)
	}
}

func TestPaceOfUploads(t *testing.T) {
	t.Parallel()
	const total = 5 * time.Minute
	for name, tt := range map[string]struct {
		query       string
		size        int // of the file
		each        int // bytes that are sent at a time
		interval    time.Duration
		status      int
		least, most time.Duration // until the answer
	}{
		"a byte now and then":            {"", 1000, 1, 3 * time.Second, 408, 15 * time.Second, 16 * time.Second},
		"just too slow":                  {"", 900 << 10, 2000, time.Second, 408, 15 * time.Second, 16 * time.Second},
		"40 kbit/s":                      {"", 900 << 10, 5000, time.Second, 200, 3 * time.Minute, total},
		"a line that comes and goes":     {"", 900 << 10, 64 << 10, 14 * time.Second, 200, 3 * time.Minute, total},
		"a small file":                   {"", 10000, 1000, time.Second, 200, 9 * time.Second, 15 * time.Second},
		"longer than the whole may take": {"", 1000 << 10, 2500, time.Second, 408, total, total + 2*time.Second},
		"an endpoint that is busy":       {"", 900 << 10, 1 << 20, time.Second, 200, time.Minute, total},
		"refused":                        {"?mode=quota", 1000, 1, 3 * time.Second, 409, 0, 16 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			register := registerSlow(total, nil)
			if strings.Contains(name, "busy") {
				register = registerBusy
			}
			inBubble(t, register, func(t *testing.T, conn net.Conn) { //nolint:thelper // it is the test
				body := form(filePart("a", strings.Repeat("x", tt.size)))
				start := time.Now()
				if _, err := io.WriteString(conn, post("/things/7/files"+tt.query, len(body))); err != nil {
					t.Fatal(err)
				}
				var sender sync.WaitGroup
				sender.Go(func() { drip(conn, body, tt.each, tt.interval) })
				defer sender.Wait()
				defer func() { _ = conn.Close() }()
				r := bufio.NewReader(conn)
				kept := answer(t, r, tt.status)
				if took := time.Since(start); took < tt.least || took > tt.most {
					t.Errorf("answered after %v, want %v to %v", took, tt.least, tt.most)
				}
				if tt.status == http.StatusOK {
					if !kept {
						t.Error("the connection is not kept")
					}
					return
				}
				// What is left of a refused body has to keep coming too.
				answered := time.Now()
				if _, err := io.Copy(io.Discard, r); err != nil || time.Since(answered) > 16*time.Second {
					t.Errorf("closed %v after the answer, %v, want 15s", time.Since(answered), err)
				}
			})
		})
	}
}

// registerBusy declares an endpoint that takes longer than a sender may be silent, over each piece and over the whole.
func registerBusy(api *httpapi.API) {
	rt := httpapi.Route{
		Pattern: "POST /things/{id}/files", ID: "addFiles", Tag: "Things", Summary: "Add files", Access: member,
		MaxBody: maxUpload, Timeout: 5 * time.Minute, Status: http.StatusOK,
	}
	httpapi.Handle(api, rt, func(ctx context.Context, in *fileInput) (*fileOutput, error) {
		for file, err := range in.Files.All() {
			for err == nil {
				_, err = io.CopyN(io.Discard, file, 256<<10)
				<-time.After(20 * time.Second)
			}
			if !errors.Is(err, io.EOF) {
				return nil, err
			}
		}
		<-time.After(20 * time.Second)
		return &fileOutput{}, ctx.Err()
	})
}
