package monitoring

import (
	"fmt"
	"io"
	"maps"
	"regexp"
	"slices"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// Exposed are the metrics that there are, each with the labels of its series.
type Exposed map[string][]map[string]string

// Add reads what a process of a job exposes, in the text format.
func (e Exposed) Add(job string, text io.Reader) error {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(text)
	if err != nil {
		return fmt.Errorf("metrics of %s: %w", job, err)
	}
	for name, family := range families {
		for _, m := range family.GetMetric() {
			labels := map[string]string{"job": job, "instance": job}
			for _, pair := range m.GetLabel() {
				labels[pair.GetName()] = pair.GetValue()
			}
			e.add(name, family.GetType(), m, labels)
		}
	}
	return nil
}

func (e Exposed) add(name string, kind dto.MetricType, m *dto.Metric, labels map[string]string) {
	with := func(label, value string) map[string]string {
		more := maps.Clone(labels)
		more[label] = value
		return more
	}
	switch kind {
	case dto.MetricType_HISTOGRAM:
		for _, bucket := range m.GetHistogram().GetBucket() {
			e[name+"_bucket"] = append(e[name+"_bucket"], with("le", fmt.Sprint(bucket.GetUpperBound())))
		}
	case dto.MetricType_SUMMARY:
		for _, quantile := range m.GetSummary().GetQuantile() {
			e[name] = append(e[name], with("quantile", fmt.Sprint(quantile.GetQuantile())))
		}
	default:
		e[name] = append(e[name], labels)
		return
	}
	e[name+"_count"] = append(e[name+"_count"], labels)
	e[name+"_sum"] = append(e[name+"_sum"], labels)
}

// AddRules adds what Prometheus makes itself: whether targets are up, which alerts there are, and what rules record.
func (e Exposed) AddRules(f *Files) {
	for _, scrape := range f.Scrapes {
		e["up"] = append(e["up"], map[string]string{"job": scrape.Job, "instance": scrape.Job})
	}
	for _, rule := range f.Rules {
		if rule.Record != "" {
			e[rule.Record] = append(e[rule.Record], map[string]string{"job": "api"})
			continue
		}
		for _, state := range []string{"pending", "firing"} {
			labels := map[string]string{"alertname": rule.Alert, "alertstate": state, "severity": rule.Labels["severity"]}
			e["ALERTS"] = append(e["ALERTS"], labels)
		}
	}
}

// CheckNames finds metrics, labels and values of labels that nobody exposes: a rule that names one never fires.
func CheckNames(f *Files, e Exposed) []string {
	var findings []string
	for _, expr := range f.Expressions() {
		mentioned := Mentions(expr.Text)
		labels := map[string]bool{}
		for _, s := range mentioned.Selectors {
			series, ok := e[s.Metric]
			if !ok {
				findings = append(findings, fmt.Sprintf("%s: nobody exposes %s", expr.Where, s.Metric))
			}
			for _, of := range series {
				for label := range of {
					labels[label] = true
				}
			}
			for _, m := range s.Matchers {
				for _, value := range unmatched(m, series) {
					findings = append(findings, fmt.Sprintf("%s: no %s has %s %s", expr.Where, s.Metric, m.Label, value))
				}
			}
		}
		for _, label := range mentioned.Grouping {
			if !labels[label] {
				findings = append(findings, fmt.Sprintf("%s: no series has the label %s", expr.Where, label))
			}
		}
	}
	slices.Sort(findings)
	return slices.Compact(findings)
}

// unmatched returns the values that a matcher asks for and no series has. What is excluded may not be there; its label
// must.
func unmatched(m Matcher, series []map[string]string) []string {
	var missing []string
	values := []string{m.Value}
	if strings.HasSuffix(m.Operator, "~") {
		values = strings.Split(m.Value, "|")
	}
	for _, value := range values {
		pattern := regexp.MustCompile("^(?:" + value + ")$")
		if !slices.ContainsFunc(series, func(labels map[string]string) bool {
			got, ok := labels[m.Label]
			switch m.Operator {
			case "=":
				return got == value
			case "=~":
				return pattern.MatchString(got)
			default:
				return ok
			}
		}) {
			missing = append(missing, fmt.Sprintf("%q", value))
		}
	}
	return missing
}
