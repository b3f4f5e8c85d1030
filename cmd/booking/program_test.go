package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/shumbooking/shumbooking/platform/httpapi/apitest"
	"github.com/shumbooking/shumbooking/platform/pg"
	"github.com/shumbooking/shumbooking/platform/proctest"
)

// asProgram makes the test binary the program itself, for tests that need a process of their own.
const asProgram = "BOOKING_TEST_AS_PROGRAM"

func TestMain(m *testing.M) {
	if os.Getenv(asProgram) != "" {
		main()
		return
	}
	os.Exit(runTests(m))
}

// testImages is where the programs of all tests keep their images.
var testImages string

func runTests(m *testing.M) int {
	var err error
	if testImages, err = os.MkdirTemp("", "booking-images-"); err != nil {
		panic(err)
	}
	defer os.RemoveAll(testImages)
	return m.Run()
}

// devAddress finds the address of the API in what "booking dev" prints.
const devAddress = `API +(http://\S+)\n`

// A running is a program that runs within this process.
type running struct {
	stdout, stderr proctest.Transcript
	// end stops the program; it is an error if that is no success. It may be called again.
	end  func()
	done chan struct{} // closed when the program has ended
}

// ready returns the base URL that "booking dev" prints when it is ready.
func (p *running) ready(t *testing.T) string {
	t.Helper()
	proctest.Eventually(t, "the program is ready or has ended", func() bool {
		select {
		case <-p.done:
			t.Fatalf("the program ends before it is ready")
		default:
		}
		return strings.Contains(p.stdout.String(), "Ctrl-C")
	})
	return p.stdout.Await(t, devAddress)
}

// begin runs the program in the background. It is stopped when the test ends, if not before.
func begin(t *testing.T, getenv func(string) string, args ...string) *running {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	p := &running{done: make(chan struct{})}
	var code int
	go func() {
		defer close(p.done)
		code = run(ctx, args, getenv, strings.NewReader(""), &p.stdout, &p.stderr)
	}()
	p.end = sync.OnceFunc(func() {
		cancel()
		<-p.done
		if code != exitSuccess {
			t.Errorf("%v exits with %d, want 0", args, code)
		}
	})
	t.Cleanup(func() {
		p.end()
		if testing.Verbose() || t.Failed() {
			t.Logf("standard output:\n%s\nstandard error:\n%s", &p.stdout, &p.stderr)
		}
	})
	return p
}

// outcome is what a finished program leaves.
type outcome struct {
	code           int
	stdout, stderr string
}

// invoke runs the program to its end.
func invoke(t *testing.T, getenv func(string) string, stdin string, args ...string) outcome {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code := run(t.Context(), args, getenv, strings.NewReader(stdin), &stdout, &stderr)
	return outcome{code: code, stdout: stdout.String(), stderr: stderr.String()}
}

// must runs the program and ends the test if it fails.
func must(t *testing.T, getenv func(string) string, stdin string, args ...string) string {
	t.Helper()
	o := invoke(t, getenv, stdin, args...)
	if o.code != exitSuccess {
		t.Fatalf("booking %v exits with %d: %s", args, o.code, o.stderr)
	}
	return o.stdout
}

// environmentFor names a database and nothing that works beside it. Nothing is limited: tests are in a hurry.
func environmentFor(c pg.Config, more map[string]string) func(string) string {
	vars := map[string]string{
		"APP_ENV": envLocal, "DB_HOST": c.Host, "DB_PORT": strconv.Itoa(c.Port), "DB_NAME": c.Name,
		"DB_USERNAME": c.Username, "DB_PASSWORD": c.Password, "DB_SSLMODE": c.SSLMode,
		"REDIS_HOST": "127.0.0.1", "REDIS_PORT": "1", "RATE_LIMIT_ENABLED": "false", "JWT_SECRET_KEY": templateSecret,
		"IMAGES_DIR": filepath.Join(testImages, c.Name),
	}
	return func(name string) string {
		if value, ok := more[name]; ok {
			return value
		}
		return vars[name]
	}
}

// environmentOf has the given variables alone.
func environmentOf(vars map[string]string) func(string) string {
	return func(name string) string { return vars[name] }
}

// fetch returns the answer to a GET, or a zero status when there is none.
func fetch(t *testing.T, target string) (status int, body string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(text)
}

// clientOf returns a client of a running API, which holds every answer against the API's own document.
func clientOf(t *testing.T, base string) *apitest.Client {
	t.Helper()
	target, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	status, document := fetch(t, base+"/openapi.json")
	if status != http.StatusOK {
		t.Fatalf("GET /openapi.json = %d", status)
	}
	return apitest.Wrap(t, httputil.NewSingleHostReverseProxy(target), []byte(document))
}
