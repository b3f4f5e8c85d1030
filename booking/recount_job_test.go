package booking_test

import (
	"bytes"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/riverqueue/river"

	"github.com/shumbooking/shumbooking/booking"
	"github.com/shumbooking/shumbooking/platform/jobs/jobstest"
)

// What a recount found is seen by all processes.
func TestRecountJob(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	room := w.room(w.hotel(), 100, 5, 2)
	guest, _ := w.guest()
	book(guest, stay(room, soon(), 3))
	if n := series(t, w.registry); n != 0 {
		t.Errorf("metrics before the first recount: got %d, want none", n)
	}
	if text := w.recount(t); text != "" {
		t.Errorf("log of a recount without drift: got %s, want none", text)
	}
	if got, at := w.another(t).recounted(); got != 0 || at < time.Now().Add(-time.Minute).Unix() {
		t.Errorf("after a recount: got drift %v at %d, want 0 now", got, at)
	}
	w.exec("UPDATE room_nights SET booked = 4 WHERE room_id = $1 AND night = $2", room, soon().AddDays(1))
	w.exec("UPDATE inventory_recount SET recounted_at = '2020-01-01'")
	if text := w.recount(t); !strings.Contains(text, `nights=1 first="{RoomID:`) {
		t.Errorf("log of a recount that found drift: got %q, want the night", text)
	}
	if got, at := w.another(t).recounted(); got != 1 || at < time.Now().Add(-time.Minute).Unix() {
		t.Errorf("after a recount of a spoilt counter: got drift %v at %d, want 1 now", got, at)
	}
}

// recount runs the job and returns the service's log.
func (w *world) recount(t *testing.T) string {
	t.Helper()
	var log bytes.Buffer
	service := booking.New(w.db, booking.Config{Metrics: prometheus.NewRegistry(), Log: slog.New(slog.NewTextHandler(&log, nil))})
	kinds := river.NewWorkers()
	service.AddWorkers(kinds)
	w.exec("DELETE FROM river_job")
	jobstest.RunPeriodic(t, w.db, kinds, booking.PeriodicJobs())
	return log.String()
}

// another returns the world as another process sees it.
func (w *world) another(t *testing.T) *world {
	t.Helper()
	other := &world{tb: t, db: w.db, registry: prometheus.NewRegistry()}
	other.service = booking.New(w.db, booking.Config{Metrics: other.registry})
	return other
}

// recounted returns the drift that the metrics tell, and when it was found.
func (w *world) recounted() (drift float64, at int64) {
	if n := series(w.tb, w.registry); n != 2 {
		w.tb.Fatalf("metrics of the recount: got %d, want 2", n)
	}
	return w.metric("inventory_drift"), int64(w.metric("inventory_recounted_timestamp_seconds"))
}

// series returns how many metrics of a recount there are.
func series(tb testing.TB, registry *prometheus.Registry) int {
	tb.Helper()
	n, err := testutil.GatherAndCount(registry, "inventory_drift", "inventory_recounted_timestamp_seconds")
	if err != nil {
		tb.Fatal(err)
	}
	return n
}
