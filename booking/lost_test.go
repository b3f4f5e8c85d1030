package booking_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/auth"
	"github.com/shumbooking/shumbooking/auth/authtest"
	"github.com/shumbooking/shumbooking/booking"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
)

const (
	// tries is how often each request is sent, whatever becomes of it.
	tries = 5
	// senders send at the same time.
	senders = 16
)

// TestEachRequestBooksOnce sends 10,000 requests five times each, in random order, over a network that loses,
// delays and doubles them and a database that loses commits.
func TestEachRequestBooksOnce(t *testing.T) {
	t.Parallel()
	n := 10_000
	if testing.Short() || underRace {
		n = 300
	}
	config := pgtest.LoseCommits(t, pgtest.Config(t), func() bool { return rand.IntN(200) == 0 })
	config.MaxConns = 8
	w := worldOn(t, pgtest.Open(t, config))
	orders := w.orders(n)
	server := httptest.NewServer(w.api.Handler())
	defer server.Close()
	sound := &http.Transport{MaxIdleConnsPerHost: 2 * senders}
	defer sound.CloseIdleConnections()

	queue := make([]int, 0, tries*n)
	for i := range tries * n {
		queue = append(queue, i%n)
	}
	rand.Shuffle(len(queue), func(i, j int) { queue[i], queue[j] = queue[j], queue[i] })
	var lost atomic.Int64
	each(queue, func(i int) {
		if !orders[i].send(t, server.URL, flaky{sound}) {
			lost.Add(1)
		}
	})
	// A client that has no answer yet goes on asking.
	all := make([]int, n)
	for i := range all {
		all[i] = i
	}
	each(all, func(i int) {
		for !orders[i].send(t, server.URL, sound) && t.Context().Err() == nil {
			lost.Add(1)
		}
	})
	if lost.Load() < int64(n)/2 {
		t.Errorf("%d answers to %d requests were lost: that proves little", lost.Load(), n)
	}
	w.wantBookings(orders)
}

// An order is what a client wants to book once.
type order struct {
	token, key, body string

	mu sync.Mutex
	// answer is the first one that arrived.
	answer string
}

// orders returns n orders that all can be met, one in ten of them by staff.
func (w *world) orders(n int) []*order {
	hotel := w.hotel()
	rooms := make([]int64, 20)
	for i := range rooms {
		rooms[i] = w.room(hotel, 100, n, 2)
	}
	var tokens []string
	for i := range n / 10 {
		role := auth.Guest
		if i%10 == 0 {
			role = auth.Manager
		}
		tokens = append(tokens, authtest.Token(role, w.user(role)))
	}
	orders := make([]*order, n)
	for i := range orders {
		wanted := stay(rooms[i%len(rooms)], soon().AddDays(i%50), 1+i%3)
		// No guest has more than ten.
		orders[i] = &order{token: tokens[i%len(tokens)], key: fmt.Sprint("order-", i), body: wanted.String()}
	}
	return orders
}

// send sends the order and reports whether an answer arrived. Every answer must be the same.
func (o *order) send(t *testing.T, url string, network http.RoundTripper) bool {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/bookings", strings.NewReader(o.body))
	if err != nil {
		t.Error(err)
		return true
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Authorization", "Bearer "+o.token)
	req.Header.Set("Idempotency-Key", o.key)
	res, err := network.RoundTrip(req)
	if err != nil {
		return false
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return false
	}
	inProgress := res.StatusCode == http.StatusConflict && strings.Contains(string(body), `"request_in_progress"`)
	if inProgress || res.StatusCode >= http.StatusInternalServerError {
		return false
	}
	o.keep(t, fmt.Sprintf("%d %s %s\n%s", res.StatusCode, res.Header.Get("Location"), res.Header.Get("ETag"), body))
	return true
}

func (o *order) keep(t *testing.T, answer string) {
	t.Helper()
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.answer == "" {
		o.answer = answer
	}
	if answer != o.answer || !strings.HasPrefix(answer, "201 /bookings/") {
		t.Errorf("%s: got %s, want %s", o.key, answer, o.answer)
	}
}

// each calls do for all numbers, many at a time.
func each(numbers []int, do func(i int)) {
	var next atomic.Int64
	var wg sync.WaitGroup
	for range senders {
		wg.Go(func() {
			for i := next.Add(1) - 1; int(i) < len(numbers); i = next.Add(1) - 1 {
				do(numbers[i])
			}
		})
	}
	wg.Wait()
}

// wantBookings checks that each order has a booking of its own and that there is no other.
func (w *world) wantBookings(orders []*order) {
	w.tb.Helper()
	var answered []int64
	for _, o := range orders {
		var b booking.Booking
		_, body, _ := strings.Cut(o.answer, "\n")
		if err := json.Unmarshal([]byte(body), &b); err != nil {
			w.tb.Fatalf("%s: %v", o.key, err)
		}
		answered = append(answered, b.ID)
	}
	slices.Sort(answered)
	var made []int64
	err := w.db.QueryRow(w.tb.Context(), "SELECT array_agg(id ORDER BY id) FROM bookings").Scan(&made)
	if err != nil || !slices.Equal(made, answered) || len(slices.Compact(answered)) != len(orders) {
		w.tb.Errorf("%d bookings for %d orders, of which %d have one of their own; %v", len(made), len(orders), len(answered), err)
	}
	var replies int
	err = w.db.QueryRow(w.tb.Context(), "SELECT count(*) FROM idempotency_keys").Scan(&replies)
	if err != nil || replies != len(orders) {
		w.tb.Errorf("%d replies are kept, %v; want %d", replies, err, len(orders))
	}
	w.wantNoDrift()
}

var errLost = errors.New("the network lost it")

// flaky is a network that has every fault.
type flaky struct {
	sound http.RoundTripper
}

// RoundTrip implements http.RoundTripper.
func (f flaky) RoundTrip(req *http.Request) (*http.Response, error) {
	switch fault := rand.IntN(100); {
	case fault < 15:
		return nil, f.drop(req)
	case fault < 30:
		return f.double(req)
	case fault < 40:
		<-time.After(rand.N(2 * time.Millisecond))
	case fault < 42:
		return f.reset(req)
	}
	return f.sound.RoundTrip(req)
}

// drop lets the request arrive and the reply not.
func (f flaky) drop(req *http.Request) error {
	res, err := f.sound.RoundTrip(req)
	if err == nil {
		// Read, so that the connection serves others.
		_, _ = io.Copy(io.Discard, res.Body)
		_ = res.Body.Close()
	}
	return errLost
}

// double lets the request arrive twice at once.
func (f flaky) double(req *http.Request) (*http.Response, error) {
	twin := req.Clone(req.Context())
	body, err := req.GetBody()
	if err != nil {
		return nil, err
	}
	twin.Body = body
	var wg sync.WaitGroup
	wg.Go(func() { _ = f.drop(twin) })
	defer wg.Wait()
	return f.sound.RoundTrip(req)
}

// reset closes the connection as soon as the request is written.
func (f flaky) reset(req *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(req.Context())
	defer cancel()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{WroteRequest: func(httptrace.WroteRequestInfo) { cancel() }})
	res, err := f.sound.RoundTrip(req.WithContext(ctx))
	if err == nil {
		_ = res.Body.Close()
	}
	return nil, errLost
}
