package httpapi

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"go.opentelemetry.io/otel/trace"
)

// An exchange is what is known of one request and its answer, for the log, the metrics and the trace.
type exchange struct {
	requestID string
	start     time.Time
	pattern   string
	probe     bool
	caller    string
	client    netip.Addr
	status    int
	bytes     int64
	err       error
	span      trace.Span // nil where the request is not traced
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	if x, ok := ctx.Value(exchangeKey{}).(*exchange); ok {
		return x
	}
	return &exchange{}
}

// RequestID returns the id of the request that ctx belongs to, or "".
func RequestID(ctx context.Context) string { return exchangeOf(ctx).requestID }

// recorder notes what is written.
type recorder struct {
	http.ResponseWriter
	x *exchange
}

func (w *recorder) WriteHeader(status int) {
	if w.x.status == 0 {
		w.x.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.x.status == 0 {
		w.x.status = http.StatusOK
	}
	n, err := w.ResponseWriter.Write(b)
	w.x.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController reach the connection.
func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

const requestIDHeader = "X-Request-Id"

// observe gives each request its id, and writes its log line and its metrics when it is answered.
func (a *API) observe(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{start: time.Now(), requestID: r.Header.Get(requestIDHeader), client: a.clientAddr(r)}
		if !isSane(x.requestID) {
			x.requestID = newRequestID()
		}
		w.Header().Set(requestIDHeader, x.requestID)
		done := a.metrics.begin()
		// Deferred, so that an answer that is broken off counts as well.
		defer func() {
			elapsed := time.Since(x.start)
			done(x, r.Method, elapsed)
			a.log(r, x, elapsed)
			x.endSpan()
		}()
		next.ServeHTTP(&recorder{ResponseWriter: w, x: x}, r.WithContext(context.WithValue(r.Context(), exchangeKey{}, x)))
	})
}

func (a *API) log(r *http.Request, x *exchange, elapsed time.Duration) {
	level := slog.LevelInfo
	switch {
	case x.status >= 500 && x.err != nil:
		level = slog.LevelError
	case x.probe:
		level = slog.LevelDebug
	}
	if !a.cfg.Log.Enabled(r.Context(), level) {
		return
	}
	attrs := []slog.Attr{
		slog.String("method", r.Method),
		slog.String("route", x.pattern),
		slog.Int("status", x.status),
		slog.Float64("duration_ms", float64(elapsed.Microseconds())/1000),
		slog.Int64("bytes", x.bytes),
		slog.String("request_id", x.requestID),
	}
	if x.span != nil && x.span.IsRecording() {
		attrs = append(attrs, slog.String("trace_id", x.span.SpanContext().TraceID().String()))
	}
	if x.caller != "" {
		attrs = append(attrs, slog.String("user_id", x.caller))
	}
	if x.err != nil {
		attrs = append(attrs, slog.String("err", loggable(x.err)))
	}
	a.cfg.Log.LogAttrs(r.Context(), level, "request", attrs...)
}

// isSane reports whether a client's request id may stand in logs and headers as it is.
func isSane(id string) bool {
	for _, c := range []byte(id) {
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '-' && c != '_' && c != '.' {
			return false
		}
	}
	return len(id) > 0 && len(id) <= 64
}

// newRequestID returns a random UUID (RFC 9562, version 4).
func newRequestID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}
