package load_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/cmd/bookload/load"
)

// A service that stalls for two seconds keeps everybody waiting who wanted something meanwhile, though only one request is
// there to take two seconds.
func TestOpenLoop(t *testing.T) {
	t.Parallel()
	f := newFake()
	n := 0
	f.hook = func(http.ResponseWriter, *http.Request, string) bool {
		if n++; n == 200 {
			<-time.After(2 * time.Second)
		}
		return false
	}
	c := load.Config{Profile: "browse", Duration: 20 * time.Second, RampUp: 2 * time.Second, Users: 1, Rate: 50}
	try(t, f, c, func(trial *trial) {
		latency, service := hdrhistogram.New(1, 1e10, 3), hdrhistogram.New(1, 1e10, 3)
		for _, o := range trial.result.Operations {
			latency.Merge(o.Latency)
			service.Merge(o.Service)
		}
		// Half of the ramp's two seconds are missing; a Poisson process may differ by a few standard deviations, of 31.
		if count := latency.TotalCount(); count < 800 || count > 1100 {
			t.Errorf("%d operations were begun, want about 950", count)
		}
		if p99 := microseconds(latency.ValueAtPercentile(99)); p99 < time.Second {
			t.Errorf("p99 is %v from when requests were due, and hides the stall", p99)
		}
		if p99 := microseconds(service.ValueAtPercentile(99)); p99 > 2*responseTime {
			t.Errorf("p99 is %v from when requests were sent, want the %v that all but one took", p99, responseTime)
		}
		if p50 := microseconds(latency.ValueAtPercentile(50)); p50 > 10*responseTime {
			t.Errorf("p50 is %v from when requests were due, though the service is as fast as is needed", p50)
		}
		if trial.result.Late < 10 || trial.result.Dropped > 10 {
			t.Errorf("%d operations were late and %d dropped, want those of a second and next to none", trial.result.Late, trial.result.Dropped)
		}
	})
}

func microseconds(n int64) time.Duration { return time.Duration(n) * time.Microsecond }

// What a service is too slow for is told, and not left out.
func TestOverload(t *testing.T) {
	t.Parallel()
	// One user can begin a hundred operations a second.
	try(t, newFake(), load.Config{Profile: "browse", Duration: 10 * time.Second, Users: 1, Rate: 200}, func(trial *trial) {
		if r := trial.result; r.Dropped < 800 || r.Dropped > 1200 || r.Late < 500 {
			t.Errorf("%d were dropped and %d late, want about 1000 and nearly all of the 1000 others", r.Dropped, r.Late)
		}
	})
}

func TestRampUp(t *testing.T) {
	t.Parallel()
	c := load.Config{Profile: "browse", Duration: 9900 * time.Millisecond, RampUp: 8 * time.Second, Users: 8}
	var users []int
	c.Progress = func(p load.Progress) { users = append(users, p.Users) }
	try(t, newFake(), c, func(trial *trial) {
		if !slices.IsSorted(users) || users[2] < 3 || users[2] > 4 || users[len(users)-1] != 8 {
			t.Errorf("users at work, each second: %v; want one more in each, up to 8", users)
		}
		seconds := trial.result.Seconds
		if len(seconds) != 10 || seconds[8].Answers < 790 || seconds[8].Answers > 810 || seconds[0].Answers > 110 {
			t.Errorf("the seconds are %+v, want 10 that go from about 100 answers to 800", seconds)
		}
		if p := seconds[5].P50; p < responseTime || p > responseTime+responseTime/10 {
			t.Errorf("p50 of a second is %v, want %v", p, responseTime)
		}
	})
}

// A user that is told to wait does, and has what it wanted in the end.
func TestTooManyRequests(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"/bookings", "/hotels/available"} {
		f := newFake()
		var turnedAway time.Time
		f.hook = func(w http.ResponseWriter, r *http.Request, _ string) bool {
			// Not in the setup.
			if r.URL.Path != path || !turnedAway.IsZero() || f.seen() < 20 {
				return false
			}
			turnedAway = time.Now()
			refuse(w, http.StatusTooManyRequests, "rate_limited", 7)
			return true
		}
		try(t, f, load.Config{Profile: "book", Duration: 20 * time.Second, Users: 1}, func(trial *trial) {
			at, _ := slices.BinarySearchFunc(f.begun, turnedAway, time.Time.Compare)
			if at == len(f.begun) || f.begun[at].Sub(turnedAway) < 7*time.Second {
				t.Errorf("%s: the next of %d requests came %v later, want 7s", path, len(f.begun), f.begun[min(at, len(f.begun)-1)].Sub(turnedAway))
			}
			name := map[string]string{"/bookings": "book", "/hotels/available": "search"}[path]
			if o := trial.operation(name); o.Statuses[http.StatusTooManyRequests] != 1 || o.Codes["rate_limited"] != 1 || trial.result.Unknown != 0 {
				t.Errorf("%s: %v, %v and %d unknown; want one 429 and none", path, o.Statuses, o.Codes, trial.result.Unknown)
			}
		})
	}
}

// Where few accounts may be made, users share them, and the reader is told.
func TestFewGuests(t *testing.T) {
	t.Parallel()
	f := newFake()
	registered := 0
	f.hook = func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if r.URL.Path != "/auth/register" {
			return false
		}
		if registered++; registered <= 3 {
			return false
		}
		refuse(w, http.StatusTooManyRequests, "rate_limited", 60)
		return true
	}
	try(t, f, load.Config{Profile: "book", Duration: 3 * time.Second, Users: 12}, func(trial *trial) {
		if len(trial.ledger.Guests) != 3 || len(trial.result.Notes) != 1 || !strings.Contains(trial.result.Notes[0], "12 users share 3 guests") {
			t.Errorf("there are %d guests, and the notes are %q", len(trial.ledger.Guests), trial.result.Notes)
		}
		busy := make(map[int64]bool)
		for _, o := range trial.ledger.Ops {
			busy[o.GuestID] = true
		}
		if len(busy) != 3 || trial.result.Elapsed != 3*time.Second {
			t.Errorf("%d guests did something in %v, want 3 in 3s", len(busy), trial.result.Elapsed)
		}
	})
}

// Where accounts can be made and nobody gets to sign in at first, there is a guest once that is possible.
func TestLateSignIn(t *testing.T) {
	t.Parallel()
	f := newFake()
	attempts := 0
	f.hook = func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if r.URL.Path == "/auth/login" {
			attempts++
		}
		if r.URL.Path != "/auth/login" || attempts > 5 {
			return false
		}
		refuse(w, http.StatusTooManyRequests, "rate_limited", 20)
		return true
	}
	try(t, f, load.Config{Profile: "hot", Duration: 3 * time.Second, Users: 4}, func(trial *trial) {
		if len(trial.ledger.Guests) != 1 || len(trial.ledger.Ops) == 0 {
			t.Errorf("there are %d guests and %d operations, want one guest who does something", len(trial.ledger.Guests), len(trial.ledger.Ops))
		}
	})
}

// Access tokens are renewed before they end, and where they ended before.
func TestRenewal(t *testing.T) {
	t.Parallel()
	f := newFake()
	revoked := false
	f.hook = func(w http.ResponseWriter, r *http.Request, _ string) bool {
		if f.seen() > 100 && !revoked && r.URL.Path == "/bookings" {
			revoked = true
			refuse(w, http.StatusUnauthorized, "unauthenticated", 0)
			return true
		}
		return false
	}
	try(t, f, load.Config{Profile: "hot", Duration: 30 * time.Minute, Users: 1, Rate: 1}, func(trial *trial) {
		if n := trial.operation("refresh").Latency.TotalCount(); n != 3 {
			t.Errorf("tokens that last 10 minutes were renewed %d times in 30 minutes, want every 8 minutes", n)
		}
		if n := trial.operation("sign_in").Latency.TotalCount(); n != 1 || !revoked {
			t.Errorf("after a token was refused the user signed in %d times, want once", n)
		}
		for _, o := range trial.ledger.Ops {
			if o.Result() != ledger.Done {
				t.Errorf("operation %d came to %+v", o.Op, o.Outcome)
			}
		}
	})
}
