// Package tracingtest gives tests a collector of traces.
package tracingtest

import (
	"compress/gzip"
	"encoding/hex"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"go.opentelemetry.io/otel/trace"
	commonpb "go.opentelemetry.io/proto/otlp/common/v1"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"

	"github.com/shumbooking/shumbooking/platform/tracing"
)

// Path is where a Collector takes spans.
const Path = "/v1/traces"

// A Span is one that a Collector was sent.
type Span struct {
	Name string
	// Kind is how OTLP calls it, such as "SPAN_KIND_SERVER".
	Kind string
	// Trace, ID and Parent are hexadecimal; Parent is empty for the root of a trace.
	Trace, ID, Parent string
	// Links are the traces that the span is linked to.
	Links []string
	// Attributes and Resource have numbers in decimal, and items of lists with spaces between them.
	Attributes, Resource map[string]string
	// Events are their names.
	Events []string
	// Failed is whether the status is an error, which Status describes.
	Failed bool
	Status string
	// Text is all of the span, for people and for searches.
	Text string
}

// A Collector takes spans as OTLP over HTTP.
type Collector struct {
	server *httptest.Server

	mu      sync.Mutex
	spans   []Span
	headers []http.Header
}

// New starts a collector, which ends with the test.
func New(tb testing.TB) *Collector {
	tb.Helper()
	c := new(Collector)
	c.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodPost || r.URL.Path != Path {
			tb.Errorf("the collector got %s %s, want POST %s", r.Method, r.URL.Path, Path)
		}
		if err := c.take(r); err != nil {
			tb.Errorf("the collector got what it cannot read: %v", err)
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	tb.Cleanup(c.server.Close)
	return c
}

// Base is the URL of the collector, without Path.
func (c *Collector) Base() string { return c.server.URL }

// Tracer returns a tracer whose spans the collector takes, and a function that sends all there are.
func (c *Collector) Tracer(tb testing.TB) (tracer trace.Tracer, flush func()) {
	tb.Helper()
	p := tracing.New(tb.Context(), tracing.Config{Endpoint: c.Base() + Path, Log: slog.New(slog.DiscardHandler)})
	tb.Cleanup(p.Stop)
	return p.Tracer(), p.Stop
}

// Spans returns what was taken so far.
func (c *Collector) Spans() []Span {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.spans)
}

// Named returns the spans of that name.
func (c *Collector) Named(name string) []Span {
	return slices.DeleteFunc(c.Spans(), func(s Span) bool { return s.Name != name })
}

// Headers returns those of the requests so far.
func (c *Collector) Headers() []http.Header {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.headers)
}

func (c *Collector) take(r *http.Request) error {
	body, err := read(r)
	if err != nil {
		return err
	}
	// ExportTraceServiceRequest has the same one field; its package would bring gRPC.
	var data tracepb.TracesData
	if err := proto.Unmarshal(body, &data); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.headers = append(c.headers, r.Header.Clone())
	for _, of := range data.GetResourceSpans() {
		for _, scope := range of.GetScopeSpans() {
			for _, s := range scope.GetSpans() {
				c.spans = append(c.spans, spanOf(of, s))
			}
		}
	}
	return nil
}

func read(r *http.Request) ([]byte, error) {
	if r.Header.Get("Content-Encoding") != "gzip" {
		return io.ReadAll(r.Body)
	}
	unzipped, err := gzip.NewReader(r.Body)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(unzipped)
}

func spanOf(of *tracepb.ResourceSpans, s *tracepb.Span) Span {
	span := Span{
		Name: s.GetName(), Kind: s.GetKind().String(),
		Trace: hex.EncodeToString(s.GetTraceId()), ID: hex.EncodeToString(s.GetSpanId()), Parent: hex.EncodeToString(s.GetParentSpanId()),
		Attributes: mapOf(s.GetAttributes()), Resource: mapOf(of.GetResource().GetAttributes()),
		Failed: s.GetStatus().GetCode() == tracepb.Status_STATUS_CODE_ERROR, Status: s.GetStatus().GetMessage(),
		Text: prototext.Format(of.GetResource()) + prototext.Format(s),
	}
	for _, link := range s.GetLinks() {
		span.Links = append(span.Links, hex.EncodeToString(link.GetTraceId()))
	}
	for _, event := range s.GetEvents() {
		span.Events = append(span.Events, event.GetName())
	}
	return span
}

func mapOf(attrs []*commonpb.KeyValue) map[string]string {
	m := make(map[string]string, len(attrs))
	for _, a := range attrs {
		m[a.GetKey()] = textOf(a.GetValue())
	}
	return m
}

// textOf returns a value as text, and items of a list with spaces between them.
func textOf(v *commonpb.AnyValue) string {
	switch value := v.GetValue().(type) {
	case *commonpb.AnyValue_StringValue:
		return value.StringValue
	case *commonpb.AnyValue_ArrayValue:
		var items []string
		for _, item := range value.ArrayValue.GetValues() {
			items = append(items, textOf(item))
		}
		return strings.Join(items, " ")
	default:
		// prototext is not stable.
		return fmt.Sprint(v.GetIntValue())
	}
}
