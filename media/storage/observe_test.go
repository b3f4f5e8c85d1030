package storage_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/shumbooking/shumbooking/media/storage/storagetest"
	"github.com/shumbooking/shumbooking/platform/tracing/tracingtest"
)

// TestBucketSpans asks a bucket in a trace. The spans tell of what and of whom, and neither key nor signature.
func TestBucketSpans(t *testing.T) {
	t.Parallel()
	server := storagetest.NewServer(t)
	b := openBucket(t, server)
	put(t, b, "images/quiet", "x") // In no trace.
	collector := tracingtest.New(t)
	tracer, flush := collector.Tracer(t)
	ctx, above := tracer.Start(t.Context(), "above")
	if err := b.Put(ctx, "images/canary", strings.NewReader("x"), 1); err != nil {
		t.Fatal(err)
	}
	server.Intercept(func(w http.ResponseWriter, _ *http.Request) bool {
		storagetest.Refuse(w, http.StatusNotImplemented, "NotImplemented")
		return true
	})
	if err := b.Delete(ctx, "images/canary"); err == nil {
		t.Error("Delete() succeeds where the server can do nothing")
	}
	above.End()
	flush()
	puts, deletions := collector.Named("PUT bucket"), collector.Named("DELETE bucket")
	if len(puts) != 1 || len(deletions) == 0 {
		t.Fatalf("got %+v, want a span for the one that was put in the trace, and of the deletion", collector.Spans())
	}
	if s := puts[0]; s.Kind != "SPAN_KIND_CLIENT" || s.Failed || s.Attributes["server.address"] != "127.0.0.1" {
		t.Errorf("got %+v, want that of a client, and the address without its port", s)
	}
	if s := deletions[0]; !s.Failed || s.Attributes["http.response.status_code"] != "501" {
		t.Errorf("got %+v, want that the server failed with 501", s)
	}
	for _, s := range collector.Spans() {
		for _, hidden := range []string{"canary", "Signature", server.Config.AccessKeyID, server.Config.SecretAccessKey} {
			if strings.Contains(s.Text, hidden) {
				t.Errorf("a span has %q: %s", hidden, s.Text)
			}
		}
	}
}
