package jobs

import (
	"context"
	"errors"
	"fmt"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/shumbooking/shumbooking/platform/tracing"
)

// messagingSystem is what spans call River, of which OpenTelemetry knows nothing.
const messagingSystem = "river"

// traceIDField names the trace that a job ran in last, for its line in the log and for River UI.
const traceIDField = "trace_id"

// An observation makes spans of insertions, where those who insert are recorded, and of runs.
//
// A job notes the span that inserted it, which its runs are below. For the conventions that is allowed of messages
// that are processed one by one, beside links between traces: here a trace then shows all that a request caused, and
// what samples requests keeps or leaves them whole. Jobs of the clock begin traces of their own.
type observation struct {
	river.MiddlewareDefaults

	tracer trace.Tracer // nil where runs are not traced
}

var (
	_ rivertype.JobInsertMiddleware = (*observation)(nil)
	_ rivertype.WorkerMiddleware    = (*observation)(nil)
)

// InsertMany implements rivertype.JobInsertMiddleware.
func (*observation) InsertMany(ctx context.Context, jobs []*rivertype.JobInsertParams,
	insert func(context.Context) ([]*rivertype.JobInsertResult, error),
) ([]*rivertype.JobInsertResult, error) {
	if !trace.SpanContextFromContext(ctx).IsValid() || len(jobs) == 0 {
		return insert(ctx)
	}
	ctx, span := tracing.Start(ctx, "insert "+jobs[0].Kind, trace.WithSpanKind(trace.SpanKindProducer), trace.WithAttributes(
		semconv.MessagingSystemKey.String(messagingSystem), semconv.MessagingOperationTypeSend,
		semconv.MessagingOperationName("insert"), semconv.MessagingDestinationName(jobs[0].Queue),
		semconv.MessagingBatchMessageCount(len(jobs)), attribute.String("job.kind", jobs[0].Kind)))
	defer span.End()
	notes := propagation.MapCarrier{}
	tracing.Inject(ctx, notes)
	if err := note(jobs, notes); err != nil {
		return nil, err
	}
	results, err := insert(ctx)
	if err != nil {
		span.SetStatus(codes.Error, "")
	}
	return results, err
}

// Work implements rivertype.WorkerMiddleware.
func (o *observation) Work(ctx context.Context, job *rivertype.JobRow, run func(context.Context) error) error {
	if o.tracer == nil {
		return run(ctx)
	}
	ctx, _ = o.tracer.Start(originOf(ctx, job), "process "+job.Kind,
		trace.WithSpanKind(trace.SpanKindConsumer), trace.WithAttributes(
			semconv.MessagingSystemKey.String(messagingSystem), semconv.MessagingOperationTypeProcess,
			semconv.MessagingOperationName("process"), semconv.MessagingDestinationName(job.Queue),
			semconv.MessagingMessageID(fmt.Sprint(job.ID)),
			attribute.String("job.kind", job.Kind), attribute.Int("job.attempt", job.Attempt)))
	result := errPanicked
	// Deferred, so that a panic ends it as well.
	defer func() { endRun(ctx, job, result) }()
	if id := tracing.ID(ctx); id != "" {
		if err := river.MetadataSet(ctx, traceIDField, id); err != nil {
			return err
		}
	}
	result = run(ctx)
	return result
}

// errPanicked is the result of a run that did not return.
var errPanicked = errors.New("panic")

// originOf returns ctx below the span that inserted the job, if one did.
func originOf(ctx context.Context, job *rivertype.JobRow) context.Context {
	noted := readMetadata(job)
	if noted.TraceParent == "" {
		return ctx
	}
	return tracing.Extract(ctx, propagation.MapCarrier{"traceparent": noted.TraceParent, "tracestate": noted.TraceState})
}

// endRun ends the span of a run that returned err.
func endRun(ctx context.Context, job *rivertype.JobRow, err error) {
	span, o := trace.SpanFromContext(ctx), verdict(ctx, job, err)
	span.SetAttributes(attribute.String("job.outcome", string(o)))
	if o == failed || o == discarded || o == cancelled {
		span.SetStatus(codes.Error, err.Error())
	}
	span.End()
}

// verdict says what River does with a run that returned err.
func verdict(ctx context.Context, job *rivertype.JobRow, err error) outcome {
	if err == nil {
		return completed
	}
	_, gaveUp := errors.AsType[*river.JobCancelError](err)
	_, putOff := errors.AsType[*river.JobSnoozeError](err)
	switch {
	case gaveUp, errors.Is(context.Cause(ctx), river.ErrJobCancelledRemotely):
		return cancelled
	case putOff:
		return snoozed
	case errors.Is(err, context.Canceled):
		return interrupted
	case job.Attempt >= job.MaxAttempts:
		return discarded
	default:
		return failed
	}
}
