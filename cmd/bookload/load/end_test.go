package load_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/client"
	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/cmd/bookload/load"
)

// When a load is ended, what is under way is waited for, and nothing else is begun.
func TestCancel(t *testing.T) {
	t.Parallel()
	f := newFake()
	var cancelled time.Time
	bookings := 0
	f.hook = func(_ http.ResponseWriter, r *http.Request, _ string) bool {
		if r.URL.Path != "/bookings" {
			return false
		}
		if bookings++; bookings == 20 {
			cancelled = time.Now()
			f.cancel()
			<-time.After(3 * time.Second)
		}
		return false
	}
	try(t, f, load.Config{Profile: "hot", Duration: time.Hour, Settle: time.Minute, Users: 1}, func(trial *trial) {
		last := trial.ledger.Ops[len(trial.ledger.Ops)-1]
		if last.Result() != ledger.Done || last.Outcome.Booking == nil || bookings > 21 || len(pending(trial.ledger)) > 0 {
			t.Errorf("after %d bookings the last came to %+v, want the 20th done (or the 21st, if it is the same)", bookings, last.Outcome)
		}
		if end := trial.result.Started.Add(trial.result.Elapsed); end.Sub(cancelled) > time.Second || time.Since(cancelled) < 3*time.Second {
			t.Errorf("operations were begun for %v after the end, and the load returns %v after it; want 0s and 3s", end.Sub(cancelled), time.Since(cancelled))
		}
	})
}

// What is unknown is asked for as long as there is time to settle, and no longer.
func TestSettle(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		back    time.Duration // the service is
		unknown bool
	}{
		{"the service comes back", 14 * time.Second, false},
		{"the service comes back too late", time.Hour, true},
	} {
		f := newFake()
		var started time.Time
		f.hook = func(w http.ResponseWriter, r *http.Request, _ string) bool {
			if r.URL.Path == "/ready" {
				started = time.Now()
			}
			if since := time.Since(started); since < 5*time.Second || since > c.back {
				return false
			}
			refuse(w, http.StatusServiceUnavailable, "unavailable", 1)
			return true
		}
		config := load.Config{Profile: "hot", Duration: 10 * time.Second, Settle: 20 * time.Second, Users: 4}
		try(t, f, config, func(trial *trial) {
			if (trial.result.Unknown > 0) != c.unknown {
				t.Errorf("%s: %d outcomes are unknown", c.name, trial.result.Unknown)
			}
			var unknown int64
			for _, o := range trial.ledger.Ops {
				if o.Result() != ledger.Unknown {
					continue
				}
				unknown++
				if o.Outcome == nil || time.Duration(o.Outcome.At) < trial.result.Elapsed+config.Settle || o.Outcome.Attempts < 10 {
					t.Errorf("%s: operation %d was given up: %+v", c.name, o.Op, o.Outcome)
				}
			}
			if unknown != trial.result.Unknown || trial.result.Elapsed != config.Duration {
				t.Errorf("%s: the ledger has %d unknown outcomes, and the result %d after %v", c.name, unknown, trial.result.Unknown, trial.result.Elapsed)
			}
			var failures int64
			for _, s := range trial.result.Seconds {
				failures += s.Failures
			}
			if failures < 10 || len(trial.result.Seconds) != 10 {
				t.Errorf("%s: %d failures in %d seconds, want some in 10", c.name, failures, len(trial.result.Seconds))
			}
		})
	}
}

// A load that cannot be written down ends with an error, and nothing is asked for that is not written down.
func TestLedgerBroken(t *testing.T) {
	t.Parallel()
	f := newFake()
	bookings := 0
	var w *ledger.Writer
	f.hook = func(_ http.ResponseWriter, r *http.Request, _ string) bool {
		if r.URL.Path == "/bookings" {
			if bookings++; bookings == 5 {
				_ = w.Close()
			}
		}
		return false
	}
	err := failing(t, f, load.Config{Profile: "hot", Duration: time.Hour, Users: 1}, &w)
	if err == nil || bookings > 6 {
		t.Errorf("Run() = %v after %d bookings, 5 of which could be written down", err, bookings)
	}
}

// Who only looks gives up on what never works, and looks at something else.
func TestBrokenPage(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.hook = func(w http.ResponseWriter, r *http.Request, _ string) bool {
		broken := r.URL.Path == "/countries"
		if broken {
			refuse(w, http.StatusInternalServerError, "internal", 0)
		}
		return broken
	}
	try(t, f, load.Config{Profile: "browse", Duration: 10 * time.Second, Users: 1}, func(trial *trial) {
		broken, others := trial.operation("countries").Statuses[http.StatusInternalServerError], trial.operation("search").Statuses[http.StatusOK]
		if broken < 15 || others < 50 {
			t.Errorf("a user looked at a broken page %d times, and searched %d times; want both often", broken, others)
		}
	})
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.hook = func(w http.ResponseWriter, _ *http.Request, _ string) bool {
		refuse(w, http.StatusServiceUnavailable, "unavailable", 0)
		return true
	}
	err := failing(t, f, load.Config{Profile: "browse", Duration: time.Hour}, new(*ledger.Writer))
	if unexpected, ok := errors.AsType[*client.UnexpectedError](err); !ok || unexpected.Answer.Status != http.StatusServiceUnavailable {
		t.Errorf("Run() = %v, want that the service is not ready", err)
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	c, err := client.New(client.Config{BaseURLs: []string{"http://localhost"}})
	if err != nil {
		t.Fatal(err)
	}
	for _, config := range []load.Config{
		{Client: c, Profile: "sleep", Duration: time.Second},
		{Profile: "browse", Duration: time.Second},
		{Client: c, Profile: "browse"},
		{Client: c, Profile: "browse", Duration: time.Second, RampUp: time.Minute},
		{Client: c, Profile: "browse", Duration: time.Second, Rate: -1},
		{Client: c, Profile: "browse", Duration: time.Second, Users: -1},
		{Client: c, Profile: "browse", Duration: time.Second, Settle: -1},
	} {
		if _, err := load.Run(t.Context(), config); err == nil {
			t.Errorf("Run() takes %+v", config)
		}
	}
}
