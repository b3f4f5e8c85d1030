package monitoring_test

import (
	"reflect"
	"strings"
	"testing"

	"deploy/monitoring"
)

func TestMentions(t *testing.T) {
	t.Parallel()
	const expr = `sum by (job, le) (rate(a_total{x="1", y!~"b|{c}"}[5m])) # by (z)
		/ on (job) group_left (v) (b:c:rate5m > 0.5e3) unless d offset 5m or max_over_time(max(e)[7d:1h]) and time() > 1`
	got := monitoring.Mentions(expr)
	want := monitoring.Mention{
		Selectors: []monitoring.Selector{
			{Metric: "a_total", Matchers: []monitoring.Matcher{{"x", "=", "1"}, {"y", "!~", "b|{c}"}}},
			{Metric: "b:c:rate5m"}, {Metric: "d"}, {Metric: "e"},
		},
		Grouping: []string{"job", "le", "job", "v"},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Mentions(%s)\n got %+v\nwant %+v", expr, got, want)
	}
}

// TestNames: what nobody exposes is found, by name, label and value.
func TestNames(t *testing.T) {
	t.Parallel()
	exposed := monitoring.Exposed{}
	text := "# TYPE a_total counter\na_total{x=\"1\"} 5\n# TYPE h histogram\nh_bucket{le=\"0.5\"} 1\nh_bucket{le=\"+Inf\"} 1\nh_sum 1\nh_count 1\n"
	if err := exposed.Add("api", strings.NewReader(text)); err != nil {
		t.Fatal(err)
	}
	for expr, want := range map[string]string{
		`rate(a_total{x="1", job="api"}[5m])`: "",
		`sum by (job) (a_total)`:              "",
		`h_bucket{le="0.5"} + h_count`:        "",
		`a_total{x!~"7|8"}`:                   "",
		`b_total`:                             "nobody exposes b_total",
		`a_total{x="2"}`:                      `no a_total has x "2"`,
		`a_total{x=~"1|3"}`:                   `no a_total has x "3"`,
		`a_total{z!="1"}`:                     `no a_total has z "1"`,
		`sum by (z) (a_total)`:                "no series has the label z",
		`h_bucket{le="0.25"}`:                 `no h_bucket has le "0.25"`,
	} {
		f := &monitoring.Files{Rules: []monitoring.Rule{{Alert: "A", Expr: expr}}}
		findings := monitoring.CheckNames(f, exposed)
		if want == "" && len(findings) > 0 || want != "" && (len(findings) != 1 || !has(findings, want)) {
			t.Errorf("%s: findings %q, want %q", expr, findings, want)
		}
	}
}
