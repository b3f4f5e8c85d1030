package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/client"
	"github.com/shumbooking/shumbooking/cmd/bookload/client/clienttest"
)

// answers are given one after the other, the last again and again. What came is kept.
type answers struct {
	mu   sync.Mutex
	list []http.HandlerFunc
	keys []string
	body []string
	at   []time.Time
}

func (a *answers) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	a.mu.Lock()
	next := a.list[min(len(a.keys), len(a.list)-1)]
	a.keys, a.body, a.at = append(a.keys, r.Header.Get("Idempotency-Key")), append(a.body, string(body)), append(a.at, time.Now())
	a.mu.Unlock()
	next(w, r)
}

func refuse(status int, code string, retryAfter int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		if retryAfter > 0 {
			w.Header().Set("Retry-After", strconv.Itoa(retryAfter))
		}
		problem(w, status, code)
	}
}

func created(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, `{"id":7}`)
}

// inMemory runs a test with a client of a service, on connections within the process and by a clock that jumps.
func inMemory(t *testing.T, service http.Handler, test func(context.Context, *client.Client)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		network := clienttest.NewNetwork()
		server := &http.Server{Handler: service, ReadHeaderTimeout: time.Minute}
		go func() { _ = server.Serve(network) }()
		c, err := client.New(client.Config{BaseURLs: []string{"http://service"}, Dial: network.Dial})
		if err != nil {
			t.Fatal(err)
		}
		test(t.Context(), c)
		c.Close()
		_ = server.Close()
	})
}

// TestPauseIsNoLatency says that an attempt after a pause is due when the pause is over, and the first when it was planned.
func TestPauseIsNoLatency(t *testing.T) {
	t.Parallel()
	service := &answers{list: []http.HandlerFunc{refuse(http.StatusConflict, "request_in_progress", 0), created}}
	inMemory(t, service, func(ctx context.Context, c *client.Client) {
		var samples []client.Sample
		request := booking
		request.Due = time.Now().Add(-time.Minute)
		c.Observing(func(s client.Sample) { samples = append(samples, s) }).Settle(ctx, request)
		if len(samples) != 2 || !samples[0].Due.Equal(request.Due) {
			t.Fatalf("the attempts are %+v, want two, the first due at %s", samples, request.Due)
		}
		if due := samples[1].Due; !due.After(samples[0].End) || !due.Equal(samples[1].Begin) {
			t.Errorf("the second attempt was due at %s, want %s, after the first ended at %s", due, samples[1].Begin, samples[0].End)
		}
	})
}

func TestSettle(t *testing.T) {
	t.Parallel()
	service := &answers{list: []http.HandlerFunc{
		refuse(http.StatusServiceUnavailable, "unavailable", 1),
		func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		refuse(http.StatusConflict, "request_in_progress", 1),
		refuse(http.StatusTooManyRequests, "rate_limited", 7),
		refuse(http.StatusInternalServerError, "internal", 0),
		created,
	}}
	inMemory(t, service, func(ctx context.Context, c *client.Client) {
		answer, attempts := c.Settle(ctx, booking)
		if !answer.OK() || attempts != 6 {
			t.Errorf("Settle() = %+v after %d attempts, want a success after 6", answer, attempts)
		}
		for i := range service.keys {
			if service.keys[i] != booking.Key || service.body[i] != `{"room_id":1}` {
				t.Errorf("attempt %d has the key %q and the body %s, want those of the first", i, service.keys[i], service.body[i])
			}
		}
		for i, least := range []time.Duration{time.Second, 0, 0, 7 * time.Second, 0} {
			if pause := service.at[i+1].Sub(service.at[i]); pause <= least || pause > least+3*time.Second {
				t.Errorf("there are %v between attempts %d and %d, want a little more than %v", pause, i, i+1, least)
			}
		}
	})
}

// What is known is not asked for again.
func TestSettleKnown(t *testing.T) {
	t.Parallel()
	for _, refusal := range []http.HandlerFunc{
		refuse(http.StatusConflict, "room_not_available", 0), refuse(http.StatusNotFound, "not_found", 0),
		refuse(http.StatusUnprocessableEntity, "invalid", 0), refuse(http.StatusUnauthorized, "unauthenticated", 0),
	} {
		service := &answers{list: []http.HandlerFunc{refusal, created}}
		inMemory(t, service, func(ctx context.Context, c *client.Client) {
			if answer, attempts := c.Settle(ctx, booking); attempts != 1 || answer.OK() {
				t.Errorf("Settle() = %+v after %d attempts, want the refusal after one", answer, attempts)
			}
		})
	}
}

func TestSettleEnds(t *testing.T) {
	t.Parallel()
	service := &answers{list: []http.HandlerFunc{refuse(http.StatusServiceUnavailable, "unavailable", 0)}}
	inMemory(t, service, func(ctx context.Context, c *client.Client) {
		minute, cancel := context.WithTimeout(ctx, time.Minute)
		defer cancel()
		answer, attempts := c.Settle(minute, booking)
		if answer.Settled() || minute.Err() == nil || attempts < 40 {
			t.Errorf("Settle() = %+v after %d attempts and %v, want an unknown one after a minute of attempts", answer, attempts, minute.Err())
		}
		if answer, attempts := c.Settle(minute, booking); attempts != 0 || !errors.Is(answer.Err, context.DeadlineExceeded) {
			t.Errorf("Settle() = %+v after %d attempts when it was over before, want none", answer, attempts)
		}
		enough := make(chan struct{})
		close(enough)
		if answer, attempts := c.SettleUntil(ctx, enough, booking); attempts != 1 || answer.Status != http.StatusServiceUnavailable {
			t.Errorf("SettleUntil() = %+v after %d attempts when it was enough before, want one", answer, attempts)
		}
		bounded := booking
		bounded.Attempts = 3
		if answer, attempts := c.Settle(ctx, bounded); attempts != 3 || answer.Status != http.StatusServiceUnavailable {
			t.Errorf("Settle() = %+v after %d attempts of 3", answer, attempts)
		}
		if answer, attempts := c.Once().Settle(ctx, booking); attempts != 1 || answer.Status != http.StatusServiceUnavailable {
			t.Errorf("Settle() = %+v after %d attempts of a client for one, want one", answer, attempts)
		}
	})
}
