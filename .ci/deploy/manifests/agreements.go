package manifests

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// Commands tells which containers run commands that the program does not have, as a user or with a path it may not.
func Commands(s *Set, p *Program) []string {
	var findings []string
	for _, w := range s.Workloads() {
		for c := range w.Containers() {
			if !isProgram(c) {
				continue
			}
			if len(c.Command) > 0 || len(c.Args) == 0 || !p.Commands[c.Args[0]] {
				findings = append(findings, fmt.Sprintf("%s, %s: booking has no command %q %q", w, c.Name, c.Command, c.Args))
			}
			if port, serves := p.Ports[role(c)]; serves && (len(c.Ports) != 1 || c.Ports[0].ContainerPort != port) {
				findings = append(findings, fmt.Sprintf("%s, %s: booking %s listens on %d", w, c.Name, c.Args[0], port))
			}
		}
	}
	return findings
}

// ProbePaths tells which probes ask for what is not served there.
func ProbePaths(s *Set, p *Program, proxy *Proxy) []string {
	known := map[string]func(string) bool{
		"nginx": func(path string) bool { return proxy.Paths[path] },
		// The documents of these say so.
		"prom/prometheus":   func(path string) bool { return path == "/-/healthy" || path == "/-/ready" },
		"prom/alertmanager": func(path string) bool { return path == "/-/healthy" || path == "/-/ready" },
		"grafana/grafana":   func(path string) bool { return path == "/api/health" },
		programImage:        func(path string) bool { return p.Paths[path] },
	}
	var findings []string
	for _, w := range s.Workloads() {
		for c := range w.Containers() {
			for name, probe := range map[string]*corev1.Probe{
				"startup": c.StartupProbe, "liveness": c.LivenessProbe, "readiness": c.ReadinessProbe,
			} {
				if probe == nil || probe.HTTPGet == nil {
					continue
				}
				at := fmt.Sprintf("%s, %s: the %s probe", w, c.Name, name)
				if _, ok := openPort([]corev1.Container{c}, probe.HTTPGet.Port); !ok {
					findings = append(findings, fmt.Sprintf("%s asks the port %s, which is not open", at, probe.HTTPGet.Port.String()))
				}
				if serves := known[imageName(c.Image)]; serves == nil || !serves(probe.HTTPGet.Path) {
					findings = append(findings, fmt.Sprintf("%s asks for %s, which is not served", at, probe.HTTPGet.Path))
				}
				// What waits for a database must not be killed for it, nor be sent requests.
				if want := map[string]string{"liveness": "/live", "readiness": "/ready"}[name]; isProgram(c) && want != "" && probe.HTTPGet.Path != want {
					findings = append(findings, fmt.Sprintf("%s asks for %s, want %s", at, probe.HTTPGet.Path, want))
				}
			}
		}
	}
	return findings
}

// A Proxy is what the files of nginx say.
type Proxy struct {
	// Paths are those that it answers itself.
	Paths map[string]bool
	// Settings are the variables that its scripts and templates name.
	Settings map[string]bool
}

// ReadProxy reads the files of a directory.
func ReadProxy(dir string) (*Proxy, error) {
	p := &Proxy{Paths: make(map[string]bool), Settings: make(map[string]bool)}
	return p, filepath.WalkDir(dir, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path) //nolint:gosec // the test names it
		if err != nil {
			return err
		}
		for _, found := range regexp.MustCompile(`location = (/\S+)`).FindAllStringSubmatch(string(text), -1) {
			p.Paths[found[1]] = true
		}
		for _, name := range regexp.MustCompile(`\b[A-Z][A-Z0-9]*(_[A-Z0-9]+)*\b`).FindAllString(string(text), -1) {
			p.Settings[name] = true
		}
		return nil
	})
}

// connections of those beside the API and the workers: a migration, a backup, and somebody with psql.
const otherConnections = 12

// DatabaseConnections tells where PostgreSQL takes fewer connections than come in the middle of an update, when all
// pods are there twice: the old ones finish their requests while the new ones take some.
func DatabaseConnections(s *Set, p *Program) []string {
	need := otherConnections
	for _, w := range s.Workloads() {
		_, most := s.Replicas(w)
		for _, c := range w.Template.Spec.Containers {
			if isProgram(c) && w.Serves() {
				cores := int(c.Resources.Limits.Cpu().Value())
				need += 2 * int(most) * (p.Connections[role(c)] + cores*p.ConnectionsPerCore[role(c)])
			}
		}
	}
	var findings []string
	for where, limits := range s.databaseLimits() {
		most, err := strconv.Atoi(limits["max_connections"])
		reserved, reservedErr := strconv.Atoi(limits["superuser_reserved_connections"])
		if err != nil || reservedErr != nil || most-reserved < need {
			findings = append(findings, fmt.Sprintf("%s: max_connections is %q with %q reserved, want %d for others",
				where, limits["max_connections"], limits["superuser_reserved_connections"], need))
		}
	}
	if len(s.databaseLimits()) != 1 {
		findings = append(findings, "there is not one PostgreSQL")
	}
	return findings
}

// databaseLimits returns the settings of PostgreSQL, by where they stand.
func (s *Set) databaseLimits() map[string]map[string]string {
	found := make(map[string]map[string]string)
	for _, c := range all[*corev1.ConfigMap](s) {
		text, ok := c.Data["postgresql.conf"]
		if !ok || !slices.ContainsFunc(s.Workloads(), func(w Workload) bool { return w.Name == "postgres" }) {
			continue
		}
		found[nameOf(c)] = make(map[string]string)
		for line := range strings.Lines(text) {
			line, _, _ = strings.Cut(line, "#")
			if name, value, ok := strings.Cut(line, "="); ok {
				found[nameOf(c)][strings.TrimSpace(name)] = strings.Trim(strings.TrimSpace(value), "'")
			}
		}
	}
	for _, c := range all[*Cluster](s) {
		found[nameOf(c)] = c.Spec.PostgreSQL.Parameters
	}
	return found
}
