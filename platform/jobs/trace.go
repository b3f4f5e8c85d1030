package jobs

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"github.com/shumbooking/shumbooking/platform/httpapi"
)

// metadata is what we and River note on a job beside its arguments.
type metadata struct {
	RequestID   string `json:"request_id"`
	TraceParent string `json:"traceparent"`
	TraceState  string `json:"tracestate"`
	TraceID     string `json:"trace_id"`
	Rescues     int    `json:"river:rescue_count"`
}

const requestIDField = "request_id"

// readMetadata returns what the metadata say; others may have written them, so that anything else is nothing.
func readMetadata(job *rivertype.JobRow) metadata {
	var m metadata
	if err := json.Unmarshal(job.Metadata, &m); err != nil {
		return metadata{}
	}
	return m
}

type requestIDKey struct{}

// RequestID returns the id of the request that ctx belongs to: in a job that of the request which inserted it, also
// through other jobs. It is "" for jobs that no request asked for.
func RequestID(ctx context.Context) string {
	if id, ok := ctx.Value(requestIDKey{}).(string); ok {
		return id
	}
	return httpapi.RequestID(ctx)
}

// insertion notes the request on the jobs it inserts, and counts them.
type insertion struct {
	river.MiddlewareDefaults
	inserted *prometheus.CounterVec
}

var _ rivertype.JobInsertMiddleware = (*insertion)(nil)

// InsertMany implements rivertype.JobInsertMiddleware.
func (m *insertion) InsertMany(ctx context.Context, jobs []*rivertype.JobInsertParams,
	insert func(context.Context) ([]*rivertype.JobInsertResult, error),
) ([]*rivertype.JobInsertResult, error) {
	if id := RequestID(ctx); id != "" {
		if err := note(jobs, map[string]string{requestIDField: id}); err != nil {
			return nil, err
		}
	}
	results, err := insert(ctx)
	for _, result := range results {
		if err == nil && result.Job != nil && !result.UniqueSkippedAsDuplicate {
			m.inserted.WithLabelValues(result.Job.Kind).Inc()
		}
	}
	return results, err
}

// note adds notes to the metadata of jobs, which are JSON objects.
func note(jobs []*rivertype.JobInsertParams, notes map[string]string) error {
	for _, job := range jobs {
		fields := map[string]any{}
		if len(job.Metadata) > 0 {
			if err := json.Unmarshal(job.Metadata, &fields); err != nil {
				return fmt.Errorf("metadata of a job of kind %s: %w", job.Kind, err)
			}
		}
		for name, value := range notes {
			fields[name] = value
		}
		var err error
		if job.Metadata, err = json.Marshal(fields); err != nil {
			return fmt.Errorf("metadata of a job of kind %s: %w", job.Kind, err)
		}
	}
	return nil
}

// work surrounds each run of a job.
type work struct {
	river.MiddlewareDefaults
}

var _ rivertype.WorkerMiddleware = (*work)(nil)

// Work implements rivertype.WorkerMiddleware. It gives the job's context the id of the request.
//
// River gives a job back, without counting the attempt, only where it failed with context.Canceled because the
// worker stops. What fails at that moment with another error, such as one of a connection that was cut, is as
// innocent.
func (work) Work(ctx context.Context, job *rivertype.JobRow, run func(context.Context) error) error {
	if id := readMetadata(job).RequestID; id != "" {
		ctx = context.WithValue(ctx, requestIDKey{}, id)
	}
	err := run(ctx)
	// The time limit of the job is within run: here only a stop and an operator end the context.
	if err == nil || ctx.Err() == nil || isVerdict(err) || errors.Is(context.Cause(ctx), river.ErrJobCancelledRemotely) {
		return err
	}
	return fmt.Errorf("%w: %w", context.Canceled, err)
}

// isVerdict reports whether err says itself what becomes of the job.
func isVerdict(err error) bool {
	_, cancelled := errors.AsType[*river.JobCancelError](err)
	_, snoozed := errors.AsType[*river.JobSnoozeError](err)
	return cancelled || snoozed
}
