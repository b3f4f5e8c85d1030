package client_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/client"
	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
)

// serve returns a client of a service that a test makes up.
func serve(t *testing.T, service http.HandlerFunc) *client.Client {
	t.Helper()
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	return connect(t, server.URL)
}

func connect(t *testing.T, urls ...string) *client.Client {
	t.Helper()
	c, err := client.New(client.Config{BaseURLs: urls})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func problem(w http.ResponseWriter, status int, code string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, `{"code":"`+code+`"}`)
}

var booking = client.Request{Op: "book", Method: http.MethodPost, Path: "/bookings", Key: "k1", Body: map[string]int{"room_id": 1}}

func TestSendCutShort(t *testing.T) {
	t.Parallel()
	for name, service := range map[string]http.HandlerFunc{
		"of a known length": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, `{"id":1`)
		},
		"in chunks": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusCreated)
			_, _ = io.WriteString(w, `{"id":1`)
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		},
		"before it begins": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
	} {
		for _, discard := range []bool{false, true} {
			request := booking
			request.Discard = discard
			answer := serve(t, service).Send(t.Context(), request)
			if answer.Err == nil || answer.Status != 0 || answer.Settled() {
				t.Errorf("an answer that is cut short %s (discarded: %t) is %+v, want an error and no status", name, discard, answer)
			}
		}
	}
}

// One attempt must be one request, also on a connection that was used before, where http.Transport likes to try again.
func TestSendOnce(t *testing.T) {
	t.Parallel()
	var posts atomic.Int64
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodPost {
			posts.Add(1)
			panic(http.ErrAbortHandler)
		}
		w.WriteHeader(http.StatusOK)
	})
	if answer := c.Send(t.Context(), client.Request{Method: http.MethodGet, Path: "/"}); !answer.OK() {
		t.Fatalf("the first request is answered with %+v", answer)
	}
	if answer := c.Send(t.Context(), booking); answer.Err == nil || posts.Load() != 1 {
		t.Errorf("one attempt gave %v and was sent %d times, want an error and once", answer.Err, posts.Load())
	}
}

func TestSendRedirect(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) })
	answer := c.Send(t.Context(), client.Request{Method: http.MethodGet, Path: "/"})
	if answer.Status != http.StatusFound || client.Outcome(1, &answer, 1).Result != ledger.Unknown {
		t.Errorf("a redirect is %+v, want the status 302 and an unknown outcome", answer)
	}
}

func TestSample(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		problem(w, http.StatusConflict, "room_not_available")
	}))
	t.Cleanup(server.Close)
	var samples []client.Sample
	c, err := client.New(client.Config{BaseURLs: []string{server.URL}, Observe: func(s client.Sample) { samples = append(samples, s) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	request := booking
	request.Due, request.Client = time.Now().Add(-time.Hour), 3
	c.Send(t.Context(), request)
	if len(samples) != 1 {
		t.Fatalf("one attempt gives %d samples", len(samples))
	}
	s := samples[0]
	if s.Op != "book" || s.Client != 3 || s.Status != http.StatusConflict || s.Code != "room_not_available" || !s.Due.Equal(request.Due) ||
		s.Begin.Sub(s.Due) < time.Hour || s.End.Before(s.Begin) || s.Sent < 50 || s.Received < 50 {
		t.Errorf("the sample is %+v", s)
	}
}

// Clients share the addresses out among them, and leave one that does not answer.
func TestAddresses(t *testing.T) {
	t.Parallel()
	var asked [2][]string
	var urls []string
	for i := range asked {
		server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			asked[i] = append(asked[i], r.URL.Path)
		}))
		t.Cleanup(server.Close)
		urls = append(urls, server.URL+"/apps/booking")
	}
	dead := httptest.NewServer(http.NotFoundHandler())
	dead.Close()
	c := connect(t, append(urls, dead.URL)...)
	for number := range 3 {
		request := client.Request{Method: http.MethodGet, Path: "/" + strconv.Itoa(number), Client: number}
		answer := c.Send(t.Context(), request)
		if answer.Err != nil {
			answer = c.Send(t.Context(), request)
		}
		if !answer.OK() {
			t.Errorf("client %d is answered with %+v", number, answer)
		}
	}
	if !slices.Equal(asked[0], []string{"/apps/booking/0", "/apps/booking/2"}) || !slices.Equal(asked[1], []string{"/apps/booking/1"}) {
		t.Errorf("the services were asked for %v, want the clients 0 and 2 at the first and 1 at the second", asked)
	}
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	for _, urls := range [][]string{nil, {"localhost:8000"}, {"ftp://h"}, {"http://"}, {"http://h/?a=b"}, {"http://h", "%"}, {"http://me@h"}} {
		if _, err := client.New(client.Config{BaseURLs: urls}); err == nil {
			t.Errorf("New() takes the base URLs %q", urls)
		}
	}
}

func TestOutcome(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		answer client.Answer
		want   ledger.Result
	}{
		{client.Answer{Status: 201}, ledger.Done},
		{client.Answer{Status: 409, Code: "room_not_available"}, ledger.Refused},
		{client.Answer{Status: 404, Code: "not_found"}, ledger.Refused},
		{client.Answer{Status: 409, Code: "request_in_progress"}, ledger.Unknown},
		{client.Answer{Status: 429}, ledger.Unknown},
		{client.Answer{Status: 408}, ledger.Unknown},
		{client.Answer{Status: 503}, ledger.Unknown},
		{client.Answer{Err: io.ErrUnexpectedEOF}, ledger.Unknown},
	} {
		if got := client.Outcome(5, &c.answer, 2); got.Result != c.want || got.Op != 5 || got.Attempts != 2 {
			t.Errorf("Outcome(%+v) = %+v, want %s of operation 5 after 2 attempts", c.answer, got, c.want)
		}
	}
}

func TestPages(t *testing.T) {
	t.Parallel()
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Query().Get("cursor") {
		case "":
			_, _ = io.WriteString(w, `{"items":[{"id":1},{"id":2}],"next_cursor":"a+b"}`)
		case "a+b":
			_, _ = io.WriteString(w, `{"items":[{"id":3,"date_from":"2030-01-02","nightly":[{"date":"2030-01-02","price":5}]}],"next_cursor":null}`)
		}
	})
	list, err := c.MyBookings(t.Context(), client.Caller{Token: "t"})
	if err != nil || len(list) != 3 || list[2].ID != 3 || list[2].DateFrom.String() != "2030-01-02" || list[2].Nightly[0].Price != 5 {
		t.Errorf("MyBookings() = %+v, %v; want those of both pages", list, err)
	}
}

func TestUnexpected(t *testing.T) {
	t.Parallel()
	c := serve(t, refuse(http.StatusNotFound, "not_found", 0))
	_, err := c.Booking(t.Context(), client.Caller{}, 9)
	unexpected, ok := errors.AsType[*client.UnexpectedError](err)
	if !ok || unexpected.Answer.Code != "not_found" || unexpected.Op != "booking" {
		t.Errorf("Booking() = %v, want an UnexpectedError of the code not_found", err)
	}
}
