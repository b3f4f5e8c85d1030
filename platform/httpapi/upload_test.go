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
	s := httptest.NewUnstartedServer(apitest.New(t, admit, register...).Handler())
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
