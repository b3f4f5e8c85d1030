package httpapi_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/platform/errs"
	"github.com/shumbooking/shumbooking/platform/httpapi"
	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
)

// startServer serves the API over TCP with deadlines for reading and writing, as programs do.
func startServer(t *testing.T, read, write time.Duration, register ...func(*httpapi.API)) *httptest.Server {
	t.Helper()
	s := httptest.NewUnstartedServer(apitest.New(t, authenticate, register...).Handler())
	s.Config.ReadTimeout, s.Config.WriteTimeout = read, write
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// dial opens a connection to s that fails rather than hangs.
func dial(t *testing.T, s *httptest.Server) *net.TCPConn {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(20 * time.Second)); err != nil {
		t.Fatal(err)
	}
	return conn.(*net.TCPConn)
}

// post returns the head of an upload, with more header lines.
func post(target string, length int, lines ...string) string {
	head := "POST " + target + " HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\nContent-Type: " + formB + "\r\n"
	if length >= 0 {
		head += fmt.Sprintf("Content-Length: %d\r\n", length)
	}
	return head + strings.Join(append(lines, "", ""), "\r\n")
}

// answer reads a response of that status and reports whether the connection is kept after it.
func answer(t *testing.T, r *bufio.Reader, status int) (kept bool) {
	t.Helper()
	res, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatalf("no answer: %v, want %d", err, status)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != status {
		t.Fatalf("answer = %d %s, %v, want %d", res.StatusCode, body, err, status)
	}
	return !res.Close
}

// chunked returns body in the chunked coding.
func chunked(body string) string {
	return fmt.Sprintf("%x\r\n%s\r\n0\r\n\r\n", len(body), body)
}

// Most clients write all before they read anything: the connection must not be reset under them.
func TestRefusalReachesWhoWritesFirst(t *testing.T) {
	t.Parallel()
	s := startServer(t, 15*time.Second, 30*time.Second, registerBigFiles)
	file := filePart("a", strings.Repeat("x", bigUpload/2))
	large := form(file, file, file)
	whole := form(file)
	for name, tt := range map[string]struct {
		request string
		status  int
	}{
		"too large by its header": {post("/things/7/files", len(large)) + large, 413},
		"too large when read":     {post("/things/7/files", -1, "Transfer-Encoding: chunked") + chunked(large), 413},
		"refused unread":          {post("/things/7/files?mode=quota", len(whole)) + whole, 409},
		"refused half read":       {post("/things/7/files?mode=fail", len(whole)) + whole, 409},
		"wrong media type":        {strings.Replace(post("/things/7/files", len(whole)), formB, "x/y", 1) + whole, 415},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn := dial(t, s)
			if _, err := io.WriteString(conn, tt.request); err != nil {
				t.Fatalf("the request is not taken: %v", err)
			}
			answer(t, bufio.NewReader(conn), tt.status)
		})
	}
}

// Who reads while writing is told at once, and need not go on.
func TestRefusalComesAtOnce(t *testing.T) {
	t.Parallel()
	s := startServer(t, time.Minute, time.Minute, registerBigFiles)
	conn := dial(t, s)
	if _, err := io.WriteString(conn, post("/things/7/files?mode=quota", bigUpload)+"--b"); err != nil {
		t.Fatal(err)
	}
	answer(t, bufio.NewReader(conn), 409)
}

// A refused body has the time of one that is taken.
func TestRefusedBodyHasTime(t *testing.T) {
	t.Parallel()
	const impatient = 100 * time.Millisecond
	s := startServer(t, impatient, impatient, registerBigFiles)
	conn := dial(t, s)
	if _, err := io.WriteString(conn, post("/things/7/files", bigUpload+1)); err != nil {
		t.Fatal(err)
	}
	<-time.After(3 * impatient)
	if _, err := io.WriteString(conn, strings.Repeat("x", bigUpload+1)); err != nil {
		t.Fatalf("the body is not taken: %v", err)
	}
	answer(t, bufio.NewReader(conn), 413)
}

const bigUpload = 32 << 20

// registerBigFiles declares an endpoint whose bodies do not fit into the buffers of a connection.
func registerBigFiles(api *httpapi.API) {
	rt := httpapi.Route{
		Pattern: "POST /things/{id}/files", ID: "addFiles", Tag: "Things", Summary: "Add files", Access: member,
		MaxBody: bigUpload, Timeout: time.Minute, Errors: []errs.Kind{kindQuota},
	}
	httpapi.Handle(api, rt, func(_ context.Context, in *struct {
		thingPath
		Mode  string        `query:"mode"`
		Files httpapi.Files `part:"file" maxItems:"3"`
	},
	) (*httpapi.Empty, error) {
		if in.Mode == "quota" {
			return nil, kindQuota.New("")
		}
		for file, err := range in.Files.All() {
			if err != nil {
				return nil, err
			}
			if in.Mode == "fail" {
				return nil, kindQuota.New("")
			}
			if _, err := io.Copy(io.Discard, file); err != nil {
				return nil, err
			}
		}
		return nil, nil
	})
}

// meter counts what is read of it.
type meter struct {
	io.Reader
	read int
}

func (m *meter) Read(p []byte) (int, error) {
	n, err := m.Reader.Read(p)
	m.read += n
	return n, err
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

func TestHowMuchIsReadOfRefusedBodies(t *testing.T) {
	t.Parallel()
	c := newFilesClient(t)
	for name, tt := range map[string]struct {
		token, target, contentType string
		expect                     string
		length                     int64
		status                     int
		least, most                int
	}{
		"without sign-in":            {"", "/things/7/files", formB, "", -1, 401, 0, 0},
		"with a lower role":          {"weak", "/things/7/files", formB, "", -1, 403, 0, 0},
		"wrong type without sign-in": {"", "/things/7/files", "x/y", "", -1, 415, 0, 0},
		"too large without sign-in":  {"", "/things/7/files", formB, "", maxUpload + 9, 413, 0, 0},
		"too large":                  {"good", "/things/7/files", formB, "", maxUpload + 9, 413, maxUpload + 9, 2 * maxUpload},
		"too large without a length": {"good", "/things/7/files", formB, "", -1, 413, 2 * maxUpload, 2 * maxUpload},
		"far too large":              {"good", "/things/7/files", formB, "", 2*maxUpload + 1, 413, 0, 0},
		"too large for anyone":       {"", "/open/7/files", formB, "", maxUpload + 9, 413, maxUpload + 9, 2 * maxUpload},
		"wrong type":                 {"good", "/things/7/files", "x/y", "", maxUpload, 415, maxUpload, 2 * maxUpload},
		"refused by the endpoint":    {"good", "/things/7/files?mode=quota", formB, "", maxUpload, 409, maxUpload, 2 * maxUpload},
		"not sent yet":               {"good", "/things/7/files?mode=quota", formB, "100-Continue", maxUpload, 409, 0, 0},
		"too large and not sent yet": {"good", "/things/7/files", formB, "100-continue", maxUpload + 9, 413, 0, 0},
	} {
		body := &meter{Reader: endless{}}
		req := httptest.NewRequest("POST", tt.target, body)
		req.ContentLength = tt.length
		req.Header.Set("Content-Type", tt.contentType)
		req.Header.Set("Expect", tt.expect)
		c.As(tt.token).Send(req).Want(tt.status)
		if body.read < tt.least || body.read > tt.most {
			t.Errorf("%s: %d bytes were read, want %d to %d", name, body.read, tt.least, tt.most)
		}
	}
}

// Who asks before sending gets a refusal instead of the invitation to send.
func TestExpectContinue(t *testing.T) {
	t.Parallel()
	s := startServer(t, 15*time.Second, 30*time.Second, registerFiles)
	body := form(filePart("a", "x"))
	for request, status := range map[string]int{
		post("/things/7/files", maxUpload+1, "Expect: 100-continue"):                                              413,
		post("/things/7/files?mode=quota", len(body), "Expect: 100-continue"):                                     409,
		strings.Replace(post("/things/7/files", len(body), "Expect: 100-continue"), "Bearer good", "Bearer x", 1): 401,
		strings.Replace(post("/things/7/files", len(body), "Expect: 100-continue"), formB, "text/plain", 1):       415,
	} {
		conn := dial(t, s)
		if _, err := io.WriteString(conn, request); err != nil {
			t.Fatal(err)
		}
		answer(t, bufio.NewReader(conn), status)
	}
	conn := dial(t, s)
	r := bufio.NewReader(conn)
	if _, err := io.WriteString(conn, post("/things/7/files", len(body), "Expect: 100-continue")); err != nil {
		t.Fatal(err)
	}
	answer(t, r, http.StatusContinue)
	if _, err := io.WriteString(conn, body); err != nil {
		t.Fatal(err)
	}
	answer(t, r, http.StatusOK)
}

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
	c := apitest.New(t, authenticate, func(api *httpapi.API) {
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
