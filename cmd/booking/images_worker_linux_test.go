package main

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/media/imaging/imagingtest"
	"github.com/shumbooking/shumbooking/platform/pg/pgtest"
	"github.com/shumbooking/shumbooking/platform/proctest"
)

// soon is eventually for what passes in a moment.
func soon(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(proctest.Patience)
	tick := time.NewTicker(200 * time.Microsecond)
	defer tick.Stop()
	for !condition() {
		select {
		case <-deadline:
			t.Fatalf("waited in vain until %s", what)
		case <-tick.C:
		}
	}
}

// TestWorkersKilledAtRandom kills worker after worker while they process photographs. The last finds all that is left.
func TestWorkersKilledAtRandom(t *testing.T) {
	t.Parallel()
	const rounds, uploads, files = 10, 4, 7
	s := newSite(t, pgtest.Config(t), nil)
	s.open(1)
	photograph := imagingtest.Mosaic(800, 600)
	for range uploads {
		s.upload("/hotels/1/images", files, photograph)
	}
	for range rounds {
		p := s.work()
		before, more := s.begun(), 1+rand.IntN(5)
		soon(t, "the worker is in the middle of jobs, or has none left", func() bool {
			n := s.begun()
			return n < before || n >= before+more || len(s.keys("originals/")) == 0
		})
		p.Kill()
		s.wantNamed()
		letAnHourPass(t, s.db)
	}
	p := s.work()
	s.settle()
	s.wantReady(uploads * files)
	s.wantFiles()
	s.age()
	if swept := s.sweep(); swept.Orphans != 0 || swept.Missing != 0 {
		t.Errorf("the sweep found %+v, want nothing but leftovers", swept)
	}
	s.wantFiles()
	if n := s.begun(); n != len(s.keys("images/")) {
		t.Errorf("%d files are in the store after the sweep, want the %d that are served", n, len(s.keys("images/")))
	}
	terminate(t, p)
}

// TestWorkerStopsWithImages tells a worker to stop while it processes photographs and more of them wait.
func TestWorkerStopsWithImages(t *testing.T) {
	t.Parallel()
	const files = 10
	s := newSite(t, pgtest.Config(t), nil)
	s.open(1)
	s.upload("/hotels/1/images", files, imagingtest.Mosaic(800, 600))
	p := s.work()
	soon(t, "a job runs", func() bool { return s.number(countProcess, "running") > 0 })
	terminate(t, p)
	if n := s.number(`SELECT count(*) FROM river_job WHERE kind = 'image_process'
		AND (state = 'completed' AND attempt = 1 OR state = 'available' AND attempt = 0)`); n != files {
		t.Errorf("%d of %d jobs are done or wait for another worker: %v", n, files, s.strings("SELECT state::text || attempt FROM river_job"))
	}
	p = s.work()
	s.settle()
	s.wantReady(files)
	s.wantFiles()
	terminate(t, p)
}

const countProcess = "SELECT count(*) FROM river_job WHERE kind = 'image_process' AND state::text = $1"
