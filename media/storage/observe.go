package storage

import (
	"net/http"

	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/shumbooking/shumbooking/platform/tracing"
)

// observed makes spans of the requests to a bucket whose context is recorded. They have no URL, as some are signed.
type observed struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper. The span ends with the header of the answer.
func (o observed) RoundTrip(r *http.Request) (*http.Response, error) {
	if !tracing.IsRecording(r.Context()) {
		return o.RoundTripper.RoundTrip(r)
	}
	ctx, span := tracing.Start(r.Context(), r.Method+" bucket", trace.WithSpanKind(trace.SpanKindClient),
		trace.WithAttributes(semconv.HTTPRequestMethodKey.String(r.Method), semconv.ServerAddress(r.URL.Hostname())))
	defer span.End()
	res, err := o.RoundTripper.RoundTrip(r.WithContext(ctx))
	if err != nil {
		span.SetStatus(codes.Error, "no answer")
		return nil, err
	}
	span.SetAttributes(semconv.HTTPResponseStatusCode(res.StatusCode))
	if res.StatusCode >= http.StatusInternalServerError {
		span.SetStatus(codes.Error, "")
	}
	return res, nil
}
