package monitoring_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"deploy/monitoring"
)

const files = "../../../k3s/monitoring"

func read(t *testing.T, dir string) *monitoring.Files {
	t.Helper()
	f, err := monitoring.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// all runs the checks that need nothing but the files and the programs.
func all(t *testing.T, f *monitoring.Files) []string {
	t.Helper()
	findings := append(monitoring.CheckConfigs(t.Context(), f), monitoring.CheckRules(t.Context(), f)...)
	findings = append(findings, monitoring.CheckExpressions(t.Context(), f, t.TempDir())...)
	return append(findings, static(f)...)
}

// static runs those that need the files alone.
func static(f *monitoring.Files) []string {
	findings := monitoring.CheckAlerts(f)
	findings = append(findings, monitoring.CheckRunbookLinks(f)...)
	return append(findings, monitoring.CheckDashboard(f)...)
}

func TestFiles(t *testing.T) {
	t.Parallel()
	f := read(t, files)
	if len(f.Rules) < 40 || len(f.Tests) < 80 || len(f.Dashboard.Panels) < 40 || len(f.Scrapes) < 6 {
		t.Errorf("read %d rules, %d tests, %d panels and %d scrapes: some were not found",
			len(f.Rules), len(f.Tests), len(f.Dashboard.Panels), len(f.Scrapes))
	}
	for _, finding := range all(t, f) {
		t.Error(finding)
	}
}

// A damage is a replacement in a file, which a check has to see.
type damage struct {
	file, old, new string
	// want is part of a finding.
	want string
}

// damaged returns a copy of the files with the damage.
func damaged(t *testing.T, d damage) *monitoring.Files {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(files)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, d.file)
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), d.old) {
		t.Fatalf("%s has no %q to be damaged", d.file, d.old)
	}
	text = []byte(strings.Replace(string(text), d.old, d.new, 1))
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return read(t, dir)
}

func has(findings []string, want string) bool {
	return strings.Contains(strings.Join(findings, "\n"), want)
}

func TestDamageIsFound(t *testing.T) {
	t.Parallel()
	const service, dashboard, runbook = "rules/service.yml", "grafana/dashboards/booking.json", "RUNBOOK.md"
	for name, d := range map[string]damage{
		"alert without a test":      {service, "alert: Panics", "alert: Panic", "Panic: 0 tests see it fire"},
		"test without an alert":     {service, "alert: Panics", "alert: Panic", "Panics: there is a test and no alert"},
		"alert without a section":   {runbook, "## Panics", "## Panic", "Panics: the runbook has no section"},
		"section without an alert":  {runbook, "## Panics", "## Panic", "Panic: the runbook has a section and there is no alert"},
		"section without a part":    {runbook, "**Afterwards** keep the stack.", "", "ProcessRestarts: its section in the runbook lacks **Afterwards**"},
		"section of other severity": {runbook, "**page.** For three", "**ticket.** For three", "APINotReady: its section in the runbook lacks **page.**"},
		"two alerts of a name":      {service, "alert: NginxDown", "alert: APINotReady", "APINotReady: there are two"},
		"unknown severity":          {service, "severity: page", "severity: urgent", `severity is "urgent"`},
		"no summary":                {service, "summary: No proxy answers", "summary: ''", "NginxDown: it has no summary"},
		"wrong runbook":             {service, "RUNBOOK.md#nginxdown", "RUNBOOK.md#nginx", "NginxDown: runbook_url"},
		"dead link":                 {runbook, "](#databasedown)", "](#database)", "links to #database"},
		"panel twice":               {dashboard, `"id": 3`, `"id": 2`, "the id 2 is missing or that of another"},
		"other datasource":          {dashboard, `"uid": "prometheus"}`, `"uid": "P1"}`, "the datasource is not that"},
		"panel too wide":            {dashboard, `"w": 24`, `"w": 25`, "does not fit"},
		"panel over another":        {dashboard, `"x": 3, "y": 1`, `"x": 1, "y": 1`, "lies over Database"},
		"query without a letter":    {dashboard, `"refId": "A"`, `"refId": ""`, "is missing or there twice"},
		"empty query":               {dashboard, `"expr": "max(database_up)"`, `"expr": ""`, "the query A is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if findings := static(damaged(t, d)); !has(findings, d.want) {
				t.Errorf("findings: %q, want %q", findings, d.want)
			}
		})
	}
}

// TestDamageIsFoundByTools: what the programs are there to find.
func TestDamageIsFoundByTools(t *testing.T) {
	t.Parallel()
	const prometheus, alertmanager = "prometheus.yml", "alertmanager.yml"
	for name, d := range map[string]damage{
		"rule that is not PromQL":   {"rules/service.yml", "max(database_up) == 0", "max(database_up == 0", "could not parse expression"},
		"unknown setting":           {prometheus, "scrape_timeout:", "scrape_time:", "field scrape_time not found"},
		"scrape slower than it may": {prometheus, "scrape_timeout: 10s", "scrape_timeout: 20s", "greater than scrape interval"},
		"no such receiver":          {alertmanager, "receiver: webhook", "receiver: pager", `undefined receiver "pager"`},
		"unknown setting of alerts": {alertmanager, "url_file:", "url_path:", "field url_path not found"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if findings := monitoring.CheckConfigs(t.Context(), damaged(t, d)); !has(findings, d.want) {
				t.Errorf("findings: %q, want %q", findings, d.want)
			}
		})
	}
}

// TestDamageIsFoundByRuleTests: a rule that says something else fails its tests.
func TestDamageIsFoundByRuleTests(t *testing.T) {
	t.Parallel()
	for alert, d := range map[string]damage{
		"ErrorBudgetBurnsFast": {"slo.yml", "and job:http_errors:increase1h >= 10", "", ""},
		"InventoryDrift":       {"service.yml", "max(inventory_drift) != 0", "max(inventory_drift) < 0", ""},
		"DatabaseDown":         {"service.yml", "max(database_up) == 0", "min(database_up) == 0", ""},
		"APINotReady":          {"service.yml", " or vector(0)) == 0", ") == 0", ""},
		"Panics":               {"service.yml", "increase(http_panics_total[15m])", "http_panics_total", ""},
		"BackupMissing":        {"cluster.yml", "absent(backup_finished_timestamp_seconds)", "backup_finished_timestamp_seconds", ""},
	} {
		t.Run(alert, func(t *testing.T) {
			t.Parallel()
			name := d.file
			d.file = "rules/" + name
			if findings := monitoring.CheckRules(t.Context(), damaged(t, d), name); !has(findings, "alertname: "+alert) {
				t.Errorf("findings: %q, want those of a test of the alert", findings)
			}
		})
	}
}

func TestExpressionThatIsNotValid(t *testing.T) {
	t.Parallel()
	f := damaged(t, damage{"grafana/dashboards/booking.json", "max(inventory_drift)", "max(inventory_drift", ""})
	if findings := monitoring.CheckExpressions(t.Context(), f, t.TempDir()); !has(findings, "panel Inventory drift") {
		t.Errorf("findings: %q, want the panel's", findings)
	}
}
