//go:build unix

package jobs_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/riverqueue/river"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/shumbooking/shumbooking/platform/jobs"
	"github.com/shumbooking/shumbooking/platform/tracing"
	"github.com/shumbooking/shumbooking/platform/tracing/tracingtest"
)

// TestTrace inserts a job in a trace. All that it does, and what that inserts, is in it too.
func TestTrace(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	collector := tracingtest.New(t)
	tracer, flush := collector.Tracer(t)
	b.config.Tracer = tracer
	s := b.work(t, func(ctx context.Context, job *river.Job[args]) error {
		if job.Args.Name != "asks" {
			return nil
		}
		_, err := b.inserter.Insert(ctx, args{Name: "asked"}, nil)
		return err
	})
	ctx, above := tracer.Start(t.Context(), "above")
	result, err := b.inserter.Insert(ctx, args{Name: "asks"}, &river.InsertOpts{Metadata: []byte(`{"mine": 7}`)})
	if err != nil {
		t.Fatal(err)
	}
	above.End()
	s.await(t)
	s.await(t)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	flush()
	inserted, processed := collector.Named("insert test"), collector.Named("process test")
	if len(inserted) != 2 || len(processed) != 2 {
		t.Fatalf("got %d insertions and %d runs, want two each", len(inserted), len(processed))
	}
	for i, run := range processed {
		if run.Trace != tracing.ID(ctx) || run.Parent != inserted[0].ID && run.Parent != inserted[1].ID || run.Kind != "SPAN_KIND_CONSUMER" {
			t.Errorf("run %d: got %+v, want it below its insertion in trace %s", i, run, tracing.ID(ctx))
		}
	}
	if line := b.log.of(t, result.Job.ID); len(line) != 1 || line[0]["trace_id"] != tracing.ID(ctx) {
		t.Errorf("log: got %v, want trace_id %s", line, tracing.ID(ctx))
	}
	var mine string
	if err := b.pool.QueryRow(t.Context(), "SELECT metadata->>'mine' FROM river_job WHERE id = $1", result.Job.ID).Scan(&mine); err != nil || mine != "7" {
		t.Errorf("other metadata: got %q, %v, want it kept", mine, err)
	}
}

// TestTrace_NotRecorded inserts a job in a trace that is not recorded. Its runs are not either.
func TestTrace_NotRecorded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	collector := tracingtest.New(t)
	tracer, flush := collector.Tracer(t)
	b.config.Tracer = tracer
	none := tracing.New(t.Context(), tracing.Config{Sampler: sdktrace.NeverSample(), Log: b.config.Log})
	defer none.Stop()
	ctx, _ := none.Tracer().Start(t.Context(), "above")
	s := b.work(t, func(context.Context, *river.Job[args]) error { return nil })
	if _, err := b.inserter.Insert(ctx, args{}, nil); err != nil {
		t.Fatal(err)
	}
	s.await(t)
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	flush()
	if spans := collector.Spans(); len(spans) != 0 {
		t.Errorf("got %+v, want no span", spans)
	}
}

// TestTrace_Outcomes tells what became of runs. Nobody asked for these jobs in a trace: each begins its own.
func TestTrace_Outcomes(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		attempts int
		want     string
		failed   bool
		do       func() error
	}{
		"completed": {1, "completed", false, func() error { return nil }},
		"failed":    {2, "failed", true, func() error { return errors.New("no room") }},
		"discarded": {1, "discarded", true, func() error { return errors.New("no room") }},
		"cancelled": {2, "cancelled", true, func() error { return fmt.Errorf("no room: %w", river.JobCancel(errors.New("ever"))) }},
		"snoozed":   {2, "snoozed", false, func() error { return river.JobSnooze(jobs.Timeout) }},
		"panic":     {1, "discarded", true, func() error { panic("no room") }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			collector := tracingtest.New(t)
			tracer, flush := collector.Tracer(t)
			b.config.Tracer = tracer
			s := b.work(t, func(context.Context, *river.Job[args]) error { return tt.do() })
			b.insert(t, args{}, &river.InsertOpts{MaxAttempts: tt.attempts})
			s.await(t)
			if err := s.stop(); err != nil {
				t.Fatal(err)
			}
			flush()
			wantOutcome(t, collector, tt.want, tt.failed)
		})
	}
}

func wantOutcome(t *testing.T, collector *tracingtest.Collector, outcome string, failed bool) {
	t.Helper()
	spans := collector.Named("process test")
	if len(spans) != 1 || spans[0].Parent != "" || spans[0].Attributes["job.outcome"] != outcome || spans[0].Failed != failed {
		t.Errorf("got %+v, want the root of a trace with the outcome %s, failed %t", spans, outcome, failed)
	}
}

// TestTrace_Interrupted breaks a run off, which is nobody's fault.
func TestTrace_Interrupted(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	collector := tracingtest.New(t)
	tracer, flush := collector.Tracer(t)
	b.config.Tracer = tracer
	started := make(chan struct{})
	w, err := jobs.NewHasty(b.pool, workers(func(ctx context.Context, _ *river.Job[args]) error {
		close(started)
		<-ctx.Done()
		return errors.New("connection reset")
	}), b.config, time.Millisecond, time.Minute)
	if err != nil {
		t.Fatal(err)
	}
	b.insert(t, args{}, once())
	s := begin(t, w)
	<-started
	if err := s.stop(); err != nil {
		t.Fatal(err)
	}
	flush()
	wantOutcome(t, collector, "interrupted", false)
}
