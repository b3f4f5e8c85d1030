package main

import (
	"strings"
	"syscall"
	"testing"

	"github.com/shumbooking/shumbooking/platform/tracing/tracingtest"
)

// TestNoCollectorNoWork looks at what goes on in programs with and without a collector: all their goroutines.
func TestNoCollectorNoWork(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{"", tracingtest.New(t).Base()} {
		p := execute(t, []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + endpoint}, "dev", "--ephemeral", "--addr", "127.0.0.1:0", "--hotels", "1")
		p.await(t, "(Ctrl-C)")
		fetch(t, p.await(t, devAddress)+"/hotels/1")
		p.Signal(syscall.SIGQUIT)
		p.Wait() // It tells what it does, and fails.
		dump := p.Output()
		if !strings.Contains(dump, "pgxpool") {
			t.Fatal("the program did not tell what it does")
		}
		traces := strings.Contains(dump, "go.opentelemetry.io/otel/sdk") || strings.Contains(dump, `"trace_id"`)
		if want := endpoint != ""; traces != want {
			t.Errorf("with the collector %q: traces in what goes on and in the log: %t, want %t", endpoint, traces, want)
		}
	}
}
