package report

import (
	"fmt"
	"strings"
)

// A chart is a plot with two axes, laid out for the page. Lengths are in units of its view box.
type chart struct {
	Title, Note, Label string // Label is for those who cannot see it
	Width, Height      float64
	Frame              frame
	X, Y               *axis
	Lines              []line
	Marks              []mark
	Hits               []hit
	Legend             []key
}

// A frame is where the plot is within its chart.
type frame struct{ Left, Right, Top, Bottom float64 }

// A line has a class of the page's style, which is what it is called in the legend, too.
type line struct{ Class, Path string }

// A mark is a vertical line at a place that is worth a word.
type mark struct {
	At   float64
	Text string
}

// A hit is a part of the plot that tells its figures when it is pointed at.
type hit struct {
	At, Width float64
	Text      string
}

type key struct{ Class, Text string }

// A place is a point of a line; without Known the line is interrupted.
type place struct {
	X, Y  float64
	Known bool
}

func path(places []place) string {
	var b strings.Builder
	drawing := false
	for _, p := range places {
		if !p.Known {
			drawing = false
			continue
		}
		if !drawing {
			fmt.Fprintf(&b, "M%.1f %.1f", p.X, p.Y)
		}
		// A line to where it begins shows a point that has no neighbours.
		fmt.Fprintf(&b, "L%.1f %.1f", p.X, p.Y)
		drawing = true
	}
	return b.String()
}

const wideWidth = 1000

func wideChart(title, note string) chart {
	const height = 260
	return chart{
		Title: title, Note: note, Width: wideWidth, Height: height,
		Frame: frame{Left: 64, Right: wideWidth - 12, Top: 12, Bottom: height - 28},
	}
}

// maxGroups bounds how many points a plot over time has.
const maxGroups = 500

// A group are consecutive seconds of a run.
type group struct {
	first, seconds    int
	answers, failures float64 // a second
	failed            int64   // in all
	p50, p99          int64   // of the worst second, in microseconds
}

// groups joins the seconds of a run so that there are not more groups than a plot has room for.
func (s *Summary) groups() []group {
	size := max(1, (len(s.Seconds)+maxGroups-1)/maxGroups)
	var list []group
	for first := 0; first < len(s.Seconds); first += size {
		g := group{first: first, seconds: min(size, len(s.Seconds)-first)}
		var answers int64
		for _, second := range s.Seconds[first : first+g.seconds] {
			answers += second.AnswerCount
			g.failed += second.FailureCount
			g.p50, g.p99 = max(g.p50, second.P50Microseconds), max(g.p99, second.P99Microseconds)
		}
		g.answers, g.failures = float64(answers)/float64(g.seconds), float64(g.failed)/float64(g.seconds)
		list = append(list, g)
	}
	return list
}

func (g group) middle() float64 { return float64(g.first) + float64(g.seconds)/2 }

func (g group) String() string {
	when := formatSeconds(float64(g.first))
	if g.seconds > 1 {
		when += " to " + formatSeconds(float64(g.first+g.seconds))
	}
	return fmt.Sprintf("%s: %s answers/s, %s failed, p50 %s, p99 %s", when, formatRate(g.answers), formatCount(g.failed),
		formatMicroseconds(g.p50), formatMicroseconds(g.p99))
}

// overTime gives a chart the axis of time, the end of the ramp-up and the groups to point at.
func (s *Summary) overTime(c *chart, groups []group) {
	seconds := float64(len(s.Seconds))
	c.X = timeAxis(seconds, c.Frame.Left, c.Frame.Right)
	if ramp := s.Parameters.RampUpSeconds; ramp > 0 && ramp < seconds {
		c.Marks = append(c.Marks, mark{At: c.X.at(ramp), Text: "ramp-up ends"})
	}
	for _, g := range groups {
		left, right := c.X.at(float64(g.first)), c.X.at(float64(g.first+g.seconds))
		c.Hits = append(c.Hits, hit{At: left, Width: right - left, Text: g.String()})
	}
}

func (s *Summary) throughputChart() chart {
	c := wideChart("Throughput", "Answers a second, and failures among them or instead of them.")
	groups := s.groups()
	most := 0.0
	for _, g := range groups {
		most = max(most, g.answers, g.failures)
	}
	s.overTime(&c, groups)
	c.Y = linearAxis(most, c.Frame.Bottom, c.Frame.Top)
	answers, failures := make([]place, 0, len(groups)), make([]place, 0, len(groups))
	for _, g := range groups {
		x := c.X.at(g.middle())
		answers = append(answers, place{x, c.Y.at(g.answers), true})
		failures = append(failures, place{x, c.Y.at(g.failures), true})
	}
	c.Lines = []line{{"answers", path(answers)}, {"failures", path(failures)}}
	c.Legend = []key{{"answers", "answers"}, {"failures", "failures"}}
	c.Label = fmt.Sprintf("Throughput over time, at most %s answers a second", formatRate(most))
	return c
}

func (s *Summary) latencyChart() chart {
	c := wideChart("Latency over time", "Of the answers of each second, counted from when a request was due. The scale is logarithmic.")
	groups := s.groups()
	least, most := s.All.Latency.MaxMicroseconds, int64(0)
	for _, g := range groups {
		if g.p99 > 0 {
			least, most = min(least, g.p50), max(most, g.p99)
		}
	}
	if len(groups) > 0 && groups[0].seconds > 1 {
		c.Note += fmt.Sprintf(" Each point is the worst of %d seconds.", groups[0].seconds)
	}
	s.overTime(&c, groups)
	c.Y = latencyAxis(least, most, c.Frame.Bottom, c.Frame.Top)
	p50, p99 := make([]place, 0, len(groups)), make([]place, 0, len(groups))
	for _, g := range groups {
		x := c.X.at(g.middle())
		p50 = append(p50, place{x, c.Y.at(float64(g.p50)), g.p99 > 0})
		p99 = append(p99, place{x, c.Y.at(float64(g.p99)), g.p99 > 0})
	}
	c.Lines = []line{{"p50", path(p50)}, {"p99", path(p99)}}
	c.Legend = []key{{"p50", "p50"}, {"p99", "p99"}}
	c.Label = fmt.Sprintf("Latency over time, a p99 of at most %s", formatMicroseconds(most))
	return c
}
