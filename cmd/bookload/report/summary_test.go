package report_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/shumbooking/shumbooking/cmd/bookload/load"
	"github.com/shumbooking/shumbooking/cmd/bookload/report"
)

func TestTable(t *testing.T) {
	t.Parallel()
	thresholds := parse(t, "search.p99 > 50ms", "all.errors > 0.01%", "all.rate < 1000/s")
	run := aRun()
	run.Interrupted = true
	var b bytes.Buffer
	if err := report.Summarize(aResult(), run, thresholds).WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "table.txt", b.Bytes())
}

// Without a rate to keep there is one latency only, and what was not measured is not shown as fast.
func TestTableOfClosedLoop(t *testing.T) {
	t.Parallel()
	run := aRun()
	run.Ledger, run.RampUp = "", 0
	var b bytes.Buffer
	if err := report.Summarize(aSmallResult(), run, nil).WriteTable(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "closed.txt", b.Bytes())
}

func TestJSON(t *testing.T) {
	t.Parallel()
	var b bytes.Buffer
	if err := report.Summarize(aSmallResult(), aRun(), parse(t, "search.p99 > 50ms", "none.p99 > 1s")).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	golden(t, "report.json", b.Bytes())
}

// Every name in the JSON is told in the package's comment, and nothing is null but what the comment says.
func TestJSONIsDocumented(t *testing.T) {
	t.Parallel()
	comment, err := os.ReadFile("doc.go")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := report.Summarize(&load.Result{}, report.Run{}, nil).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	if strings.Contains(b.String(), "null") {
		t.Errorf("an empty run has null: %s", &b)
	}
	b.Reset()
	if err := report.Summarize(aSmallResult(), aRun(), parse(t, "search.p99 > 50ms")).WriteJSON(&b); err != nil {
		t.Fatal(err)
	}
	var document map[string]any
	if err := json.Unmarshal(b.Bytes(), &document); err != nil {
		t.Fatal(err)
	}
	walk(document, func(name string) {
		if !strings.Contains(string(comment), `"`+name+`"`) {
			t.Errorf("the package's comment does not tell of %s", name)
		}
	})
}

// walk visits the names of the fields of a document, but not the keys of its maps.
func walk(value any, visit func(name string)) {
	switch v := value.(type) {
	case map[string]any:
		for name, field := range v {
			visit(name)
			if name != "statuses" && name != "codes" {
				walk(field, visit)
			}
		}
	case []any:
		for _, item := range v {
			walk(item, visit)
		}
	}
}

// All operations together have the histogram of their sum: percentiles are not averaged.
func TestAllIsTheSumOfHistograms(t *testing.T) {
	t.Parallel()
	result := aResult()
	s := report.Summarize(result, aRun(), nil)
	sum := result.Operations[0].Latency
	for _, o := range result.Operations[1:] {
		if dropped := sum.Merge(o.Latency); dropped != 0 {
			t.Fatalf("%d values do not fit", dropped)
		}
	}
	want := []int64{sum.TotalCount(), sum.Min(), sum.ValueAtPercentile(50), sum.ValueAtPercentile(99), sum.ValueAtPercentile(99.9), sum.Max()}
	l := s.All.Latency
	got := []int64{l.Count, l.MinMicroseconds, l.P50Microseconds, l.P99Microseconds, l.P999Microseconds, l.MaxMicroseconds}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("figures of all operations (-want +got):\n%s", diff)
	}
}

// A curve rises, begins with the least and ends where the next answer is the slowest.
func TestCurve(t *testing.T) {
	t.Parallel()
	for _, o := range report.Summarize(aResult(), aRun(), nil).Operations {
		first, last := o.Curve[0], o.Curve[len(o.Curve)-1]
		if first.Percentile != 0 || last.Percentile >= 100 || last.Microseconds > o.Latency.MaxMicroseconds {
			t.Errorf("%s: the curve goes from %+v to %+v", o.Name, first, last)
		}
		if rest := (1 - last.Percentile/100) * float64(o.Latency.Count); rest < 0.99 || rest > 1.01 {
			t.Errorf("%s: the curve leaves %g answers out at its end, want 1", o.Name, rest)
		}
		for i, p := range o.Curve[1:] {
			if p.Percentile <= o.Curve[i].Percentile || p.Microseconds < o.Curve[i].Microseconds {
				t.Errorf("%s: %+v comes after %+v", o.Name, p, o.Curve[i])
			}
		}
	}
}

type fullDisk struct{}

var errFull = errors.New("no space left")

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestWritersReportErrors(t *testing.T) {
	t.Parallel()
	s := report.Summarize(aResult(), aRun(), nil)
	for name, write := range map[string]func(io.Writer) error{"table": s.WriteTable, "JSON": s.WriteJSON, "page": s.WritePage} {
		if err := write(fullDisk{}); !errors.Is(err, errFull) {
			t.Errorf("the %s gives %v, want %v", name, err, errFull)
		}
	}
}
