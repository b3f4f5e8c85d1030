package load_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/client"
	"github.com/shumbooking/shumbooking/cmd/bookload/client/clienttest"
	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/cmd/bookload/load"
)

// A fake answers like the service, as far as the clients of a load look, so that a test can have it fail as it likes. Each
// answer takes it ten milliseconds of a clock that jumps.
type fake struct {
	// hook sees a request, and its body, before it has any effect, one request at a time. It answers it if it returns true.
	hook func(w http.ResponseWriter, r *http.Request, body string) bool
	turn chan struct{} // holds the request that hook sees

	ledger string // its path, once there is a load
	cancel func() // ends the load

	mu       sync.Mutex
	requests []string // methods, paths and bodies
	begun    []time.Time
	accounts map[string]string // passwords by e-mail
	keys     map[string]string
	last     int64
}

func newFake() *fake {
	return &fake{
		hook:     func(http.ResponseWriter, *http.Request, string) bool { return false },
		accounts: make(map[string]string), keys: make(map[string]string),
	}
}

const responseTime = 10 * time.Millisecond

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	text, _ := io.ReadAll(r.Body)
	body := string(text)
	f.mu.Lock()
	f.requests = append(f.requests, r.Method+" "+r.URL.RequestURI()+" "+body)
	f.begun = append(f.begun, time.Now())
	f.mu.Unlock()
	<-time.After(responseTime)
	f.turn <- struct{}{}
	answered := f.hook(w, r, body)
	<-f.turn
	if answered {
		return
	}
	status, answer := f.answer(r, body)
	w.WriteHeader(status)
	_, _ = io.WriteString(w, answer)
}

// seen returns how many requests there were.
func (f *fake) seen() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.requests)
}

func (f *fake) answer(r *http.Request, body string) (status int, answer string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	route := r.Method + " " + r.URL.Path
	var account struct{ Email, Password string }
	_ = json.Unmarshal([]byte(body), &account)
	switch {
	case route == "POST /auth/register":
		if f.accounts[account.Email] != "" {
			return http.StatusConflict, `{"code":"email_taken"}`
		}
		f.last++
		f.accounts[account.Email] = account.Password
		return http.StatusCreated, fmt.Sprintf(`{"id":%d}`, f.last)
	case route == "GET /auth/me":
		return http.StatusOK, `{"id":1}`
	case route == "POST /auth/login" && f.accounts[account.Email] != account.Password:
		return http.StatusUnauthorized, `{"code":"invalid_credentials"}`
	case route == "POST /auth/login", route == "POST /auth/refresh":
		f.last++
		return http.StatusOK, fmt.Sprintf(`{"access_token":"a%d","refresh_token":"r%d","expires_in":600}`, f.last, f.last)
	case route == "POST /bookings":
		return http.StatusCreated, f.book(r.Header.Get("Idempotency-Key"))
	case strings.HasPrefix(route, "DELETE /bookings/"):
		return http.StatusOK, fmt.Sprintf(`{"id":%s,"status":"cancelled"}`, strings.TrimPrefix(r.URL.Path, "/bookings/"))
	case route == "GET /hotels":
		return http.StatusOK, `{"items":[{"id":1,"city":{"id":1}}],"next_cursor":null}`
	case route == "GET /hotels/available":
		return http.StatusOK, `{"items":[{"rooms":[{"id":1,"hotel_id":1,"quantity":5,"price":100,"currency":"EUR","max_guests":2}]}],"next_cursor":null}`
	default:
		return http.StatusOK, `{"items":[],"next_cursor":null}`
	}
}

func (f *fake) book(key string) string {
	if f.keys[key] == "" {
		f.last++
		f.keys[key] = fmt.Sprintf(`{"id":%d,"status":"confirmed","date_from":"2030-01-01","date_to":"2030-01-02"}`, f.last)
	}
	return f.keys[key]
}

// A trial is one load of a fake.
type trial struct {
	*testing.T
	result *load.Result
	ledger *ledger.Ledger
}

// try loads a fake and calls check when the load is over.
func try(t *testing.T, f *fake, c load.Config, check func(*trial)) {
	t.Helper()
	within(t, f, c, func(ctx context.Context, c load.Config) {
		result, err := load.Run(ctx, c)
		if err := errors.Join(err, c.Ledger.Close()); err != nil {
			t.Error(err)
			return
		}
		check(&trial{t, result, read(t, f.ledger)})
	})
}

// failing returns the error of a load of a fake, with whose ledger something may happen meanwhile.
func failing(t *testing.T, f *fake, c load.Config, w **ledger.Writer) (err error) {
	t.Helper()
	within(t, f, c, func(ctx context.Context, c load.Config) {
		*w = c.Ledger
		_, err = load.Run(ctx, c)
		_ = c.Ledger.Close() // It may be closed.
	})
	return err
}

// within calls run with a fake on connections within the process, and a clock that jumps.
func within(t *testing.T, f *fake, c load.Config, run func(context.Context, load.Config)) {
	t.Helper()
	f.ledger = filepath.Join(t.TempDir(), "ledger")
	synctest.Test(t, func(t *testing.T) {
		network := clienttest.NewNetwork()
		server := &http.Server{Handler: f, ReadHeaderTimeout: time.Minute}
		go func() { _ = server.Serve(network) }()
		f.turn = make(chan struct{}, 1)
		var err error
		if c.Client, err = client.New(client.Config{BaseURLs: []string{"http://service"}, Dial: network.Dial}); err != nil {
			t.Fatal(err)
		}
		if c.Ledger, err = ledger.Create(f.ledger, ledger.Header{Run: "r", Profile: c.Profile}); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		f.cancel = cancel
		run(ctx, c)
		c.Client.Close()
		if err := server.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// read returns a ledger as it is.
func read(t *testing.T, path string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// operation returns what was measured of one kind of request.
func (t *trial) operation(name string) load.Operation {
	t.Helper()
	for _, o := range t.result.Operations {
		if o.Name == name {
			return o
		}
	}
	t.Fatalf("nothing is measured of %s", name)
	return load.Operation{}
}

// refuse answers with a problem.
func refuse(w http.ResponseWriter, status int, code string, retryAfter int) {
	if retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
	}
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"code":"`+code+`"}`)
}
