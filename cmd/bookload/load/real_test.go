package load_test

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/client"
	"github.com/shumbooking/shumbooking/cmd/bookload/ledger"
	"github.com/shumbooking/shumbooking/cmd/bookload/load"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
	"github.com/shumbooking/shumbooking/platform/proctest"
)

func TestMain(m *testing.M) { os.Exit(runTests(m)) }

func runTests(m *testing.M) int {
	defer os.RemoveAll(programDir())
	return m.Run()
}

func programDir() string {
	return filepath.Join(os.TempDir(), "bookload-program-"+strconv.Itoa(os.Getpid()))
}

// program builds the service once for all tests.
var program = sync.OnceValues(func() (string, error) {
	if err := os.Mkdir(programDir(), 0o700); err != nil {
		return "", fmt.Errorf("build the service: %w", err)
	}
	path := filepath.Join(programDir(), "booking")
	command := exec.Command("go", "build", "-o", path, "./cmd/booking")
	command.Dir = "../../.."
	if said, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("build the service: %w: %s", err, said)
	}
	return path, nil
})

const adminEmail, adminPassword = "load-admin@example.com", "seven-tall-cedars"

// start starts a service with some hotels and returns its base URL.
func start(t *testing.T, more ...string) string {
	t.Helper()
	path, err := program()
	if err != nil {
		t.Fatal(err)
	}
	database := pgtest.Config(t)
	env := append([]string{
		"APP_ENV=local", "DB_HOST=" + database.Host, "DB_PORT=" + strconv.Itoa(database.Port), "DB_NAME=" + database.Name,
		"DB_USERNAME=" + database.Username, "DB_PASSWORD=" + database.Password, "DB_SSLMODE=" + database.SSLMode,
		"IMAGES_DIR=" + t.TempDir(), "HOME=" + t.TempDir(), "ADMIN_EMAIL=" + adminEmail, "ADMIN_PASSWORD=" + adminPassword,
	}, more...)
	process := proctest.Start(t, env, path, "dev", "--addr", "127.0.0.1:0", "--hotels", "30")
	process.Await(regexp.MustCompile("(Ctrl-C)"))
	return process.Await(regexp.MustCompile(`API +(http://\S+)\n`))
}

// run loads a service and returns the result and the ledger.
func run(t *testing.T, base string, c load.Config) (*load.Result, *ledger.Ledger) {
	t.Helper()
	var err error
	if c.Client, err = client.New(client.Config{BaseURLs: []string{base}}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Client.Close)
	path := filepath.Join(t.TempDir(), "ledger")
	if c.Ledger, err = ledger.Create(path, ledger.Header{Run: "r", Profile: c.Profile}); err != nil {
		t.Fatal(err)
	}
	c.Settle = time.Minute
	result, err := load.Run(t.Context(), c)
	if err := errors.Join(err, c.Ledger.Close()); err != nil {
		t.Fatal(err)
	}
	return result, read(t, path)
}

// wantKept checks that the service remembers what it has told a run, and nothing else of the run's guests.
func wantKept(t *testing.T, base string, l *ledger.Ledger) {
	t.Helper()
	c, err := client.New(client.Config{BaseURLs: []string{base}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	told := make(map[int64]string) // statuses
	for _, o := range l.Ops {
		if o.Result() == ledger.Done && o.Kind == ledger.Book {
			told[o.Outcome.Booking.ID] = "confirmed"
		}
	}
	for _, o := range l.Ops {
		if o.Result() == ledger.Done && o.Kind == ledger.Cancel {
			told[o.BookingID] = "cancelled"
		}
	}
	kept := make(map[int64]string)
	for _, g := range l.Guests {
		session, err := c.SignIn(t.Context(), 0, g.Email, g.Password)
		if err != nil {
			t.Fatal(err)
		}
		bookings, err := c.MyBookings(t.Context(), client.Caller{Token: session.AccessToken})
		if err != nil {
			t.Fatal(err)
		}
		for _, b := range bookings {
			kept[b.ID] = b.Status
			if told[b.ID] != b.Status {
				t.Errorf("booking %d is %s, and was told to be %q", b.ID, b.Status, told[b.ID])
			}
		}
	}
	if len(told) != len(kept) || len(told) == 0 {
		t.Errorf("%d bookings were told and %d are kept, want the same", len(told), len(kept))
	}
}

func count(l *ledger.Ledger) map[ledger.Kind]map[ledger.Result]int {
	counts := make(map[ledger.Kind]map[ledger.Result]int)
	for _, o := range l.Ops {
		if counts[o.Kind] == nil {
			counts[o.Kind] = make(map[ledger.Result]int)
		}
		counts[o.Kind][o.Result()]++
	}
	return counts
}

// Each profile against the service: whatever it asks for must make sense to it.
func TestProfiles(t *testing.T) {
	t.Parallel()
	base := start(t, "RATE_LIMIT_ENABLED=false")
	for _, admin := range []string{"", adminEmail} {
		for _, profile := range load.Profiles() {
			c := load.Config{Profile: profile, Duration: 2 * time.Second, Users: 4, Seed: 3, AdminEmail: admin, AdminPassword: adminPassword}
			result, l := run(t, base, c)
			// A machine that is busy with other tests may be too slow for the service.
			expected := []int{200, 201, 202, 404, 409, 429, 503}
			for _, o := range result.Operations {
				for status := range o.Statuses {
					if !slices.Contains(expected, status) || (status == 404 && o.Name != "pry") || (status == 409 && o.Name != "book") {
						t.Errorf("%s (admin: %q): %s is answered with %v %v", profile, admin, o.Name, o.Statuses, o.Codes)
					}
				}
			}
			if result.Unknown > 0 || len(pending(l)) > 0 {
				t.Errorf("%s (admin: %q): %d outcomes are unknown, and %d missing", profile, admin, result.Unknown, len(pending(l)))
			}
			if counts := count(l); profile == "browse" && len(counts) > 0 || profile != "browse" && counts[ledger.Book][ledger.Done] == 0 {
				t.Errorf("%s (admin: %q): the ledger has %v", profile, admin, counts)
			}
			if profile != "browse" {
				wantKept(t, base, l)
			}
			for _, room := range l.Rooms {
				if room.Own != (admin != "") || room.ID == 0 || room.HotelID == 0 || room.Quantity == 0 || room.Price == 0 || room.Currency == "" {
					t.Errorf("%s (admin: %q): the ledger has the room %+v", profile, admin, room)
				}
			}
		}
	}
}

// Staff and pryers are rare: a load of nothing else would be no load, and so this one is long enough.
func TestMixed(t *testing.T) {
	t.Parallel()
	base := start(t, "RATE_LIMIT_ENABLED=false")
	var counts map[ledger.Kind]map[ledger.Result]int
	for seed := uint64(1); ; seed++ {
		_, l := run(t, base, load.Config{
			Profile: "mixed", Duration: 3 * time.Second, Users: 8, Seed: seed, AdminEmail: adminEmail, AdminPassword: adminPassword,
		})
		wantKept(t, base, l)
		counts = count(l)
		for _, o := range l.Ops {
			if o.Kind == ledger.Pry && (o.Outcome.Status != http.StatusNotFound || o.GuestID == 0) ||
				o.Kind == ledger.Look && len(o.Outcome.Nights) != 16 || o.Kind == ledger.Upload && len(o.Outcome.Images) == 0 {
				t.Errorf("operation %d is %+v, and came to %+v", o.Op, o.Intent, o.Outcome)
			}
		}
		if counts[ledger.Pry][ledger.Refused] > 0 && counts[ledger.Look][ledger.Done] > 0 && counts[ledger.Upload][ledger.Done] > 0 {
			break
		}
		if seed == 20 {
			t.Fatalf("nobody pried, looked or uploaded in %d loads: %v", seed, counts)
		}
	}
}

// Between the service and its clients, every fourth answer is lost, half of them on the way there.
func TestLossyNetwork(t *testing.T) {
	t.Parallel()
	base := start(t, "RATE_LIMIT_ENABLED=false")
	target, err := url.Parse(base)
	if err != nil {
		t.Fatal(err)
	}
	forward := httputil.NewSingleHostReverseProxy(target)
	var requests atomic.Int64
	lossy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch requests.Add(1) % 8 {
		case 3:
			panic(http.ErrAbortHandler)
		case 7:
			forward.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		}
		forward.ServeHTTP(w, r)
	}))
	t.Cleanup(lossy.Close)
	result, l := run(t, lossy.URL, load.Config{
		Profile: "hot", Duration: 3 * time.Second, Users: 6, Seed: 9, AdminEmail: adminEmail, AdminPassword: adminPassword,
	})
	wantKept(t, base, l)
	replayed := 0
	for _, o := range l.Ops {
		if o.Result() == ledger.Unknown {
			t.Errorf("operation %d came to %+v", o.Op, o.Outcome)
		}
		if o.Outcome != nil && o.Outcome.Replayed && o.Outcome.Attempts > 1 {
			replayed++
		}
	}
	if replayed == 0 || result.Unknown > 0 {
		t.Errorf("%d answers were replayed after others had been lost, and %d outcomes are unknown", replayed, result.Unknown)
	}
}

// Limits of the service slow a load down, and do not break it.
func TestLimits(t *testing.T) {
	t.Parallel()
	base := start(t, "RATE_LIMIT_READ_PER_MINUTE=60", "RATE_LIMIT_PER_MINUTE=30", "RATE_LIMIT_AUTH_PER_MINUTE=6")
	result, l := run(t, base, load.Config{Profile: "book", Duration: 4 * time.Second, Users: 6, Seed: 4})
	if len(result.Notes) != 1 || len(l.Guests) == 0 || len(l.Guests) > 3 {
		t.Errorf("there are %d guests, and the notes are %q; want few, and that said", len(l.Guests), result.Notes)
	}
	var turnedAway int64
	for _, o := range result.Operations {
		turnedAway += o.Statuses[http.StatusTooManyRequests]
	}
	if turnedAway == 0 || result.Unknown > 0 || len(pending(l)) > 0 {
		t.Errorf("%d requests were turned away, %d outcomes are unknown and %d missing", turnedAway, result.Unknown, len(pending(l)))
	}
}
