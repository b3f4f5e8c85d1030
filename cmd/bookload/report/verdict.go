package report

import (
	"fmt"
	"strconv"
	"strings"
)

// A Verdict is what became of a threshold.
type Verdict struct {
	Expression string `json:"expression"`
	Crossed    bool   `json:"crossed"`
	// Measured is what stands against the limit, in Unit; nil where nothing was measured, which crosses any threshold.
	Measured *float64 `json:"measured"`
	Unit     string   `json:"unit"`
}

// Judge compares the threshold with what was measured.
func (t Threshold) Judge(s *Summary) Verdict {
	v := Verdict{Expression: t.expression, Crossed: true, Unit: string(t.unit)}
	measured, found := t.measure(s)
	if found {
		v.Measured, v.Crossed = &measured, t.holds(measured)
	}
	return v
}

// Text returns what was measured, for people.
func (v Verdict) Text() string {
	if v.Measured == nil {
		return "nothing was measured"
	}
	switch unit(v.Unit) {
	case microseconds:
		return formatMicroseconds(int64(*v.Measured))
	case perSecond:
		return formatRate(*v.Measured) + "/s"
	case share:
		return formatShare(*v.Measured)
	default:
		return formatCount(int64(*v.Measured))
	}
}

func (t Threshold) measure(s *Summary) (value float64, found bool) {
	switch t.Metric {
	case "unknown":
		return float64(s.UnknownCount), true
	case "late":
		return float64(s.LateCount), true
	case "dropped":
		return float64(s.DroppedCount), true
	}
	f, found := s.scope(t.Scope)
	if !found || f.Count == 0 {
		return 0, false
	}
	switch t.Metric {
	case "rate":
		return f.RatePerSecond, true
	case "errors":
		return f.FailureShare, true
	case "count":
		return float64(f.Count), true
	}
	if status, isStatus := strings.CutPrefix(t.Metric, "status."); isStatus {
		return float64(f.countStatus(status)), true
	}
	return f.Latency.metric(t.Metric)
}

func (s *Summary) scope(name string) (Figures, bool) {
	if name == All {
		return s.All, true
	}
	for _, o := range s.Operations {
		if o.Name == name {
			return o.Figures, true
		}
	}
	return Figures{}, false
}

// countStatus returns how many answers had a status ("503"), one of a class ("5xx"), or how many requests had none.
func (f Figures) countStatus(status string) int64 {
	class, isClass := strings.CutSuffix(status, "xx")
	if !isClass {
		return f.Statuses[status]
	}
	var sum int64
	for name, n := range f.Statuses {
		if code, err := strconv.Atoi(name); err == nil && strconv.Itoa(code/100) == class {
			sum += n
		}
	}
	return sum
}

func (l Latency) metric(name string) (value float64, found bool) {
	us := map[string]int64{
		"p50": l.P50Microseconds, "p90": l.P90Microseconds, "p95": l.P95Microseconds, "p99": l.P99Microseconds,
		"p999": l.P999Microseconds, "max": l.MaxMicroseconds, "mean": l.MeanMicroseconds,
	}
	return float64(us[name]), l.Count > 0
}

func (t Threshold) holds(measured float64) bool {
	switch t.operator {
	case "<":
		return measured < t.limit
	case "<=":
		return measured <= t.limit
	case ">":
		return measured > t.limit
	case ">=":
		return measured >= t.limit
	case "==":
		return measured == t.limit
	case "!=":
		return measured != t.limit
	default:
		panic(fmt.Sprintf("report: operator %q", t.operator))
	}
}
