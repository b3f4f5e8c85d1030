package fault_test

import (
	"os"
	"slices"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/shumbooking/shumbooking/cmd/bookload/load"
	"github.com/shumbooking/shumbooking/cmd/bookload/proof/site"
)

func TestMain(m *testing.M) {
	registerToxics()
	zerolog.SetGlobalLevel(zerolog.Disabled) // Some toxics write what they do, whatever logger they were given.
	os.Exit(site.Main(m))
}

const (
	// users do everything, and each goes on with an upload until it is taken.
	users = 4
	// bookers only book.
	bookers = 2
	// longest is more than all cells of a site take.
	longest = time.Hour
	// processing is how long photographs may take once all is well.
	processing = time.Minute
)

func TestPostgres(t *testing.T) {
	t.Parallel()
	runAll(t, postgresCells())
}

// TestRedis has more than one server out of reach, too.
func TestRedis(t *testing.T) {
	t.Parallel()
	runAll(t, slices.Concat(redisCells(), severalCells()))
}

func TestBucket(t *testing.T) {
	t.Parallel()
	runAll(t, bucketCells())
}

// runAll runs cells one after the other on a site of their own under loads that do not stop, and then compares what
// they were told with what the service remembers.
func runAll(t *testing.T, cells []cell) {
	t.Helper()
	r := newRig(t)
	loads := []*site.Run{
		r.site.Begin(load.Config{Profile: "mixed", Users: users, Duration: longest, Seed: 1}),
		r.site.Begin(load.Config{Profile: "book", Users: bookers, Duration: longest, Seed: 2}),
	}
	for _, under := range loads {
		under.More()
	}
	r.noteLevel(t)
	for _, c := range cells {
		if c.long && !*site.Long {
			continue
		}
		t.Run(c.name, func(t *testing.T) { c.run(t, r) })
	}
	for _, under := range loads {
		wantTimely(t, under.End())
	}
	r.hurryJobs(t)
	for _, under := range loads {
		r.site.WantClean(under, processing)
	}
	r.site.WantRunning()
}

// hurryJobs has the jobs tried again that failed during faults, and would wait for longer and longer.
func (r *rig) hurryJobs(t *testing.T) {
	t.Helper()
	if _, err := r.db.Exec(t.Context(), "UPDATE river_job SET state = 'available', scheduled_at = now() WHERE state = 'retryable'"); err != nil {
		t.Fatal(err)
	}
}

// wantTimely checks all answers that the load had.
func wantTimely(t *testing.T, result *load.Result) {
	t.Helper()
	for _, o := range result.Operations {
		if slowest := time.Duration(o.Service.Max()) * time.Microsecond; slowest >= deadline {
			t.Errorf("the slowest %s of the load took %v, want less than %v", o.Name, slowest, deadline)
		}
		for status, n := range o.Statuses {
			if status == 0 || status >= 500 && status != 503 {
				t.Errorf("%d times %s of the load has the status %d, want none but 503 for what is not possible now", n, o.Name, status)
			}
		}
	}
}
