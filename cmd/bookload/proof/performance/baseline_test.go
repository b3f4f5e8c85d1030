package performance_test

import (
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// baseline has the figures that do not depend on the machine so much, as benchmarks print them. Go's benchstat reads it.
//
//go:embed testdata/baseline.txt
var baseline string

// stored returns the figure of a benchmark in the baseline.
func stored(benchmark, unit string) (value float64, ok bool) {
	for text := range strings.Lines(baseline) {
		fields := strings.Fields(text)
		if len(fields) < 2 || fields[0] != benchmark {
			continue
		}
		// The name and the number of rounds are followed by values and their units.
		for pair := range slices.Chunk(fields[2:], 2) {
			if len(pair) == 2 && pair[1] == unit {
				value, err := strconv.ParseFloat(pair[0], 64)
				return value, err == nil
			}
		}
	}
	return 0, false
}

// figures are those of some rounds, by their units.
type figures map[string][]float64

func (f figures) add(unit string, value float64) { f[unit] = append(f[unit], value) }

// report gives the median of each, in place of the time of a round, which is as long as it is told to be, and tells what
// the baseline has.
func (f figures) report(b *testing.B) {
	b.Helper()
	b.ReportMetric(0, "ns/op")
	var comparison strings.Builder
	for _, unit := range slices.Sorted(maps.Keys(f)) {
		now := median(f[unit])
		b.ReportMetric(now, unit)
		if before, ok := stored(b.Name(), unit); ok {
			fmt.Fprintf(&comparison, "\n%s: %.3g, baseline %.3g, rounds %.3g", unit, now, before, f[unit])
		}
	}
	if comparison.Len() > 0 {
		b.Log(comparison.String())
	}
}

// median returns the middle of some figures.
func median(of []float64) float64 {
	sorted := slices.Sorted(slices.Values(of))
	return sorted[len(sorted)/2]
}

func TestStored(t *testing.T) {
	t.Parallel()
	for benchmark, unit := range map[string]string{
		"BenchmarkSearch/shared": "of-pgbench", "BenchmarkBook/apart": "of-pgbench", "BenchmarkRefusal": "refused-of-made",
		"BenchmarkMemory": "MiB-idle", "BenchmarkSearchSize": "p99-of-few", "BenchmarkTail": "p99-of-p50",
	} {
		if value, ok := stored(benchmark, unit); !ok || value <= 0 {
			t.Errorf("%s of %s in the baseline: got %v %t, want a figure", unit, benchmark, value, ok)
		}
	}
	if _, ok := stored("BenchmarkSearch", "of-pgbench"); ok {
		t.Error("a benchmark that is not there has a figure")
	}
}
