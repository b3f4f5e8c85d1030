package report_test

import (
	"strings"
	"testing"
	"time"

	"github.com/shumbooking/shumbooking/cmd/bookload/load"
	"github.com/shumbooking/shumbooking/cmd/bookload/report"
)

// aSmallResult has figures that can be told without a computer: ten seconds, a hundred searches of 1 ms to 100 ms, of
// which two failed, and one refused booking.
func aSmallResult() *load.Result {
	search := load.Operation{
		Name: "search", Statuses: map[int]int64{200: 98, 503: 1, 0: 1}, Codes: map[string]int64{"unavailable": 1}, Sent: 1000, Received: 200_000,
	}
	var latencies []int64
	for ms := range int64(100) {
		latencies = append(latencies, (ms+1)*1000)
	}
	search.Latency, search.Service = histogram(latencies...), histogram(500)
	book := load.Operation{
		Name: "book", Statuses: map[int]int64{409: 1}, Codes: map[string]int64{"room_not_available": 1}, Sent: 300, Received: 400,
		Latency: histogram(2000), Service: histogram(1500),
	}
	return &load.Result{
		Profile: "book", Seed: 7, Users: 2, Started: time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC), Elapsed: 10 * time.Second, Unknown: 1, Dropped: 4,
		Operations: []load.Operation{book, search, {Name: "list"}},
		Seconds:    []load.Second{{Answers: 99, Failures: 2, P50: 50 * time.Millisecond, P99: 99 * time.Millisecond}, {}},
	}
}

func TestThresholds(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		expression string
		crossed    bool
		text       string
	}{
		{"search.p50 > 50ms", true, "50.0 ms"}, // A value of a histogram stands for itself and a thousandth more.
		{"search.p50 > 51ms", false, "50.0 ms"},
		{"search.p90 >= 89.9ms", true, "90"},
		{"search.p95 < 1s", true, "95"},
		{"search.p99 > 99.5ms", false, "99"},
		{"search.p999 > 0.1s", true, "100 ms"},
		{"search.max > 99000us", true, "100 ms"},
		{"search.max > 99000µs", true, "100 ms"},
		{"search.mean > 51ms", false, "50.5 ms"},
		{"search.mean>50ms", true, "50.5 ms"},
		{"book.p99 <= 2ms", true, "2.00 ms"},
		{"  book.p99   <=   1ms  ", false, "2.00 ms"},
		{"all.p50 > 60ms", false, "50.0 ms"},

		{"search.rate < 9.9/s", true, "9.8/s"}, // failures are not counted
		{"search.rate < 9.8", false, "9.8/s"},
		{"all.rate == 9.9", true, "9.9/s"},
		{"search.errors > 1%", true, "2.00 %"},
		{"search.errors > 2 %", false, "2.00 %"},
		{"search.errors >= 0.02", true, "2.00 %"},
		{"book.errors > 0", false, "0.00 %"}, // a refusal is not a failure
		{"search.count != 100", false, "100"},
		{"all.count == 101", true, "101"},

		{"search.status.503 > 0", true, "1"},
		{"search.status.5xx > 0", true, "1"},
		{"search.status.none > 0", true, "1"},
		{"all.status.4xx > 0", true, "1"},
		{"search.status.4xx > 0", false, "0"},
		{"search.status.504 > 0", false, "0"},
		{"all.unknown > 0", true, "1"},
		{"all.late > 0", false, "0"},
		{"all.dropped > 3", true, "4"},

		// Nothing was measured of these.
		{"list.p99 > 1s", true, "nothing was measured"},
		{"list.count > 1", true, "nothing was measured"},
		{"serach.status.5xx > 0", true, "nothing was measured"},
	} {
		t.Run(tt.expression, func(t *testing.T) {
			t.Parallel()
			s := report.Summarize(aSmallResult(), aRun(), parse(t, tt.expression))
			v := s.Thresholds[0]
			if v.Crossed != tt.crossed || !strings.HasPrefix(v.Text(), tt.text) || v.Expression != tt.expression {
				t.Errorf("%s: crossed is %v with %q, want %v with %q", v.Expression, v.Crossed, v.Text(), tt.crossed, tt.text)
			}
			if got := s.Crossed() == 1; got != tt.crossed {
				t.Errorf("Crossed() counts %d", s.Crossed())
			}
		})
	}
}

func TestThresholdsThatAreNone(t *testing.T) {
	t.Parallel()
	for expression, want := range map[string]string{
		"":                        "compares nothing",
		"search.p99":              "compares nothing",
		"p99 > 5ms":               `"p99" is not an operation`,
		".p99 > 5ms":              "is not an operation",
		"a b.p99 > 5ms":           "is not an operation",
		"search. > 5ms":           `no metric ""`,
		"search.p98 > 5ms":        `no metric "p98"`,
		"search.status > 5":       `no metric "status"`,
		"search.status.600 > 5":   "no metric",
		"search.status.5x > 5":    "no metric",
		"search.status.x503y > 5": "no metric",
		"search.late > 0":         "all.late",
		"search.unknown > 0":      "all.unknown",
		"search.dropped > 0":      "all.dropped",
		"search.p99 => 5ms":       `"=>" is no operator`,
		"search.p99 = 5ms":        `"=" is no operator`,
		"search.p99 ! 5ms":        "no operator",
		"search.p99 >":            "limit is missing",
		"search.p99 > 5":          "duration with its unit",
		"search.p99 > -5ms":       "duration with its unit",
		"search.p99 > 5%":         "duration with its unit",
		"search.p99 > 5ms 6":      "duration with its unit",
		"search.rate < 5ms":       "want a rate",
		"search.rate < -1":        "want a rate",
		"search.rate < NaN":       "want a rate",
		"search.rate < Inf":       "want a rate",
		"search.errors > 2":       "want a share",
		"search.errors > 101%":    "want a share",
		"search.errors > NaN%":    "want a share",
		"search.count > 1.5":      "whole number",
		"search.count > -1":       "whole number",
		"search.count > 1s":       "whole number",
	} {
		_, err := report.ParseThreshold(expression)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), expression) {
			t.Errorf("ParseThreshold(%q) = %v, want an error that says %q", expression, err, want)
		}
	}
}

// What the grammar offers as examples is taken.
func TestGrammarNamesAllMetrics(t *testing.T) {
	t.Parallel()
	for _, metric := range []string{"p50", "p90", "p95", "p99", "p999", "max", "mean", "rate", "errors", "count", "status.503", "status.4xx", "status.none",
		"unknown", "late", "dropped"} {
		limit := "1"
		if strings.ContainsAny(metric[:2], "0123456789x") || metric == "mean" || metric == "max" {
			limit = "1ms"
		}
		parse(t, "all."+metric+" > "+limit)
		grammar := report.Grammar
		if !strings.Contains(grammar, metric) {
			t.Errorf("the grammar does not tell of %s", metric)
		}
	}
}
