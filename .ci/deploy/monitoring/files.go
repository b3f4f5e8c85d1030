package monitoring

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Files are those of k3s/monitoring, as far as the checks look at them.
type Files struct {
	Dir       string
	Rules     []Rule
	Tests     []RuleTest
	Dashboard Dashboard
	Scrapes   []Scrape
	// Runbook is the text, in sections by their headings.
	Runbook map[string]string
}

// A Rule is a recording rule or an alert.
type Rule struct {
	Record, Alert, Expr string
	Labels              map[string]string
	Annotations         map[string]string
}

// A RuleTest is one expectation of a test: whether an alert fires at a time.
type RuleTest struct {
	Alert string `json:"alertname"`
	Fires []any  `json:"exp_alerts"`
}

// A Scrape says where the processes of a job are found.
type Scrape struct {
	Job      string `json:"job_name"`
	DNSNames []struct {
		Names []string
		Port  int
	} `json:"dns_sd_configs"`
}

// Dashboard is what Grafana shows.
type Dashboard struct {
	UID         string
	Title       string
	Annotations struct{ List []Query }
	Panels      []Panel
}

// A Panel is a picture of queries, or the heading of those below it.
type Panel struct {
	ID         int
	Type       string
	Title      string
	Datasource Datasource
	GridPos    struct{ X, Y, W, H int }
	Targets    []Query
}

// A Datasource is where a panel gets its data from.
type Datasource struct{ Type, UID string }

// A Query is one expression of a panel, or of annotations.
type Query struct {
	RefID, Name, Expr string
	Datasource        *Datasource
}

// Read reads the files of a directory such as k3s/monitoring.
func Read(dir string) (*Files, error) {
	f := &Files{Dir: dir}
	for _, read := range []func() error{f.readRules, f.readTests, f.readDashboard, f.readScrapes, f.readRunbook} {
		if err := read(); err != nil {
			return nil, fmt.Errorf("read %s: %w", dir, err)
		}
	}
	return f, nil
}

func (f *Files) readRules() error {
	return each(filepath.Join(f.Dir, "rules"), func(text []byte) error {
		var file struct{ Groups []struct{ Rules []Rule } }
		if err := yaml.Unmarshal(text, &file); err != nil {
			return err
		}
		for _, group := range file.Groups {
			f.Rules = append(f.Rules, group.Rules...)
		}
		return nil
	})
}

func (f *Files) readTests() error {
	return each(filepath.Join(f.Dir, "tests"), func(text []byte) error {
		var file struct {
			Tests []struct {
				Expectations []RuleTest `json:"alert_rule_test"`
			}
		}
		if err := yaml.Unmarshal(text, &file); err != nil {
			return err
		}
		for _, test := range file.Tests {
			f.Tests = append(f.Tests, test.Expectations...)
		}
		return nil
	})
}

// each calls read with every file of a directory, of which there must be some.
func each(dir string, read func([]byte) error) error {
	paths, err := filepath.Glob(filepath.Join(dir, "*.yml"))
	if err != nil {
		return err
	}
	if len(paths) == 0 {
		return fmt.Errorf("%s: no files", dir)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path) //nolint:gosec // It is one of the files to be checked.
		if err != nil {
			return err
		}
		if err := read(text); err != nil {
			return fmt.Errorf("%s: %w", filepath.Base(path), err)
		}
	}
	return nil
}

func (f *Files) readDashboard() error {
	text, err := os.ReadFile(filepath.Join(f.Dir, "grafana/dashboards/booking.json"))
	if err != nil {
		return err
	}
	return json.Unmarshal(text, &f.Dashboard)
}

func (f *Files) readScrapes() error {
	text, err := os.ReadFile(filepath.Join(f.Dir, "prometheus.yml"))
	if err != nil {
		return err
	}
	var config struct {
		Scrapes []Scrape `json:"scrape_configs"`
	}
	err = yaml.Unmarshal(text, &config)
	f.Scrapes = config.Scrapes
	return err
}

// readRunbook keeps the sections of alerts, whose headings are of the second level and one word.
func (f *Files) readRunbook() error {
	text, err := os.ReadFile(filepath.Join(f.Dir, "RUNBOOK.md"))
	if err != nil {
		return err
	}
	f.Runbook = make(map[string]string)
	for _, section := range strings.Split("\n"+string(text), "\n## ")[1:] {
		heading, body, _ := strings.Cut(section, "\n")
		if !strings.Contains(heading, " ") {
			body, _, _ = strings.Cut(body, "\n# ")
			f.Runbook[heading] = body
		}
	}
	return nil
}

// alerts are the rules that are alerts.
func (f *Files) alerts() []Rule {
	return slices.DeleteFunc(slices.Clone(f.Rules), func(r Rule) bool { return r.Alert == "" })
}
