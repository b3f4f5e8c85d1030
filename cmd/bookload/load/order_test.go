package load_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/cmd/bookload/load"
)

// pending returns the operations that have no outcome.
func pending(l *ledger.Ledger) []ledger.Op {
	return slices.DeleteFunc(slices.Clone(l.Ops), func(o ledger.Op) bool { return o.Outcome != nil })
}

// The service looks into the ledger when a request arrives: the intent must be there, and the outcome of everything before,
// since there is one user only.
func TestLedgerOrder(t *testing.T) {
	t.Parallel()
	f := newFake()
	seen := make(map[string]int)
	f.hook = func(_ http.ResponseWriter, r *http.Request, _ string) bool {
		open := pending(read(t, f.ledger))
		seen[r.Method]++
		expected := func(ledger.Op) bool { return false }
		switch {
		case r.URL.Path == "/bookings":
			expected = func(o ledger.Op) bool { return o.Kind == ledger.Book && o.Key == r.Header.Get("Idempotency-Key") }
		case r.Method == http.MethodDelete:
			expected = func(o ledger.Op) bool {
				return o.Kind == ledger.Cancel && r.URL.Path == fmt.Sprintf("/bookings/%d", o.BookingID)
			}
		default:
			if len(open) > 0 {
				t.Errorf("when %s %s arrives, these have no outcome: %+v", r.Method, r.URL, open)
			}
			return false
		}
		if len(open) == 0 || slices.ContainsFunc(open, func(o ledger.Op) bool { return !expected(o) }) {
			t.Errorf("when %s %s arrives, these have no outcome: %+v; want itself alone", r.Method, r.URL, open)
		}
		return false
	}
	try(t, f, load.Config{Profile: "book", Duration: 5 * time.Second, Users: 1, Seed: 5}, func(trial *trial) {
		if seen[http.MethodDelete] < 10 || seen[http.MethodPost] < 30 {
			t.Errorf("the service saw %v, too little to tell", seen)
		}
		if open := pending(trial.ledger); len(open) > 0 || trial.result.Unknown > 0 {
			t.Errorf("a service that is well leaves %d unknown, and without outcome %+v", trial.result.Unknown, open)
		}
	})
}

// What a seed stands for is the same in each run, but for the names of the run.
func TestSeed(t *testing.T) {
	t.Parallel()
	requests := func(seed uint64, rate float64) []string {
		f := newFake()
		try(t, f, load.Config{Profile: "book", Duration: 3*time.Second + responseTime/2, Users: 1, Rate: rate, Seed: seed}, func(*trial) {})
		return slices.DeleteFunc(f.requests, func(r string) bool { return strings.Contains(r, "/auth/") })
	}
	for _, rate := range []float64{0, 40} {
		first := requests(1, rate)
		if len(first) < 60 {
			t.Fatalf("a load makes %d requests, too few to tell", len(first))
		}
		if second := requests(1, rate); !slices.Equal(first, second) {
			t.Errorf("the same seed at the rate %v makes other requests:\n%s\nand\n%s", rate, strings.Join(first, "\n"), strings.Join(second, "\n"))
		}
		if other := requests(2, rate); slices.Equal(first, other) {
			t.Errorf("another seed at the rate %v makes the same requests", rate)
		}
	}
}

// An answer that is lost is asked for again, with the same key, and the booking is one.
func TestLostAnswer(t *testing.T) {
	t.Parallel()
	f := newFake()
	sent := make(map[string][]string) // bodies by key
	f.hook = func(w http.ResponseWriter, r *http.Request, body string) bool {
		if r.URL.Path != "/bookings" {
			return false
		}
		key := r.Header.Get("Idempotency-Key")
		sent[key] = append(sent[key], body)
		if len(sent)%3 != 0 || len(sent[key]) > 2 {
			return false
		}
		_, answer := f.answer(r, body)
		w.Header().Set("Content-Length", "1000")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, answer)
		return true
	}
	try(t, f, load.Config{Profile: "hot", Duration: 8 * time.Second, Settle: time.Minute, Users: 3}, func(trial *trial) {
		ids := make(map[string]int64)
		repeated := 0
		for _, o := range trial.ledger.Ops {
			if o.Kind != ledger.Book {
				continue
			}
			if o.Result() != ledger.Done || o.Outcome.Booking == nil {
				t.Fatalf("operation %d ended with %+v, want a booking", o.Op, o.Outcome)
			}
			if id, known := ids[o.Key]; known && id != o.Outcome.Booking.ID {
				t.Errorf("the key %s made the bookings %d and %d", o.Key, id, o.Outcome.Booking.ID)
			}
			ids[o.Key] = o.Outcome.Booking.ID
			if o.Outcome.Attempts > 1 {
				repeated++
			}
		}
		if repeated < 10 {
			t.Errorf("%d operations were repeated, too few to tell", repeated)
		}
		for key, bodies := range sent {
			if len(slices.Compact(bodies)) != 1 {
				t.Errorf("the key %s was sent with different bodies: %q", key, bodies)
			}
		}
		if n := trial.operation("book").Statuses[0]; n < int64(repeated) {
			t.Errorf("%d requests are counted as unanswered, want %d or more", n, repeated)
		}
	})
}

// Some bookings are sent twice at once, as two operations that share a key.
func TestTwice(t *testing.T) {
	t.Parallel()
	f := newFake()
	try(t, f, load.Config{Profile: "book", Duration: 20 * time.Second, Users: 1}, func(trial *trial) {
		byKey := make(map[string][]ledger.Op)
		for _, o := range trial.ledger.Ops {
			if o.Kind == ledger.Book {
				byKey[o.Key] = append(byKey[o.Key], o)
			}
		}
		pairs := 0
		for key, ops := range byKey {
			if len(ops) == 1 {
				continue
			}
			pairs++
			if a, b := ops[0], ops[1]; len(ops) > 2 || a.Outcome.At <= b.At || b.Outcome.At <= a.At || a.DateFrom != b.DateFrom || a.Rooms != b.Rooms {
				t.Errorf("what was sent with the key %s is %+v, want the same twice at once", key, ops)
			}
		}
		if pairs < 5 {
			t.Errorf("%d of %d bookings were sent twice, want some more", pairs, len(byKey))
		}
	})
}
