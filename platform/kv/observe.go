package kv

import (
	"context"
	"strings"

	"github.com/redis/go-redis/v9"
	"go.opentelemetry.io/otel/codes"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/shumbooking/shumbooking/platform/tracing"
)

// observe makes a span of do, one round trip of cmds. It has the names of the commands, and no key or value.
func observe(ctx context.Context, cmds []redis.Cmder, do func(context.Context) error) error {
	names := make([]string, len(cmds))
	for i, cmd := range cmds {
		names[i] = strings.ToUpper(cmd.Name())
	}
	operation := strings.Join(names, " ")
	if len(cmds) > 1 {
		operation = "PIPELINE " + operation
	}
	ctx, span := tracing.Start(ctx, operation, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		semconv.DBSystemNameRedis, semconv.DBOperationName(operation)))
	defer span.End()
	err := do(ctx)
	if err != nil {
		span.SetStatus(codes.Error, "no answer")
	}
	return err
}
