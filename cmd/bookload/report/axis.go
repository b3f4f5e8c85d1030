package report

import (
	"math"
	"strconv"
)

// An axis places values between two ends of a plot. Its fields are for the page.
type axis struct {
	from, to   float64 // of the values; of their logarithms where logarithmic
	start, end float64 // of the plot, in its units
	position   func(value float64) float64
	Ticks      []tick
}

// A tick is a labelled place on an axis.
type tick struct {
	At    float64
	Label string
}

// at returns the place of a value, within the ends of the axis.
func (a *axis) at(value float64) float64 {
	part := (a.position(value) - a.from) / (a.to - a.from)
	return a.start + max(0, min(1, part))*(a.end-a.start)
}

func (a *axis) tick(value float64, label string) {
	a.Ticks = append(a.Ticks, tick{At: a.at(value), Label: label})
}

// linearAxis is for values from 0 to at least most.
func linearAxis(most, start, end float64) *axis {
	step := niceStep(most / 5)
	steps := max(1, math.Ceil(most/step))
	a := &axis{to: steps * step, start: start, end: end, position: func(v float64) float64 { return v }}
	for i := range int(steps) + 1 {
		value := float64(i) * step
		label := formatCount(int64(value))
		if step < 1 {
			label = strconv.FormatFloat(value, 'f', 1, 64)
		}
		a.tick(value, label)
	}
	return a
}

// niceStep returns the smallest of 1, 2 and 5 times a power of ten that is not below x, and at least a tenth.
func niceStep(x float64) float64 {
	if x <= 0.1 {
		return 0.1
	}
	power := math.Pow10(int(math.Floor(math.Log10(x))))
	for _, factor := range []float64{1, 2, 5} {
		if x <= factor*power {
			return factor * power
		}
	}
	return 10 * power
}

// timeAxis is for the seconds of a run.
func timeAxis(seconds, start, end float64) *axis {
	seconds = max(1, seconds)
	a := &axis{to: seconds, start: start, end: end, position: func(v float64) float64 { return v }}
	step := 1.0
	for _, step = range []float64{1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400} {
		if seconds/step <= 8 {
			break
		}
	}
	for at := 0.0; at <= seconds; at += step {
		a.tick(at, formatSeconds(at))
	}
	return a
}

// latencyAxis is logarithmic, for microseconds from least to most.
func latencyAxis(least, most int64, start, end float64) *axis {
	low := math.Floor(math.Log10(float64(max(1, least))))
	high := max(low+1, math.Ceil(math.Log10(float64(max(1, most)))))
	a := &axis{from: low, to: high, start: start, end: end, position: math.Log10}
	factors := []int64{1}
	if high-low <= 2 {
		factors = []int64{1, 2, 5}
	}
	for power := low; power <= high; power++ {
		for _, factor := range factors {
			if value := factor * int64(math.Pow10(int(power))); power < high || factor == 1 {
				a.tick(float64(value), tickMicroseconds(value))
			}
		}
	}
	return a
}

// tickMicroseconds writes a round duration.
func tickMicroseconds(us int64) string {
	switch {
	case us < 1000:
		return strconv.FormatInt(us, 10) + " µs"
	case us < 1_000_000:
		return strconv.FormatInt(us/1000, 10) + " ms"
	default:
		return formatCount(us/1_000_000) + " s"
	}
}

// percentileAxis gives each further nine the same room, up to most, which is below 100.
func percentileAxis(most, start, end float64) *axis {
	nines := func(percentile float64) float64 { return -math.Log10(max(1e-12, 1-percentile/100)) }
	a := &axis{to: max(1, nines(most)), start: start, end: end, position: nines}
	for _, t := range []struct {
		percentile float64
		label      string
	}{{0, "0 %"}, {90, "90"}, {99, "99"}, {99.9, "99.9"}, {99.99, "99.99"}, {99.999, "99.999"}, {99.9999, "99.9999"}} {
		if nines(t.percentile) <= a.to+1e-9 {
			a.tick(t.percentile, t.label)
		}
	}
	return a
}
