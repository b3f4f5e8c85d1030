package jobs

import (
	"context"
	"log/slog"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// reported are the events that make a line of the log.
func reported() []river.EventKind {
	return []river.EventKind{
		river.EventKindJobCompleted, river.EventKindJobFailed, river.EventKindJobCancelled,
		river.EventKindJobSnoozed, river.EventKindJobInterrupted,
	}
}

// outcomeOf says what the database was told about the run.
func outcomeOf(e *river.Event) outcome {
	switch e.Kind {
	case river.EventKindJobCompleted:
		return completed
	case river.EventKindJobCancelled:
		return cancelled
	case river.EventKindJobSnoozed:
		return snoozed
	case river.EventKindJobInterrupted:
		return interrupted
	default:
		if e.Job.State == rivertype.JobStateDiscarded {
			return discarded
		}
		return failed
	}
}

func (o outcome) level() slog.Level {
	switch o {
	case discarded:
		return slog.LevelError
	case failed, cancelled:
		return slog.LevelWarn
	default:
		return slog.LevelInfo
	}
}

// report logs and counts a run of a job once its outcome is stored.
func (w *Worker) report(ctx context.Context, e *river.Event) {
	o, job := outcomeOf(e), e.Job
	wait := max(e.JobStats.QueueWaitDuration, 0)
	w.counters.outcomes[o].WithLabelValues(job.Kind).Inc()
	w.counters.duration.WithLabelValues(job.Kind).Observe(e.JobStats.RunDuration.Seconds())
	w.counters.wait.WithLabelValues(job.Kind).Observe(wait.Seconds())

	attempt := job.Attempt
	if o == snoozed || o == interrupted {
		attempt++ // It was taken back already.
	}
	attrs := []slog.Attr{
		slog.String("kind", job.Kind),
		slog.Int64("job_id", job.ID),
		slog.String("queue", job.Queue),
		slog.Int("attempt", attempt),
		slog.String("outcome", string(o)),
		slog.Float64("duration_ms", milliseconds(e.JobStats.RunDuration)),
		slog.Float64("wait_ms", milliseconds(wait)),
	}
	noted := readMetadata(job)
	if noted.RequestID != "" {
		attrs = append(attrs, slog.String("request_id", noted.RequestID))
	}
	if noted.TraceID != "" {
		attrs = append(attrs, slog.String("trace_id", noted.TraceID))
	}
	if noted.Rescues > 0 {
		attrs = append(attrs, slog.Int("rescues", noted.Rescues))
	}
	if n := len(job.Errors); n > 0 && (o == failed || o == discarded || o == cancelled) {
		attrs = append(attrs, slog.String("err", job.Errors[n-1].Error))
		if stack := job.Errors[n-1].Trace; stack != "" {
			attrs = append(attrs, slog.String("stack", stack))
		}
	}
	w.log.LogAttrs(ctx, o.level(), "job", attrs...)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
