package health_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/shumbooking/shumbooking/platform/health"
)

// dependency is something that a check looks at and that a test can take away.
type dependency struct {
	err   atomic.Pointer[error]
	looks atomic.Int32
}

func (d *dependency) check(context.Context) error {
	d.looks.Add(1)
	if err := d.err.Load(); err != nil {
		return *err
	}
	return nil
}

func (d *dependency) away(err error) { d.err.Store(&err) }
func (d *dependency) back()          { d.err.Store(nil) }

type setup struct {
	*health.Health
	database, cache dependency
	log             bytes.Buffer
}

func newSetup() *setup {
	s := &setup{}
	s.Health = health.New(health.Config{
		Version: "1.2.3", Commit: "abc", Started: time.Now(),
		Log: slog.New(slog.NewTextHandler(&s.log, nil)),
		Checks: []health.Check{
			{Name: "database", Run: s.database.check},
			{Name: "cache", Need: health.Optional, Timeout: 50 * time.Millisecond, Run: s.cache.check},
		},
	})
	return s
}

// wantReady asks after the last result went stale.
func (s *setup) wantReady(t *testing.T, status string, code int) {
	t.Helper()
	<-time.After(time.Second) // of the bubble's clock
	r, err := s.Ready(t.Context(), nil)
	if err != nil || r.Status != status || r.StatusCode() != code {
		t.Errorf("Ready() = %+v, %v with status code %d; want %s, %d", r, err, r.StatusCode(), status, code)
	}
}

func (s *setup) wantHealth(t *testing.T, status string, code int) {
	t.Helper()
	<-time.After(time.Second) // of the bubble's clock
	r, err := s.Health.Health(t.Context(), nil)
	if err != nil || r.Status != status || r.StatusCode() != code {
		t.Errorf("Health() = %+v, %v with status code %d; want %s, %d", r, err, r.StatusCode(), status, code)
	}
}

func TestReadyFollowsTheProcess(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSetup()
		s.wantReady(t, "starting", http.StatusServiceUnavailable)
		s.Started()
		s.wantReady(t, "ready", http.StatusOK)
		s.Drain()
		s.wantReady(t, "draining", http.StatusServiceUnavailable)
		s.Started()
		s.wantReady(t, "draining", http.StatusServiceUnavailable)
	})
}

func TestOnlyRequiredComponentsGate(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSetup()
		s.Started()
		s.wantHealth(t, "ok", http.StatusOK)

		s.cache.away(errors.New("refused"))
		s.wantReady(t, "ready", http.StatusOK)
		s.wantHealth(t, "degraded", http.StatusOK)

		s.database.away(errors.New("refused"))
		s.wantReady(t, "unavailable", http.StatusServiceUnavailable)
		s.wantHealth(t, "down", http.StatusServiceUnavailable)

		s.database.back()
		s.cache.back()
		s.wantReady(t, "ready", http.StatusOK)
		s.wantHealth(t, "ok", http.StatusOK)
	})
}

func TestReportsWhatRuns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSetup()
		<-time.After(90 * time.Second)
		r, err := s.Health.Health(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if r.Version != "1.2.3" || r.Commit != "abc" || r.UptimeSeconds != 90 || len(r.Components) != 2 {
			t.Errorf("Health() = %+v, want version 1.2.3, commit abc, 90 s and two components", r)
		}
	})
}

// A dependency that hangs costs its timeout and no more, beside the others.
func TestChecksAreBoundedAndConcurrent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hang := func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}
		h := health.New(health.Config{Log: slog.New(slog.DiscardHandler), Checks: []health.Check{
			{Name: "a", Run: hang}, {Name: "b", Timeout: 300 * time.Millisecond, Run: hang},
		}})
		begin := time.Now()
		r, err := h.Ready(t.Context(), nil)
		if err != nil || r.Checks["a"].LatencyMS != 1000 || r.Checks["b"].LatencyMS != 300 {
			t.Errorf("Ready() = %+v, %v; want latencies of 1000 and 300 ms", r, err)
		}
		if took := time.Since(begin); took != time.Second {
			t.Errorf("Ready() took %v, want 1s", took)
		}
	})
}

func TestCallersShareALook(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSetup()
		for range 100 {
			go func() { _, _ = s.Ready(t.Context(), nil) }()
		}
		synctest.Wait()
		if got := s.database.looks.Load(); got != 1 {
			t.Errorf("100 callers at once made %d looks, want 1", got)
		}
	})
}

// A caller that hangs up says nothing about the dependencies.
func TestCanceledCallerDoesNotTaintTheResult(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := health.New(health.Config{Log: slog.New(slog.DiscardHandler), Checks: []health.Check{
			{Name: "a", Run: func(ctx context.Context) error { return ctx.Err() }},
		}})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if r, err := h.Ready(ctx, nil); err != nil || r.Checks["a"].Status != "up" {
			t.Errorf("Ready() = %+v, %v; want a up", r, err)
		}
	})
}

func TestChangesAreLoggedOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSetup()
		s.Started()
		s.cache.away(errors.New("connection refused"))
		for range 3 {
			s.wantReady(t, "ready", http.StatusOK)
		}
		s.cache.back()
		s.wantReady(t, "ready", http.StatusOK)
		for _, want := range []string{"component is down", "connection refused", "component is up again"} {
			if got := strings.Count(s.log.String(), want); got != 1 {
				t.Errorf("%q is logged %d times, want once:\n%s", want, got, &s.log)
			}
		}
	})
}
