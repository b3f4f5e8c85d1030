package monitoring

import (
	"fmt"
	"strings"
)

const (
	datasourceUID  = "prometheus"
	dashboardWidth = 24
)

// CheckDashboard finds panels that Grafana would show empty, or one over the other.
func CheckDashboard(f *Files) []string {
	var findings []string
	if f.Dashboard.UID == "" || f.Dashboard.Title == "" {
		findings = append(findings, "the dashboard has no uid or no title")
	}
	ids := map[int]bool{}
	for i, panel := range f.Dashboard.Panels {
		if panel.ID == 0 || ids[panel.ID] {
			findings = append(findings, fmt.Sprintf("%s: the id %d is missing or that of another panel", panel.Title, panel.ID))
		}
		ids[panel.ID] = true
		findings = append(findings, placeProblems(panel, f.Dashboard.Panels[:i])...)
		if panel.Type != "row" {
			findings = append(findings, targetProblems(panel)...)
		}
	}
	for _, annotation := range f.Dashboard.Annotations.List {
		if annotation.Datasource == nil || annotation.Datasource.UID != datasourceUID {
			findings = append(findings, fmt.Sprintf("annotations %s: the datasource is not that which is provisioned", annotation.Name))
		}
	}
	return findings
}

func placeProblems(panel Panel, others []Panel) []string {
	var problems []string
	if at := panel.GridPos; at.W < 1 || at.H < 1 || at.X < 0 || at.X+at.W > dashboardWidth {
		problems = append(problems, panel.Title+": does not fit into the grid")
	}
	for _, other := range others {
		if overlap(panel, other) {
			problems = append(problems, fmt.Sprintf("%s: lies over %s", panel.Title, other.Title))
		}
	}
	return problems
}

func overlap(a, b Panel) bool {
	p, q := a.GridPos, b.GridPos
	return p.X < q.X+q.W && q.X < p.X+p.W && p.Y < q.Y+q.H && q.Y < p.Y+p.H
}

func targetProblems(panel Panel) []string {
	var problems []string
	if panel.Datasource != (Datasource{"prometheus", datasourceUID}) {
		problems = append(problems, fmt.Sprintf("%s: the datasource is %+v, want that which is provisioned", panel.Title, panel.Datasource))
	}
	if len(panel.Targets) == 0 {
		problems = append(problems, panel.Title+": has no query")
	}
	refs := map[string]bool{}
	for _, target := range panel.Targets {
		if target.RefID == "" || refs[target.RefID] {
			problems = append(problems, fmt.Sprintf("%s: the refId %q is missing or there twice", panel.Title, target.RefID))
		}
		refs[target.RefID] = true
		if target.Expr == "" {
			problems = append(problems, fmt.Sprintf("%s: the query %s is empty", panel.Title, target.RefID))
		}
	}
	return problems
}

// An Expression is one of PromQL, and where it stands.
type Expression struct{ Where, Text string }

// Expressions are all of the rules and of the dashboard, with what Grafana puts in for its variables.
func (f *Files) Expressions() []Expression {
	var all []Expression
	for _, rule := range f.Rules {
		all = append(all, Expression{"rule " + rule.Record + rule.Alert, rule.Expr})
	}
	add := func(where, expr string) {
		all = append(all, Expression{where, strings.ReplaceAll(expr, "$__rate_interval", "1m")})
	}
	for _, annotation := range f.Dashboard.Annotations.List {
		add("annotations "+annotation.Name, annotation.Expr)
	}
	for _, panel := range f.Dashboard.Panels {
		for _, target := range panel.Targets {
			add("panel "+panel.Title, target.Expr)
		}
	}
	return all
}
