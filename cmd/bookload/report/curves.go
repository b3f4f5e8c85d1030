package report

import (
	"fmt"
	"strings"
)

// curveCharts draws one small plot for each operation, all with the same axes and each with the curves of the others
// behind its own.
func (s *Summary) curveCharts() []chart {
	const width, height = 320, 190
	box := frame{Left: 52, Right: width - 10, Top: 8, Bottom: height - 24}
	least, most, percentile := int64(0), int64(0), 0.0
	for _, o := range s.measured() {
		if least == 0 || o.Curve[0].Microseconds < least {
			least = o.Curve[0].Microseconds
		}
		last := o.Curve[len(o.Curve)-1]
		most, percentile = max(most, last.Microseconds), max(percentile, last.Percentile)
	}
	x, y := percentileAxis(percentile, box.Left, box.Right), latencyAxis(least, most, box.Bottom, box.Top)
	var others []line
	for _, o := range s.measured() {
		others = append(others, line{"others", o.curvePath(x, y)})
	}
	var charts []chart
	for i, o := range s.measured() {
		c := chart{
			Title: o.Name, Width: width, Height: height, Frame: box, X: x, Y: y,
			Note:  fmt.Sprintf("p50 %s · p99 %s", formatMicroseconds(o.Latency.P50Microseconds), formatMicroseconds(o.Latency.P99Microseconds)),
			Label: "Latency of " + o.Name + " by percentile",
			Hits:  o.curveHits(x),
		}
		c.Lines = append(append(c.Lines, others...), line{"own", others[i].Path})
		charts = append(charts, c)
	}
	return charts
}

// measured are the operations that have a curve.
func (s *Summary) measured() []Operation {
	var list []Operation
	for _, o := range s.Operations {
		if len(o.Curve) > 0 {
			list = append(list, o)
		}
	}
	return list
}

func (o Operation) curvePath(x, y *axis) string {
	places := make([]place, len(o.Curve))
	for i, p := range o.Curve {
		places[i] = place{x.at(p.Percentile), y.at(float64(p.Microseconds)), true}
	}
	return path(places)
}

func (o Operation) curveHits(x *axis) []hit {
	var hits []hit
	for i, p := range o.Curve {
		left, right := x.at(p.Percentile), x.end
		if i+1 < len(o.Curve) {
			right = x.at(o.Curve[i+1].Percentile)
		}
		text := fmt.Sprintf("%.6g %% within %s", p.Percentile, formatMicroseconds(p.Microseconds))
		hits = append(hits, hit{At: left, Width: right - left, Text: text})
	}
	return hits
}

// A statusBar is how the answers to an operation are divided among the classes of statuses.
type statusBar struct {
	Name  string
	Y     float64
	Total string
	Parts []statusPart
}

type statusPart struct {
	Class    string
	X, Width float64
	Text     string
}

type statusChart struct {
	Width, Height, Row float64
	Bars               []statusBar
	Legend             []key
}

func (s *Summary) statusChart() statusChart {
	const row, left, right = 26, 150, 90
	c := statusChart{Width: wideWidth, Row: row, Height: float64(len(s.Operations) * row)}
	seen := make(map[string]bool)
	for i, o := range s.Operations {
		parts := o.statusParts(left, wideWidth-left-right)
		for _, p := range parts {
			seen[p.Class] = true
		}
		c.Bars = append(c.Bars, statusBar{Name: o.Name, Y: float64(i * row), Total: formatCount(o.Count), Parts: parts})
	}
	for _, class := range statusClasses() {
		if seen[class.Class] {
			c.Legend = append(c.Legend, class)
		}
	}
	return c
}

// statusParts divides width among the classes that occur.
func (o Operation) statusParts(left, width float64) []statusPart {
	const least = 2 // What is rare can still be seen.
	var parts []statusPart
	for _, class := range statusClasses() {
		n := o.countClass(class.Class)
		if n == 0 {
			continue
		}
		part := float64(n) / float64(o.Count)
		text := fmt.Sprintf("%s, %s: %s (%s)", o.Name, class.Text, formatCount(n), formatShare(part))
		parts = append(parts, statusPart{Class: class.Class, Width: part, Text: text})
	}
	free := width - least*float64(len(parts))
	for i := range parts {
		parts[i].X, parts[i].Width = left, least+free*parts[i].Width
		left += parts[i].Width
	}
	return parts
}

// statusClasses are all classes of statuses, in the order in which they are shown.
func statusClasses() []key {
	return []key{
		{"status-2xx", "2xx"}, {"status-3xx", "3xx"}, {"status-4xx", "4xx: refused"}, {"status-5xx", "5xx: failed"},
		{"status-none", "no answer"}, {"status-other", "other"},
	}
}

func (f Figures) countClass(class string) int64 {
	status := strings.TrimPrefix(class, "status-")
	if status != "other" {
		return f.countStatus(status)
	}
	rest := f.Count
	for _, known := range []string{"2xx", "3xx", "4xx", "5xx", noAnswer} {
		rest -= f.countStatus(known)
	}
	return rest
}
