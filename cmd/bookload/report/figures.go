package report

import (
	"math"
	"time"

	"github.com/HdrHistogram/hdrhistogram-go"

	"github.com/shumbooking/shumbooking/cmd/bookload/load"
)

// Figures are what was measured of one kind of request, or of all.
type Figures struct {
	Count         int64   `json:"count"`
	RatePerSecond float64 `json:"rate_per_second"`
	// FailureCount are requests without an answer and answers with a 5xx.
	FailureCount  int64            `json:"failure_count"`
	FailureShare  float64          `json:"failure_share"`
	SentBytes     int64            `json:"sent_bytes"`
	ReceivedBytes int64            `json:"received_bytes"`
	Statuses      map[string]int64 `json:"statuses"`
	Codes         map[string]int64 `json:"codes"`
	Latency       Latency          `json:"latency"`
	Service       Latency          `json:"service"`
	Curve         []Point          `json:"curve"`
}

// A Latency is a distribution of durations. Everything is 0 where Count is.
type Latency struct {
	Count            int64 `json:"count"`
	MinMicroseconds  int64 `json:"min_microseconds"`
	MeanMicroseconds int64 `json:"mean_microseconds"`
	P50Microseconds  int64 `json:"p50_microseconds"`
	P90Microseconds  int64 `json:"p90_microseconds"`
	P95Microseconds  int64 `json:"p95_microseconds"`
	P99Microseconds  int64 `json:"p99_microseconds"`
	P999Microseconds int64 `json:"p999_microseconds"`
	MaxMicroseconds  int64 `json:"max_microseconds"`
}

// A Point says that Percentile of a hundred answers took Microseconds or less.
type Point struct {
	Percentile   float64 `json:"percentile"`
	Microseconds int64   `json:"microseconds"`
}

func figuresOf(o load.Operation, elapsed time.Duration) Figures {
	f := Figures{
		SentBytes: o.Sent, ReceivedBytes: o.Received, Statuses: make(map[string]int64), Codes: make(map[string]int64),
		Latency: latencyOf(o.Latency), Service: latencyOf(o.Service), Curve: curveOf(o.Latency),
	}
	for status, n := range o.Statuses {
		f.Count += n
		f.Statuses[statusName(status)] += n
		if status == 0 || status >= 500 {
			f.FailureCount += n
		}
	}
	for code, n := range o.Codes {
		f.Codes[code] += n
	}
	if f.Count > 0 {
		f.FailureShare = float64(f.FailureCount) / float64(f.Count)
	}
	if elapsed > 0 {
		f.RatePerSecond = float64(f.Count-f.FailureCount) / elapsed.Seconds()
	}
	return f
}

func latencyOf(h *hdrhistogram.Histogram) Latency {
	if h == nil || h.TotalCount() == 0 {
		return Latency{}
	}
	at := h.ValueAtPercentilesSlice([]float64{50, 90, 95, 99, 99.9})
	return Latency{
		Count: h.TotalCount(), MinMicroseconds: h.Min(), MeanMicroseconds: int64(math.Round(h.Mean())),
		P50Microseconds: at[0], P90Microseconds: at[1], P95Microseconds: at[2], P99Microseconds: at[3], P999Microseconds: at[4],
		MaxMicroseconds: h.Max(),
	}
}

// curveSteps are the points of a curve from one nine of the percentile to the next.
const curveSteps = 10

// curveOf returns points whose distance from 100 % falls by the same factor from one to the next. It ends where each
// further point would be the largest value again.
func curveOf(h *hdrhistogram.Histogram) []Point {
	points := []Point{}
	if h == nil || h.TotalCount() == 0 {
		return points
	}
	nines := math.Log10(float64(h.TotalCount()))
	var percentiles []float64
	for i := 0; float64(i)/curveSteps < nines; i++ {
		percentiles = append(percentiles, roundTo(100-100*math.Pow(10, -float64(i)/curveSteps), 8))
	}
	percentiles = append(percentiles, roundTo(100-100*math.Pow(10, -nines), 8))
	for i, value := range h.ValueAtPercentilesSlice(percentiles) {
		points = append(points, Point{Percentile: percentiles[i], Microseconds: value})
	}
	return points
}

func roundTo(x float64, digits int) float64 {
	scale := math.Pow10(digits)
	return math.Round(x*scale) / scale
}

// merge returns the sum of histograms, any of which may be nil.
func merge(histograms []*hdrhistogram.Histogram) *hdrhistogram.Histogram {
	lowest, highest, digits := int64(math.MaxInt64), int64(2), int64(1)
	for _, h := range histograms {
		if h != nil {
			lowest = min(lowest, h.LowestTrackableValue())
			highest = max(highest, h.HighestTrackableValue())
			digits = max(digits, h.SignificantFigures())
		}
	}
	sum := hdrhistogram.New(max(1, min(lowest, highest/2)), highest, int(digits))
	for _, h := range histograms {
		if h != nil {
			sum.Merge(h) // Nothing is out of its range.
		}
	}
	return sum
}
