package httpapi_test

import (
	"bufio"
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

// registerSlow declares an endpoint with a time of its own, and one without.
func registerSlow(timeout time.Duration, started chan<- struct{}) func(*httpapi.API) {
	return func(api *httpapi.API) {
		rt := httpapi.Route{
			Pattern: "POST /things/{id}/files", ID: "addFiles", Tag: "Things", Summary: "Add files", Access: member,
			MaxBody: maxUpload, Timeout: timeout,
		}
		httpapi.Handle(api, rt, func(ctx context.Context, in *fileInput) (*fileOutput, error) {
			if started != nil {
				started <- struct{}{}
			}
			return addFiles(ctx, in)
		})
		quick := httpapi.Route{Pattern: "GET /wait", ID: "wait", Tag: "Things", Summary: "Wait", Access: httpapi.Public}
		httpapi.Handle(api, quick, func(ctx context.Context, _ *struct{}) (*httpapi.Empty, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		})
	}
}

func TestTimeoutOutlastsTheServers(t *testing.T) {
	t.Parallel()
	const impatient = 100 * time.Millisecond
	started := make(chan struct{})
	s := startServer(t, impatient, impatient, registerSlow(time.Minute, started))
	conn := dial(t, s)
	r := bufio.NewReader(conn)
	body := form(filePart("a", "x"))
	for range 2 {
		if _, err := io.WriteString(conn, post("/things/7/files", len(body))); err != nil {
			t.Fatal(err)
		}
		<-started
		<-time.After(3 * impatient)
		if _, err := io.WriteString(conn, body); err != nil {
			t.Fatal(err)
		}
		if !answer(t, r, http.StatusOK) {
			t.Error("the connection is not kept")
		}
	}
}

// The time of an upload is for those who may upload.
func TestTimeoutIsNotForStrangers(t *testing.T) {
	t.Parallel()
	s := startServer(t, 100*time.Millisecond, 30*time.Second, registerSlow(time.Minute, nil))
	stranger := strings.Replace(post("/things/7/files", 1000), "Bearer good", "Bearer x", 1)
	for request, status := range map[string]int{
		stranger: http.StatusUnauthorized,
		strings.Replace(stranger, formB, "x/y", 1): http.StatusUnsupportedMediaType,
	} {
		conn := dial(t, s)
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		// Given a minute, the server would wait for the body that long.
		answer(t, bufio.NewReader(conn), status)
	}
}

func TestStalledUpload(t *testing.T) {
	t.Parallel()
	s := startServer(t, 15*time.Second, 100*time.Millisecond, registerSlow(200*time.Millisecond, nil))
	for name, sent := range map[string]string{"in a header": "--b\r\nConte", "in a file": "--b\r\n" + filePart("a", "x"), "at once": ""} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := dial(t, s)
			if _, err := io.WriteString(conn, post("/things/7/files", 1000)+sent); err != nil {
				t.Fatal(err)
			}
			if answer(t, bufio.NewReader(conn), http.StatusRequestTimeout) {
				t.Error("the connection is kept, and what comes late would be the next request")
			}
		})
	}
}

// deadlines notes those that a connection gets.
type deadlines struct {
	*httptest.ResponseRecorder
	read, write []time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error {
	d.read = append(d.read, t)
	return nil
}

func (d *deadlines) SetWriteDeadline(t time.Time) error {
	d.write = append(d.write, t)
	return nil
}

// A server sets its own deadlines for every request, but where it has none for writing it leaves ours.
func TestDeadlines(t *testing.T) {
	t.Parallel()
	var end time.Time
	c := apitest.New(t, admit, func(api *httpapi.API) {
		rt := httpapi.Route{
			Pattern: "GET /slow", ID: "getSlow", Tag: "Things", Summary: "Slow", Access: httpapi.Public, Timeout: time.Minute,
		}
		httpapi.Handle(api, rt, func(ctx context.Context, _ *struct{}) (*httpapi.Empty, error) {
			end, _ = ctx.Deadline()
			return nil, nil
		})
	})
	for _, limit := range []time.Duration{0, time.Second} {
		conn := &deadlines{ResponseRecorder: httptest.NewRecorder()}
		server := &http.Server{WriteTimeout: limit, ReadHeaderTimeout: time.Second}
		before := time.Now()
		ctx := context.WithValue(t.Context(), http.ServerContextKey, server)
		c.Handler().ServeHTTP(conn, httptest.NewRequestWithContext(ctx, "GET", "/slow", nil))
		if got := end.Sub(before); got < time.Minute || got > 2*time.Minute {
			t.Errorf("the endpoint has %v, want a minute", got)
		}
		if len(conn.read) != 1 || conn.read[0].Sub(end) < time.Second/2 || conn.write[0].Sub(conn.read[0]) < time.Second {
			t.Errorf("deadlines of the endpoint %v, for reading %v and writing %v, want each a while after the one before", end, conn.read, conn.write)
		}
		if last := conn.write[len(conn.write)-1]; last.IsZero() != (limit == 0) {
			t.Errorf("with a limit of %v the last deadline for writing is %v", limit, last)
		}
	}
}
