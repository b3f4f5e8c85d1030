package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strconv"
)

//go:embed page.html
var pageSource string

// WritePage writes the summary as one HTML file that needs nothing else and runs no script.
func (s *Summary) WritePage(w io.Writer) error {
	t, err := template.New("page").Funcs(template.FuncMap{
		"px":    func(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) },
		"minus": func(a, b float64) float64 { return a - b },
		"plus":  func(a, b float64) float64 { return a + b },
	}).Parse(pageSource)
	if err == nil {
		err = t.Execute(w, s.page())
	}
	if err != nil {
		return fmt.Errorf("write page: %w", err)
	}
	return nil
}

type page struct {
	Title, BaseURLs string
	Parameters      []parameter
	Tiles           []tile
	Notes           []string
	Thresholds      []pageThreshold
	OverTime        []chart
	Curves          []chart
	Statuses        statusChart
	Latencies       pageTable
	Answers         pageTable
}

// A tile is a figure that stands out.
type tile struct{ Name, Value, Class string }

type pageThreshold struct{ Expression, Measured, Verdict, Class string }

type pageTable struct {
	Head []string
	Rows [][]string
}

func (s *Summary) page() page {
	p := page{
		Title: "Load test: " + s.Profile, Parameters: s.parameterList(), Tiles: s.tiles(), Notes: s.remarks(),
		Curves: s.curveCharts(), Statuses: s.statusChart(),
		Latencies: tableOf(s.latencyRows()), Answers: tableOf(s.answerRows()),
	}
	for i, base := range s.Parameters.BaseURLs {
		if i > 0 {
			p.BaseURLs += ", "
		}
		p.BaseURLs += base
	}
	if len(s.Seconds) > 0 {
		p.OverTime = []chart{s.throughputChart(), s.latencyChart()}
	}
	for _, v := range s.Thresholds {
		class := "good"
		if v.Crossed {
			class = "bad"
		}
		p.Thresholds = append(p.Thresholds, pageThreshold{v.Expression, v.Text(), v.word(), class})
	}
	return p
}

func (s *Summary) tiles() []tile {
	l := s.All.Latency
	failures := tile{"failures", formatShare(s.All.FailureShare), ""}
	if s.All.FailureCount > 0 {
		failures.Class = "bad"
	}
	return []tile{
		{"answers a second", formatRate(s.All.RatePerSecond), ""},
		{"p50", l.format(l.P50Microseconds), ""},
		{"p99", l.format(l.P99Microseconds), ""},
		{"p99.9", l.format(l.P999Microseconds), ""},
		{"requests", formatCount(s.All.Count), ""},
		failures,
	}
}

func tableOf(rows [][]string) pageTable { return pageTable{Head: rows[0], Rows: rows[1:]} }
