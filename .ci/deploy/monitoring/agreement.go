package monitoring

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// runbookURL is where whoever is woken finds what to do.
const runbookURL = "https://github.com/shumbooking/shumbooking/blob/main/k3s/monitoring/RUNBOOK.md#"

// CheckAlerts finds alerts that nobody can act on or that nothing tests, and sections and tests of alerts that are gone.
func CheckAlerts(f *Files) []string {
	var findings []string
	report := func(format string, args ...any) { findings = append(findings, fmt.Sprintf(format, args...)) }
	known := map[string]bool{}
	for _, alert := range f.alerts() {
		if known[alert.Alert] {
			report("%s: there are two alerts of this name", alert.Alert)
		}
		known[alert.Alert] = true
		for _, problem := range problemsOf(alert) {
			report("%s: %s", alert.Alert, problem)
		}
		for _, problem := range sectionProblems(alert, f.Runbook[alert.Alert]) {
			report("%s: %s", alert.Alert, problem)
		}
		fires, quiet := 0, 0
		for _, test := range f.Tests {
			switch {
			case test.Alert != alert.Alert:
			case len(test.Fires) > 0:
				fires++
			default:
				quiet++
			}
		}
		if fires == 0 || quiet == 0 {
			report("%s: %d tests see it fire and %d see it quiet, want some of both", alert.Alert, fires, quiet)
		}
	}
	for _, test := range f.Tests {
		if !known[test.Alert] {
			report("%s: there is a test and no alert", test.Alert)
		}
	}
	for _, heading := range slices.Sorted(maps.Keys(f.Runbook)) {
		if !known[heading] {
			report("%s: the runbook has a section and there is no alert", heading)
		}
	}
	return findings
}

func problemsOf(alert Rule) []string {
	var problems []string
	if severity := alert.Labels["severity"]; severity != "page" && severity != "ticket" {
		problems = append(problems, fmt.Sprintf("severity is %q, want page or ticket", severity))
	}
	for _, name := range []string{"summary", "description"} {
		if alert.Annotations[name] == "" {
			problems = append(problems, "it has no "+name)
		}
	}
	if got, want := alert.Annotations["runbook_url"], runbookURL+strings.ToLower(alert.Alert); got != want {
		problems = append(problems, fmt.Sprintf("runbook_url is %q, want %q", got, want))
	}
	return problems
}

func sectionProblems(alert Rule, section string) []string {
	if section == "" {
		return []string{"the runbook has no section"}
	}
	var problems []string
	for _, part := range []string{"**" + alert.Labels["severity"] + ".**", "**A guest notices**", "**Look**", "**Afterwards**"} {
		if !strings.Contains(section, part) {
			problems = append(problems, "its section in the runbook lacks "+part)
		}
	}
	if !strings.Contains(section, "**Do**") && !strings.Contains(section, "**do**") {
		problems = append(problems, "its section in the runbook lacks **Do**")
	}
	return problems
}

// CheckRunbookLinks finds links of the runbook into itself that lead nowhere.
func CheckRunbookLinks(f *Files) []string {
	anchors := map[string]bool{}
	for heading := range f.Runbook {
		anchors[strings.ToLower(heading)] = true
	}
	var findings []string
	for _, heading := range slices.Sorted(maps.Keys(f.Runbook)) {
		for _, link := range strings.Split(f.Runbook[heading], "](#")[1:] {
			anchor, _, _ := strings.Cut(link, ")")
			if !anchors[anchor] {
				findings = append(findings, fmt.Sprintf("%s: links to #%s, which is not there", heading, anchor))
			}
		}
	}
	return findings
}

// RunbookSQL returns what the runbook has an operator tell PostgreSQL, by alert.
func RunbookSQL(f *Files) map[string][]string {
	found := map[string][]string{}
	for heading, section := range f.Runbook {
		for _, block := range strings.Split(section, "```sql\n")[1:] {
			text, _, _ := strings.Cut(block, "```")
			found[heading] = append(found[heading], text)
		}
	}
	return found
}
