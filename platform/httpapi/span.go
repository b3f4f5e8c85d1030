package httpapi

import (
	"context"
	"net/http"
	"strings"

	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/shumbooking/shumbooking/platform/tracing"
)

// beginSpan begins the span of a request whose route is known, back at the moment in which the request came. It
// returns r with the span in its context.
//
// The span tells what the line in the log does, in the names of OpenTelemetry: the pattern and not the path, which may
// hold anything where no route has it, and neither query nor address. The id of the request finds the one by the other.
func (a *API) beginSpan(r *http.Request, x *exchange) *http.Request {
	if a.cfg.Tracer == nil || x.probe {
		return r
	}
	ctx, links := a.originOf(r)
	ctx, x.span = a.cfg.Tracer.Start(ctx, r.Method+" "+x.pattern,
		trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(x.start), trace.WithLinks(links...),
		trace.WithAttributes(
			semconv.HTTPRequestMethodKey.String(r.Method), semconv.HTTPRoute(x.pattern),
			semconv.HTTPResponseHeader("x-request-id", x.requestID),
		))
	return r.WithContext(ctx)
}

// originOf returns what the span of r is below, and what it is linked to. A trusted proxy may say (W3C Trace Context)
// which trace the request is part of, and whether that is recorded. Of others this is a claim: the request begins a
// trace of its own, which tells of the claimed one and is recorded or not as any other.
func (a *API) originOf(r *http.Request) (context.Context, []trace.Link) {
	ctx := r.Context()
	claimed := tracing.Extract(ctx, propagation.HeaderCarrier(r.Header))
	origin := trace.SpanContextFromContext(claimed)
	switch {
	case !origin.IsValid():
		return ctx, nil
	case a.isTrustedProxy(parseAddr(r.RemoteAddr)):
		return claimed, nil
	}
	return ctx, []trace.Link{{SpanContext: origin}}
}

// endSpan ends the span of a request that was answered. Only what is wrong on this side is an error.
func (x *exchange) endSpan() {
	if x.span == nil {
		return
	}
	defer x.span.End()
	if !x.span.IsRecording() {
		return
	}
	if x.status != 0 {
		x.span.SetAttributes(semconv.HTTPResponseStatusCode(x.status))
	}
	if x.caller != "" {
		x.span.SetAttributes(semconv.EnduserID(x.caller))
	}
	switch {
	case x.status >= http.StatusInternalServerError && x.err != nil:
		// A panic has its stack on further lines, which the log has.
		reason, _, _ := strings.Cut(loggable(x.err), "\n")
		x.span.SetStatus(codes.Error, reason)
	case x.status >= http.StatusInternalServerError:
		x.span.SetStatus(codes.Error, "")
	}
}
